#ifndef VECDB_TESTS_QUERY_QUERY_TESTING_H_
#define VECDB_TESTS_QUERY_QUERY_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "query/segment_view.h"
#include "segment/segment_writer.h"
#include "support/column_damage.h"
#include "support/status_testing.h"
#include "support/test_database.h"

namespace vecdb::query {

/// Makes segments of TaggedSchema without any engine.
class QueryFixture : public ::testing::Test {
 protected:
  SegmentView Growing(const std::vector<int64_t>& ids, uint64_t timestamp) {
    return GrowingAt({{ids, timestamp}});
  }

  /// Rows of several batches, each with its timestamp.
  SegmentView GrowingAt(const std::vector<std::pair<std::vector<int64_t>, uint64_t>>& batches) {
    auto growing = std::make_shared<segment::GrowingSegment>(schema_, Host{});
    for (const auto& [ids, timestamp] : batches) {
      const RowBatch rows = support::TaggedRows(*schema_, ids, absl::StrFormat("at %d", timestamp));
      std::vector<uint32_t> all(ids.size());
      std::iota(all.begin(), all.end(), 0u);
      EXPECT_OK(growing->Reserve(rows, all));
      growing->Append(rows, all, {}, timestamp);
    }
    return {.growing = std::move(growing)};
  }

  /// The same rows on the store, not loaded; the column of `damaged_field` cannot be read.
  SegmentView Sealed(const SegmentView& view, std::optional<int32_t> damaged_field = {}) {
    const ObjectPath folder = *ObjectPath::Parse(absl::StrFormat("s/%d", ++folders_));
    const auto info =
        segment::WriteRows(*view.growing, view.growing->num_rows(), *store_, folder, {}, {});
    EXPECT_OK(info);
    if (damaged_field.has_value()) {
      const ObjectPath columns = *segment::SegmentObjectPath(*info, segment::ColumnFileName());
      support::DamageColumn(*store_, columns.str(), *damaged_field);
    }
    auto sealed = segment::SealedSegment::Open(store_, *info, {}, view.growing->deletes(), {});
    EXPECT_OK(sealed);
    return {.sealed = *std::move(sealed)};
  }

  SegmentView Loaded(SegmentView sealed) {
    auto resident = sealed.sealed->LoadResident(std::vector<size_t>{2}, {});
    EXPECT_OK(resident);
    sealed.resident = *std::move(resident);
    return sealed;
  }

  int32_t FieldIdOf(size_t column) const { return segment::FieldIdOf(*schema_, column); }

  const std::shared_ptr<const Schema> schema_ =
      std::make_shared<const Schema>(support::TaggedSchema());
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  int folders_ = 0;
};

}  // namespace vecdb::query

#endif  // VECDB_TESTS_QUERY_QUERY_TESTING_H_
