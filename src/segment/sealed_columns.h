#ifndef VECDB_SEGMENT_SEALED_COLUMNS_H_
#define VECDB_SEGMENT_SEALED_COLUMNS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "filter/column_source.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"

namespace vecdb::segment {

/// The columns of a sealed segment for one evaluation of a filter. Thread-safe.
class SealedColumns final : public filter::ColumnSource {
 public:
  /// Reads statistics and indexes of `columns`, the ones that the filter looks at. The errors of
  /// the store.
  static absl::StatusOr<std::unique_ptr<SealedColumns>> Open(
      std::shared_ptr<const SealedSegment> segment, std::span<const size_t> columns,
      const Context& context);

  uint32_t num_rows() const override { return segment_->num_rows(); }
  const schema::ColumnStats* SegmentStats(size_t column) const override;
  const schema::ColumnStats* BlockStats(size_t column, uint32_t block) const override;
  absl::StatusOr<schema::ColumnBlock> Read(size_t column, uint32_t block,
                                           const Context& context) const override;
  bool MayContain(size_t column, std::string_view text) const override;
  std::optional<filter::ShreddedPath> FindPath(
      size_t column, std::span<const filter::PathStep> steps) const override;
  const filter::ScalarIndex* Index(size_t column) const override;

 private:
  // A column of the schema, or a hidden one.
  struct Source {
    int32_t field_id = 0;
    DataType type = DataType::kNone;
    std::shared_ptr<const format::ColumnSummary> summary{};
    std::shared_ptr<const filter::ScalarIndex> index{};
  };
  struct Path {
    size_t column = 0;  // of the Json field
    std::vector<std::string> keys{};
    filter::ShreddedPath columns{};
  };

  explicit SealedColumns(std::shared_ptr<const SealedSegment> segment);
  absl::Status OpenColumn(size_t column, const Context& context);
  absl::Status OpenPaths(size_t column, const Context& context);
  absl::StatusOr<size_t> AddHidden(int32_t field_id, DataType type, const Context& context);

  const std::shared_ptr<const SealedSegment> segment_;
  std::vector<Source> sources_;  // by number of the column
  std::vector<Path> paths_;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SEALED_COLUMNS_H_
