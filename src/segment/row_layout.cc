#include "segment/row_layout.h"

#include <algorithm>
#include <string_view>

namespace vecdb::segment {
namespace {

constexpr uint64_t kMaxChunkBytes = 256 << 10;
constexpr uint64_t kMinChunkRows = 16;
constexpr uint64_t kMaxChunkRows = 4096;
constexpr uint64_t kAlignment = 64;

uint64_t WidthOf(DataType type, int32_t dim) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
      return 1;
    case DataType::kInt16:
      return 2;
    case DataType::kInt32:
    case DataType::kFloat:
      return 4;
    case DataType::kInt64:
    case DataType::kDouble:
      return 8;
    case DataType::kFloatVector:
      return static_cast<uint64_t>(dim) * sizeof(float);
    default:
      return sizeof(std::string_view);
  }
}

}  // namespace

RowLayout::RowLayout(const Schema& schema) {
  for (const FieldSpec& field : schema.fields) {
    columns_.push_back(
        {.type = field.type, .dim = field.dim, .width = WidthOf(field.type, field.dim)});
  }
  if (schema.enable_dynamic_field) {
    columns_.push_back({.type = DataType::kJson, .width = WidthOf(DataType::kJson, 0)});
  }
  row_bytes_ = sizeof(uint64_t);  // the timestamp
  for (const Column& column : columns_) {
    row_bytes_ += column.width + (column.type == DataType::kFloatVector ? sizeof(float) : 0);
  }
  const uint64_t padding = kAlignment * (2 * columns_.size() + 1);
  const uint64_t fitting = (kMaxChunkBytes - std::min(padding, kMaxChunkBytes)) / row_bytes_;
  chunk_rows_ = static_cast<uint32_t>(
      std::clamp(fitting / kMinChunkRows * kMinChunkRows, kMinChunkRows, kMaxChunkRows));
  const auto place = [this](uint64_t width) {
    const uint64_t offset = chunk_bytes_;
    chunk_bytes_ += (width * chunk_rows_ + kAlignment - 1) / kAlignment * kAlignment;
    return offset;
  };
  time_offset_ = place(sizeof(uint64_t));
  for (Column& column : columns_) {
    column.offset = place(column.width);
    if (column.type == DataType::kFloatVector) column.norm_offset = place(sizeof(float));
  }
}

}  // namespace vecdb::segment
