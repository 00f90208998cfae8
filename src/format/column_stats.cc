#include "format/column_stats.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>

#include "base/byte_io.h"
#include "format/number_type.h"

namespace vecdb::format {
namespace {

using schema::ColumnBlock;
using schema::ColumnStats;

// Which members of ColumnStats hold the bounds of a type.
enum class BoundsKind { kNone, kInteger, kReal, kString };

BoundsKind KindOf(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return BoundsKind::kInteger;
    case DataType::kFloat:
    case DataType::kDouble:
      return BoundsKind::kReal;
    case DataType::kVarChar:
      return BoundsKind::kString;
    default:
      return BoundsKind::kNone;
  }
}

constexpr uint8_t kHasBounds = 1;
constexpr uint8_t kMaxStringUnknown = 2;
constexpr uint64_t kCountsBytes = 9;

template <typename T>
void SetNumberBounds(std::span<const T> values, ColumnStats* stats) {
  if constexpr (std::floating_point<T>) {
    const bool finite =
        std::all_of(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
    if (!finite) return;
  }
  const auto [min, max] = MinMax(values);
  stats->has_bounds = true;
  if constexpr (std::floating_point<T>) {
    stats->min_real = min;
    stats->max_real = max;
  } else {
    stats->min_integer = min;
    stats->max_integer = max;
  }
}

// A short string that is not below `text`; nullopt when there is none.
std::optional<std::string> CutUpwards(std::string_view text) {
  if (text.size() <= kMaxStatsStringBytes) return std::string(text);
  std::string cut(text.substr(0, kMaxStatsStringBytes));
  while (!cut.empty() && static_cast<uint8_t>(cut.back()) == 0xff) cut.pop_back();
  if (cut.empty()) return std::nullopt;
  cut.back() = static_cast<char>(static_cast<uint8_t>(cut.back()) + 1);
  return cut;
}

void SetStringBounds(const ColumnBlock& block, const DistinctValues& distinct, ColumnStats* stats) {
  std::string_view min = block.string(0);
  std::string_view max = min;
  for (const uint16_t row : distinct.rows()) {
    min = std::min(min, block.string(row));
    max = std::max(max, block.string(row));
  }
  stats->has_bounds = true;
  stats->min_string = std::string(min.substr(0, kMaxStatsStringBytes));
  const auto cut = CutUpwards(max);
  stats->max_string_known = cut.has_value();
  stats->max_string = cut.value_or("");
}

void PutString(std::string_view text, base::ByteWriter* out) {
  out->Put(static_cast<uint8_t>(text.size()));
  out->PutBytes(text);
}

void PutStats(BoundsKind kind, const ColumnStats& stats, base::ByteWriter* out) {
  out->Put(stats.num_rows);
  out->Put(stats.distinct);
  out->Put(static_cast<uint8_t>((stats.has_bounds ? kHasBounds : 0) |
                                (stats.max_string_known ? 0 : kMaxStringUnknown)));
  if (!stats.has_bounds) return;
  if (kind == BoundsKind::kInteger) {
    out->Put(stats.min_integer);
    out->Put(stats.max_integer);
  } else if (kind == BoundsKind::kReal) {
    out->Put(stats.min_real);
    out->Put(stats.max_real);
  } else {
    PutString(stats.min_string, out);
    PutString(stats.max_string, out);
  }
}

// False when it is longer than a string of statistics.
bool GetString(base::ByteReader* reader, std::string* text) {
  const auto size = reader->Get<uint8_t>();
  const auto bytes = reader->GetBytes(size);
  text->assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return size <= kMaxStatsStringBytes;
}

bool AreOfType(DataType type, int64_t min, int64_t max) {
  if (type == DataType::kBool) return min >= 0 && max <= 1;
  const size_t bits = 8 * NumberBytes(type);
  const int64_t limit = std::numeric_limits<int64_t>::max() >> (64 - bits);
  return min >= -limit - 1 && max <= limit;
}

bool GetBounds(DataType type, BoundsKind kind, base::ByteReader* reader, ColumnStats* stats) {
  switch (kind) {
    case BoundsKind::kInteger:
      stats->min_integer = reader->Get<int64_t>();
      stats->max_integer = reader->Get<int64_t>();
      return stats->min_integer <= stats->max_integer &&
             AreOfType(type, stats->min_integer, stats->max_integer);
    case BoundsKind::kReal:
      stats->min_real = reader->Get<double>();
      stats->max_real = reader->Get<double>();
      return std::isfinite(stats->min_real) && std::isfinite(stats->max_real) &&
             stats->min_real <= stats->max_real;
    case BoundsKind::kString:
      if (!GetString(reader, &stats->min_string) || !GetString(reader, &stats->max_string)) {
        return false;
      }
      return stats->max_string_known ? stats->min_string <= stats->max_string
                                     : stats->max_string.empty();
    case BoundsKind::kNone:
      break;
  }
  return false;
}

bool GetStats(DataType type, base::ByteReader* reader, ColumnStats* stats) {
  const BoundsKind kind = KindOf(type);
  stats->num_rows = reader->Get<uint32_t>();
  stats->distinct = reader->Get<uint32_t>();
  const auto flags = reader->Get<uint8_t>();
  stats->has_bounds = (flags & kHasBounds) != 0;
  stats->max_string_known = (flags & kMaxStringUnknown) == 0;
  if (flags > (kHasBounds | kMaxStringUnknown) || stats->distinct > stats->num_rows) return false;
  if (!stats->max_string_known && (kind != BoundsKind::kString || !stats->has_bounds)) return false;
  return !stats->has_bounds || GetBounds(type, kind, reader, stats);
}

// Whether what is known of a segment holds for one of its blocks.
bool Covers(const ColumnStats& segment, const ColumnStats& block) {
  if (!segment.has_bounds) return true;
  return block.has_bounds && segment.min_integer <= block.min_integer &&
         segment.max_integer >= block.max_integer && segment.min_real <= block.min_real &&
         segment.max_real >= block.max_real && segment.min_string <= block.min_string &&
         (!segment.max_string_known ||
          (block.max_string_known && segment.max_string >= block.max_string));
}

}  // namespace

ColumnStats StatsOfBlock(const ColumnBlock& block, const DistinctValues& distinct) {
  ColumnStats stats{.num_rows = block.num_rows, .distinct = distinct.count()};
  VisitNumberType(block.type, [&]<typename T>(T*) { SetNumberBounds<T>(block.as<T>(), &stats); });
  if (block.type == DataType::kVarChar) SetStringBounds(block, distinct, &stats);
  return stats;
}

void AddStats(const ColumnStats& more, ColumnStats* all) {
  const uint32_t distinct = all->distinct;
  if (all->num_rows == 0) {
    *all = more;
    all->distinct = distinct;
    return;
  }
  all->num_rows += more.num_rows;
  if (!all->has_bounds || !more.has_bounds) {
    *all = {.num_rows = all->num_rows, .distinct = distinct};
    return;
  }
  all->min_integer = std::min(all->min_integer, more.min_integer);
  all->max_integer = std::max(all->max_integer, more.max_integer);
  all->min_real = std::min(all->min_real, more.min_real);
  all->max_real = std::max(all->max_real, more.max_real);
  all->min_string = std::min(all->min_string, more.min_string);
  all->max_string_known = all->max_string_known && more.max_string_known;
  all->max_string = all->max_string_known ? std::max(all->max_string, more.max_string) : "";
}

uint64_t MaxStatsBytes(uint64_t num_blocks) {
  return (num_blocks + 1) * (kCountsBytes + 2 * (1 + kMaxStatsStringBytes));
}

std::string EncodeStats(DataType type, const SegmentStats& stats) {
  base::ByteWriter out;
  PutStats(KindOf(type), stats.segment, &out);
  for (const ColumnStats& block : stats.blocks) PutStats(KindOf(type), block, &out);
  return out.str();
}

std::optional<SegmentStats> DecodeStats(DataType type, uint64_t num_rows, std::string_view bytes) {
  const uint64_t num_blocks = (num_rows + schema::kBlockRows - 1) / schema::kBlockRows;
  if (bytes.size() < (num_blocks + 1) * kCountsBytes) return std::nullopt;
  base::ByteReader reader(bytes);
  SegmentStats stats;
  if (!GetStats(type, &reader, &stats.segment) || stats.segment.num_rows != num_rows) {
    return std::nullopt;
  }
  stats.blocks.resize(static_cast<size_t>(num_blocks));
  uint64_t rows_left = num_rows;
  for (ColumnStats& block : stats.blocks) {
    if (!GetStats(type, &reader, &block) || !Covers(stats.segment, block) ||
        block.num_rows != std::min<uint64_t>(rows_left, schema::kBlockRows)) {
      return std::nullopt;
    }
    rows_left -= block.num_rows;
  }
  if (!reader.ok() || reader.remaining() > 0) return std::nullopt;
  return stats;
}

}  // namespace vecdb::format
