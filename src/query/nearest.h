#ifndef VECDB_QUERY_NEAREST_H_
#define VECDB_QUERY_NEAREST_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "index/row_limits.h"
#include "query/fetch.h"
#include "query/row_selection.h"
#include "query/segment_view.h"
#include "schema/key.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"
#include "vecdb/index_spec.h"
#include "vecdb/schema.h"
#include "vecdb/search_stats.h"

namespace vecdb::query {

/// A search over one snapshot, checked by the caller. Borrows everything but what it shares.
struct SnapshotSearch {
  std::shared_ptr<const Schema> schema{};
  std::span<const SegmentView> segments{};
  uint64_t as_of = 0;
  uint64_t alive_from = 0;       ///< rows that were written before have expired
  Executor* executor = nullptr;  ///< takes part when there are several queries

  size_t column = 0;  ///< a vector column
  std::span<const float> vectors{};
  Metric metric = Metric::kL2;
  SearchParams params{};
  BoundFilter filter{};
  index::RowLimits range{};  ///< of distances; its position is not used
  bool exact = false;        ///< compare rows one by one, whatever the index
  /// With `exact`: only rows behind this distance and key in the order of results.
  std::optional<std::pair<float, schema::Key>> after{};
  uint32_t limit = 10;
  uint32_t offset = 0;
  std::optional<size_t> group_column{};  ///< the best of each of its values; limit counts values
  uint32_t group_size = 1;
  std::vector<size_t> output_columns{};  ///< the key is the first
  bool allow_partial = false;            ///< leave damaged segments out
};

/// A row of an answer.
struct Found {
  float distance = 0;
  RowPlace place{};
};

/// Rows of an answer, in its order.
struct FoundHits {
  std::vector<Found> hits{};
  bool partial = false;  ///< a damaged segment was left out
};

/// The selected rows of each segment, and what is left out.
struct Selections {
  std::vector<Selection> segments{};
  std::vector<bool> skipped{};  ///< damaged

  bool partial() const { return std::find(skipped.begin(), skipped.end(), true) != skipped.end(); }
};

/// Whether a row comes before another in the order of results: by (distance, key). `key_of(place)`
/// is asked for rows at equal distances alone.
template <typename KeyOf>
bool ComesBefore(const Found& a, const Found& b, KeyOf key_of) {
  if (a.distance != b.distance) return a.distance < b.distance;
  return key_of(a.place) < key_of(b.place);
}

/// The same for rows of the segments of a search.
bool ComesBefore(const SnapshotSearch& search, const Found& a, const Found& b);

/// Evaluates the filter of a search, and reads what tells the rows of the time from later ones.
/// DataLoss for damaged segments, unless these may be left out.
absl::StatusOr<Selections> SelectAll(const SnapshotSearch& search, const Context& context);

/// The `k` best selected rows of all segments for each of `queries`, which lie one after the other,
/// in the order of (score, key). `stats` are those of each segment that this adds to.
absl::StatusOr<std::vector<std::vector<Found>>> FindNearest(const SnapshotSearch& search,
                                                            const Selections& selections,
                                                            std::span<const float> queries,
                                                            uint32_t k, const Context& context,
                                                            std::span<SegmentSearchStats> stats);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_NEAREST_H_
