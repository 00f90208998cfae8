#include "segment/growing_segment.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "simd/row_norm.h"

namespace vecdb::segment {
namespace {

constexpr uint64_t kStringBlockBytes = 64 << 10;
// Chunks come in blocks of up to a huge page: its one fault is cheaper than 512 small ones.
constexpr uint64_t kBlockBytes = 2 << 20;
constexpr uint32_t kKeysAtOnce = 32;
constexpr std::string_view kEmptyObject = "{}";

template <typename T>
void CopyNumbers(std::span<const T> from, std::span<const uint32_t> rows, size_t begin,
                 size_t count, std::byte* to) {
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * sizeof(T), &from[rows[begin + i]], sizeof(T));
  }
}

}  // namespace

GrowingSegment::GrowingSegment(std::shared_ptr<const Schema> schema, const Host& host)
    : schema_(std::move(schema)),
      host_(host),
      layout_(*schema_),
      key_column_(schema_->primary_key_index()),
      keys_(host),
      deletes_(std::make_shared<base::DeleteTimes>()) {}

const std::byte* GrowingSegment::Values(size_t column, uint32_t row) const {
  const Chunk* chunk = chunks_.Get(row / layout_.chunk_rows());
  return chunk->data + layout_.offset(column) +
         layout_.width(column) * (row % layout_.chunk_rows());
}

std::byte* GrowingSegment::MutableValues(size_t column, uint32_t row) {
  return const_cast<std::byte*>(Values(column, row));
}

const Column* GrowingSegment::InputColumn(const RowBatch& batch, size_t column) const {
  return column < schema_->fields.size() ? batch.column(schema_->fields[column].name)
                                         : batch.column(kDynamicFieldName);
}

uint64_t GrowingSegment::StringBytes(const RowBatch& batch, std::span<const uint32_t> rows) const {
  uint64_t bytes = 0;
  for (size_t i = 0; i < layout_.num_columns(); ++i) {
    if (!IsStringType(layout_.type(i))) continue;
    const Column* values = InputColumn(batch, i);
    if (values == nullptr || values->empty()) continue;
    for (uint32_t row : rows) bytes += values->string(row).size();
  }
  return bytes;
}

absl::Status GrowingSegment::ReserveStrings(uint64_t bytes) {
  if (bytes == 0) return absl::OkStatus();
  if (!strings_.empty() && strings_.back().size() - strings_used_ >= bytes) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(
      auto block, base::LargeBuffer::Make(std::max(bytes, kStringBlockBytes), host_,
                                          "strings of growing rows", MemoryUse::kGrowingRows));
  const uint64_t block_bytes = block.size();
  strings_.push_back(std::move(block));
  string_bytes_.fetch_add(block_bytes, std::memory_order_relaxed);
  strings_used_ = 0;
  return absl::OkStatus();
}

// As many chunks as there are, so that a short segment takes little, until they fill a block.
absl::Status GrowingSegment::AddBlock() {
  const uint64_t fitting = std::max<uint64_t>(kBlockBytes / layout_.chunk_bytes(), 1);
  const uint64_t count = std::clamp<uint64_t>(num_chunks_, 1, fitting);
  const uint64_t bytes = count * layout_.chunk_bytes();
  VECDB_ASSIGN_OR_RETURN(
      auto block, base::LargeBuffer::Make(count == fitting ? std::max(bytes, kBlockBytes) : bytes,
                                          host_, "growing rows", MemoryUse::kGrowingRows));
  std::byte* const first = block.data();
  const uint64_t block_bytes = block.size();
  blocks_.push_back(std::move(block));  // before a chunk leads to it
  block_bytes_.fetch_add(block_bytes, std::memory_order_relaxed);
  for (uint64_t i = 0; i < count && num_chunks_ < base::PagedPointers<Chunk>::kCapacity; ++i) {
    std::byte* const data = first + i * layout_.chunk_bytes();
    chunks_.Set(num_chunks_, std::make_unique<Chunk>(Chunk{.data = data}));
    ++num_chunks_;
  }
  return absl::OkStatus();
}

absl::Status GrowingSegment::Reserve(const RowBatch& batch, std::span<const uint32_t> rows) {
  const uint32_t filled = num_rows_.load(std::memory_order_relaxed);
  if (rows.size() > kMaxRows - filled) {
    return absl::ResourceExhaustedError(
        base::StrFormat("a growing segment of %d rows cannot take %d more; at most %d", filled,
                        rows.size(), kMaxRows));
  }
  const uint32_t needed = filled + static_cast<uint32_t>(rows.size());
  const uint32_t needed_chunks = (needed + layout_.chunk_rows() - 1) / layout_.chunk_rows();
  if (needed_chunks > base::PagedPointers<Chunk>::kCapacity) {
    return absl::ResourceExhaustedError(
        "a growing segment has no room for further chunks; flush it");
  }
  while (num_chunks_ < needed_chunks) VECDB_RETURN_IF_ERROR(AddBlock());
  VECDB_RETURN_IF_ERROR(ReserveStrings(StringBytes(batch, rows)));
  return keys_.Reserve(needed, filled);
}

std::string_view GrowingSegment::KeepString(std::string_view text) {
  if (text.empty()) return {};
  char* to = reinterpret_cast<char*>(strings_.back().data() + strings_used_);
  std::memcpy(to, text.data(), text.size());
  strings_used_ += text.size();
  return {to, text.size()};
}

void GrowingSegment::AppendColumn(size_t column, const Column& values,
                                  std::span<const uint32_t> rows, uint32_t first_row) {
  const uint32_t chunk_rows = layout_.chunk_rows();
  const auto dim = static_cast<size_t>(layout_.dim(column));
  for (size_t begin = 0; begin < rows.size();) {
    const uint32_t row = first_row + static_cast<uint32_t>(begin);
    const size_t count = std::min<size_t>(rows.size() - begin, chunk_rows - row % chunk_rows);
    std::byte* to = MutableValues(column, row);
    switch (values.type()) {
      case DataType::kBool:
        CopyNumbers(values.bools(), rows, begin, count, to);
        break;
      case DataType::kInt8:
        CopyNumbers(values.int8s(), rows, begin, count, to);
        break;
      case DataType::kInt16:
        CopyNumbers(values.int16s(), rows, begin, count, to);
        break;
      case DataType::kInt32:
        CopyNumbers(values.int32s(), rows, begin, count, to);
        break;
      case DataType::kInt64:
        CopyNumbers(values.int64s(), rows, begin, count, to);
        break;
      case DataType::kFloat:
        CopyNumbers(values.floats(), rows, begin, count, to);
        break;
      case DataType::kDouble:
        CopyNumbers(values.doubles(), rows, begin, count, to);
        break;
      case DataType::kFloatVector: {
        auto* norms = reinterpret_cast<float*>(chunks_.Get(row / chunk_rows)->data +
                                               layout_.norm_offset(column)) +
                      row % chunk_rows;
        for (size_t i = 0; i < count; ++i) {
          const auto vector = values.vector(rows[begin + i]);
          std::memcpy(to + i * dim * sizeof(float), vector.data(), dim * sizeof(float));
          norms[i] = simd::InverseNorm(vector.data(), dim);
        }
        break;
      }
      default:
        for (size_t i = 0; i < count; ++i) {
          new (to + i * sizeof(std::string_view))
              std::string_view(KeepString(values.string(rows[begin + i])));
        }
    }
    begin += count;
  }
}

void GrowingSegment::AppendColumns(const RowBatch& batch, std::span<const uint32_t> rows,
                                   std::span<const int64_t> auto_keys) {
  const uint32_t first_row = num_rows_.load(std::memory_order_relaxed);
  const auto count = static_cast<uint32_t>(rows.size());
  for (; prefaulted_blocks_ < blocks_.size(); ++prefaulted_blocks_) {
    blocks_[prefaulted_blocks_].Prefault();
  }
  for (size_t i = 0; i < layout_.num_columns(); ++i) {
    const Column* values = InputColumn(batch, i);
    if (values != nullptr && !values->empty()) {
      AppendColumn(i, *values, rows, first_row);
    } else if (i == key_column_) {
      for (uint32_t n = 0; n < count; ++n) {
        std::memcpy(MutableValues(i, first_row + n), &auto_keys[rows[n]], sizeof(int64_t));
      }
    } else {  // only `$meta` may be absent
      for (uint32_t n = 0; n < count; ++n) {
        new (MutableValues(i, first_row + n)) std::string_view(kEmptyObject);
      }
    }
  }
}

// Writes the times of new rows whose values are in place, and publishes the rows.
template <typename TimeOf>
void GrowingSegment::FinishAppend(size_t count, TimeOf time_of) {
  const uint32_t first_row = num_rows_.load(std::memory_order_relaxed);
  const uint32_t end = first_row + static_cast<uint32_t>(count);
  for (uint32_t row = first_row; row < end; ++row) {
    const uint64_t time = time_of(row - first_row);
    std::byte* times = chunks_.Get(row / layout_.chunk_rows())->data + layout_.time_offset();
    std::memcpy(times + (row % layout_.chunk_rows()) * sizeof(time), &time, sizeof(time));
  }
  for (uint32_t row = first_row; row < end; row += kKeysAtOnce) {
    AddKeys(row, std::min(row + kKeysAtOnce, end));
  }
  num_rows_.store(end, std::memory_order_release);
}

// All heads of chains are on their way before the first is needed.
void GrowingSegment::AddKeys(uint32_t begin, uint32_t end) {
  std::array<uint64_t, kKeysAtOnce> hashes;
  for (uint32_t row = begin; row < end; ++row) {
    hashes[row - begin] = key(row).Hash();
    keys_.PrefetchHead(hashes[row - begin]);
  }
  for (uint32_t row = begin; row < end; ++row) keys_.Add(row, hashes[row - begin]);
}

void GrowingSegment::Append(const RowBatch& batch, std::span<const uint32_t> rows,
                            std::span<const int64_t> auto_keys, uint64_t timestamp) {
  AppendColumns(batch, rows, auto_keys);
  FinishAppend(rows.size(), [timestamp](uint32_t) { return timestamp; });
}

void GrowingSegment::AppendAt(const RowBatch& batch, std::span<const uint32_t> rows,
                              std::span<const int64_t> timestamps) {
  AppendColumns(batch, rows, {});
  FinishAppend(rows.size(), [&](uint32_t i) { return static_cast<uint64_t>(timestamps[rows[i]]); });
}

uint64_t GrowingSegment::timestamp(uint32_t row) const {
  const Chunk* chunk = chunks_.Get(row / layout_.chunk_rows());
  uint64_t time = 0;
  std::memcpy(&time,
              chunk->data + layout_.time_offset() + (row % layout_.chunk_rows()) * sizeof(uint64_t),
              sizeof(time));
  return time;
}

uint32_t GrowingSegment::VisibleRows(uint64_t as_of) const {
  uint32_t end = num_rows();
  if (end == 0 || timestamp(end - 1) <= as_of) return end;
  uint32_t begin = 0;  // the first row beyond `as_of` is in [begin, end)
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (timestamp(middle) <= as_of) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

std::string_view GrowingSegment::string(size_t column, uint32_t row) const {
  return *reinterpret_cast<const std::string_view*>(Values(column, row));
}

std::span<const float> GrowingSegment::vector(size_t column, uint32_t row) const {
  return {reinterpret_cast<const float*>(Values(column, row)),
          static_cast<size_t>(layout_.dim(column))};
}

schema::Key GrowingSegment::key(uint32_t row) const {
  if (IsStringType(layout_.type(key_column_))) return schema::Key(string(key_column_, row));
  int64_t number = 0;
  std::memcpy(&number, Values(key_column_, row), sizeof(number));
  return schema::Key(number);
}

std::optional<uint32_t> GrowingSegment::FindRow(const schema::Key& key, uint64_t as_of) const {
  std::optional<uint32_t> found;
  keys_.ForEach(key.Hash(), [&](uint32_t row) {
    if (this->key(row) != key || timestamp(row) > as_of || deletes_->DeletedAt(row, as_of))
      return true;
    found = row;
    return false;
  });
  return found;
}

template <typename T>
std::vector<T> GrowingSegment::GatherNumbers(size_t column, std::span<const uint32_t> rows) const {
  std::vector<T> values(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(&values[i], Values(column, rows[i]), sizeof(T));
  }
  return values;
}

Column GrowingSegment::Gather(size_t column, std::span<const uint32_t> rows) const {
  const DataType type = layout_.type(column);
  switch (type) {
    case DataType::kBool:
      return Column(type, 0, GatherNumbers<uint8_t>(column, rows));
    case DataType::kInt8:
      return Column(type, 0, GatherNumbers<int8_t>(column, rows));
    case DataType::kInt16:
      return Column(type, 0, GatherNumbers<int16_t>(column, rows));
    case DataType::kInt32:
      return Column(type, 0, GatherNumbers<int32_t>(column, rows));
    case DataType::kInt64:
      return Column(type, 0, GatherNumbers<int64_t>(column, rows));
    case DataType::kFloat:
      return Column(type, 0, GatherNumbers<float>(column, rows));
    case DataType::kDouble:
      return Column(type, 0, GatherNumbers<double>(column, rows));
    case DataType::kFloatVector: {
      Column::Vectors vectors;
      for (uint32_t row : rows) {
        const auto values = vector(column, row);
        vectors.owned.insert(vectors.owned.end(), values.begin(), values.end());
      }
      return Column(type, layout_.dim(column), std::move(vectors));
    }
    default: {
      Column::Strings strings;
      for (uint32_t row : rows) {
        strings.bytes.append(string(column, row));
        strings.ends.push_back(strings.bytes.size());
      }
      return Column(type, 0, std::move(strings));
    }
  }
}

const std::byte* GrowingSegment::FindRun(size_t column, uint32_t first_row, uint32_t count) const {
  const bool one_chunk = first_row % layout_.chunk_rows() + count <= layout_.chunk_rows();
  return one_chunk ? Values(column, first_row) : nullptr;
}

void GrowingSegment::CopyValues(size_t column, uint32_t first_row, uint32_t count,
                                std::byte* out) const {
  const uint64_t width = layout_.width(column);
  while (count > 0) {
    const uint32_t run = std::min(count, layout_.chunk_rows() - first_row % layout_.chunk_rows());
    std::memcpy(out, Values(column, first_row), run * width);
    out += run * width;
    first_row += run;
    count -= run;
  }
}

Column GrowingSegment::GatherAll(size_t column, uint32_t num_rows) const {
  std::vector<uint32_t> rows(num_rows);
  std::iota(rows.begin(), rows.end(), 0u);
  return Gather(column, rows);
}

std::vector<int64_t> GrowingSegment::Timestamps(uint32_t num_rows) const {
  std::vector<int64_t> times(num_rows);
  for (uint32_t row = 0; row < num_rows; ++row) times[row] = static_cast<int64_t>(timestamp(row));
  return times;
}

std::vector<GrowingSegment::VectorRun> GrowingSegment::Vectors(size_t column, uint32_t num_rows,
                                                               uint32_t first_row) const {
  std::vector<VectorRun> runs;
  for (uint32_t row = first_row; row < num_rows;) {
    const uint32_t in_chunk = row % layout_.chunk_rows();
    const Chunk* chunk = chunks_.Get(row / layout_.chunk_rows());
    const auto* norms = reinterpret_cast<const float*>(chunk->data + layout_.norm_offset(column));
    runs.push_back({.first_row = row,
                    .num_rows = std::min(num_rows - row, layout_.chunk_rows() - in_chunk),
                    .rows = reinterpret_cast<const float*>(Values(column, row)),
                    .inverse_norms = norms + in_chunk});
    row += runs.back().num_rows;
  }
  return runs;
}

}  // namespace vecdb::segment
