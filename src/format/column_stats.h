#ifndef VECDB_FORMAT_COLUMN_STATS_H_
#define VECDB_FORMAT_COLUMN_STATS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/distinct_values.h"
#include "schema/column_block.h"
#include "vecdb/schema.h"

namespace vecdb::format {

/// Longer strings are cut in statistics.
inline constexpr size_t kMaxStatsStringBytes = 64;

/// What is known of a block, whose values `distinct` has found. No bounds of Json, nor of numbers
/// of which one is not finite.
schema::ColumnStats StatsOfBlock(const schema::ColumnBlock& block, const DistinctValues& distinct);

/// Widens `all`, which begins without rows, by what is known of further rows of the same type.
/// Leaves the number of distinct values alone.
void AddStats(const schema::ColumnStats& more, schema::ColumnStats* all);

/// What is known of a column: of the segment, and of each block.
struct SegmentStats {
  schema::ColumnStats segment;
  std::vector<schema::ColumnStats> blocks;
};

/// The section of statistics of a column.
std::string EncodeStats(DataType type, const SegmentStats& stats);

/// Most bytes that EncodeStats gives for a number of blocks.
uint64_t MaxStatsBytes(uint64_t num_blocks);

/// Reads the section of a column of `num_rows` rows; nullopt when it is impossible: counts that are
/// not those of the blocks, bounds that are out of order, not finite, not of the type, or wider for
/// a block than for the segment.
std::optional<SegmentStats> DecodeStats(DataType type, uint64_t num_rows, std::string_view bytes);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_COLUMN_STATS_H_
