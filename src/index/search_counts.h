#ifndef VECDB_INDEX_SEARCH_COUNTS_H_
#define VECDB_INDEX_SEARCH_COUNTS_H_

#include <cstdint>

namespace vecdb::index {

/// How a search found its rows.
enum class SearchPlan {
  kExactScan,     ///< compared every row that may be returned
  kWalk,          ///< walked a graph through all rows and left out those of no use
  kFilteredWalk,  ///< walked a graph from allowed row to allowed row
  kWalkThenScan,  ///< walked, found too few, and compared every row that may be returned
};

/// What one search did. A value.
struct SearchCounts {
  SearchPlan plan = SearchPlan::kExactScan;
  uint64_t allowed_rows = 0;  ///< that the plan was made for; deletes and times are estimated
  uint64_t distances = 0;     ///< computed, in whole or until they were seen to be too large
  uint64_t nodes = 0;         ///< of a graph whose links were followed
  uint64_t page_reads = 0;    ///< of an index on disk
  uint64_t page_hits = 0;     ///< that were wanted and lay in memory
  uint64_t page_bytes = 0;    ///< of the pages that were read
  uint64_t page_depth = 0;    ///< at each read, how many were under way with it; added up

  friend bool operator==(const SearchCounts&, const SearchCounts&) = default;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_SEARCH_COUNTS_H_
