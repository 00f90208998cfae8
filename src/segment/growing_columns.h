#ifndef VECDB_SEGMENT_GROWING_COLUMNS_H_
#define VECDB_SEGMENT_GROWING_COLUMNS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "filter/column_source.h"
#include "segment/growing_segment.h"
#include "vecdb/context.h"

namespace vecdb::segment {

/// The first rows of a growing segment for the evaluation of a filter: nothing is known of their
/// values beforehand. Thread-safe.
class GrowingColumns final : public filter::ColumnSource {
 public:
  /// `num_rows` of the rows that are published.
  GrowingColumns(std::shared_ptr<const GrowingSegment> segment, uint32_t num_rows)
      : segment_(std::move(segment)), num_rows_(num_rows) {}

  uint32_t num_rows() const override { return num_rows_; }
  const schema::ColumnStats* SegmentStats(size_t) const override { return nullptr; }
  const schema::ColumnStats* BlockStats(size_t, uint32_t) const override { return nullptr; }
  absl::StatusOr<schema::ColumnBlock> Read(size_t column, uint32_t block,
                                           const Context& context) const override;
  bool MayContain(size_t, std::string_view) const override { return true; }
  std::optional<filter::ShreddedPath> FindPath(size_t,
                                               std::span<const filter::PathStep>) const override {
    return std::nullopt;
  }
  const filter::ScalarIndex* Index(size_t) const override { return nullptr; }

 private:
  const std::shared_ptr<const GrowingSegment> segment_;
  const uint32_t num_rows_;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_GROWING_COLUMNS_H_
