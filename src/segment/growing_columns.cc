#include "segment/growing_columns.h"

#include <algorithm>
#include <vector>

namespace vecdb::segment {
namespace {

// Values of several chunks, put together. The bytes of strings stay where they are.
struct Copy {
  std::shared_ptr<const GrowingSegment> segment;
  std::vector<std::byte> values;
};

}  // namespace

absl::StatusOr<schema::ColumnBlock> GrowingColumns::Read(size_t column, uint32_t block,
                                                         const Context&) const {
  const uint32_t first_row = block * schema::kBlockRows;
  schema::ColumnBlock values{.type = segment_->column_type(column),
                             .num_rows = std::min(num_rows_ - first_row, schema::kBlockRows)};
  const std::byte* data = segment_->FindRun(column, first_row, values.num_rows);
  if (data != nullptr) {
    values.owner = segment_;
  } else {
    auto copy = std::make_shared<Copy>();
    copy->segment = segment_;
    copy->values.resize(segment_->value_width(column) * values.num_rows);
    segment_->CopyValues(column, first_row, values.num_rows, copy->values.data());
    data = copy->values.data();
    values.owner = std::move(copy);
  }
  if (IsStringType(values.type)) {
    values.views = reinterpret_cast<const std::string_view*>(data);
  } else {
    values.numbers = data;
  }
  return values;
}

}  // namespace vecdb::segment
