#ifndef VECDB_SEARCH_STATS_H_
#define VECDB_SEARCH_STATS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vecdb {

/// How the rows of one segment were searched.
enum class SearchPlan : int32_t {
  kNothing = 0,        ///< no row may be returned
  kExactScan = 1,      ///< every row that may be returned was compared
  kIndex = 2,          ///< the index, its answer then held against the filter
  kFilteredIndex = 3,  ///< the index, with the filter looked at on the way
  kIndexThenScan = 4,  ///< the index found too few, so the rows were compared after all
};

/// "exact scan", "index", ...
std::string_view SearchPlanName(SearchPlan plan);

/// What a search did in one segment. With several queries, sums over them.
struct SegmentSearchStats {
  std::string segment{};  ///< as Collection::Segments names it; "" while its rows are in memory
  uint64_t num_rows = 0;
  uint64_t matching_rows = 0;  ///< of the filter, deleted ones among them
  /// The share of rows that statistics promised before the filter was evaluated, 0 to 1.
  double estimated_selectivity = 1;
  SearchPlan plan = SearchPlan::kNothing;  ///< of the last query
  uint64_t distances = 0;                  ///< computed
  uint64_t page_reads = 0;                 ///< of a DISKANN index
  uint64_t page_hits = 0;                  ///< pages of it that lay in memory
  uint64_t page_bytes = 0;                 ///< of the pages that were read
  /// Reads under way whenever one more began, itself included, added up: by page_reads, how many
  /// the disk had to do at a time.
  uint64_t page_depth = 0;
  uint64_t blocks_pruned = 0;     ///< blocks of 4096 rows that statistics decided about
  uint64_t blocks_evaluated = 0;  ///< whose values were looked at
  bool filter_cached = false;     ///< the filter's rows were known from an earlier read
  bool scalar_index = false;      ///< the index of a scalar field took part
  double filter_ms = 0;
  double search_ms = 0;
};

/// What a search did. A value.
struct SearchStats {
  std::string filter{};  ///< in normal form; "" without one, or with a callback
  std::vector<SegmentSearchStats> segments{};
  double filter_ms = 0;  ///< parsing, and finding the rows that match
  double search_ms = 0;  ///< finding the nearest of them
  double fetch_ms = 0;   ///< reading output fields

  /// A table for people.
  std::string ToString() const;
};

}  // namespace vecdb

#endif  // VECDB_SEARCH_STATS_H_
