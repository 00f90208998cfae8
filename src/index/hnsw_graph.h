#ifndef VECDB_INDEX_HNSW_GRAPH_H_
#define VECDB_INDEX_HNSW_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "base/prefetch.h"
#include "index/vector_view.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// One level of a graph: lists of at most `degree` links, padded at the end with kNoRow.
struct HnswLevel {
  uint32_t* links = nullptr;  ///< degree per node
  size_t degree = 0;
  const uint32_t* rows = nullptr;  ///< row of each node; nullptr at level 0, where nodes are rows

  uint32_t* of(uint32_t node) const { return links + static_cast<size_t>(node) * degree; }
  uint32_t row(uint32_t node) const { return rows == nullptr ? node : rows[node]; }
};

/// The links begin on their way from memory: two lines hold those of M = 16.
inline void PrefetchLinks(const HnswLevel& level, uint32_t node) {
  base::PrefetchLines(level.of(node), 2);
}

/// The links of a hierarchical navigable small-world graph, in the layout of the file.
///
/// Level 0 holds every row with 2 M links, in one array by row. Rows of higher levels are numbered
/// anew, those of the highest level first: node u of every level from 1 on is row upper_rows[u],
/// and level l has the nodes 0 to level_counts[l - 1] - 1, with M links each. So no level needs a
/// table of places, and the rows of level 0 alone pay nothing for the others. Node 0 is where a
/// walk begins.
struct HnswGraph {
  /// Levels with p(level >= l) = M^-l stop far below.
  static constexpr size_t kMaxLevels = 64;

  uint32_t num_rows = 0;
  uint32_t m = 0;
  uint32_t entry_row = kNoRow;         ///< row of node 0; kNoRow when there are no rows
  std::vector<uint32_t> level_counts;  ///< nodes of level 1, 2, ...: not increasing, none 0
  base::LargeBuffer base_links;        ///< num_rows * 2 M
  base::LargeBuffer upper_rows;        ///< level_counts[0]
  base::LargeBuffer upper_links;       ///< sum of level_counts * M

  /// A graph of that shape, its contents not initialised.
  static absl::StatusOr<HnswGraph> Make(uint32_t num_rows, uint32_t m,
                                        std::vector<uint32_t> level_counts, const Host& host);

  size_t top_level() const { return level_counts.size(); }
  size_t degree(size_t level) const { return level == 0 ? 2 * size_t{m} : m; }
  uint32_t num_nodes(size_t level) const { return level == 0 ? num_rows : level_counts[level - 1]; }

  /// The row of a node of the upper levels.
  uint32_t RowOf(uint32_t node) const {
    return level_counts.empty() ? entry_row : upper_rows.as<uint32_t>()[node];
  }

  /// The level as walks and builders see it.
  HnswLevel level(size_t level);
  const HnswLevel level(size_t level) const { return const_cast<HnswGraph*>(this)->level(level); }

  uint64_t bytes() const { return base_links.size() + upper_rows.size() + upper_links.size(); }
};

/// How many of the `degree` links at `links` there are.
inline size_t CountLinks(const uint32_t* links, size_t degree) {
  size_t count = 0;
  while (count < degree && links[count] != kNoRow) ++count;
  return count;
}

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_GRAPH_H_
