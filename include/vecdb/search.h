#ifndef VECDB_SEARCH_H_
#define VECDB_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/consistency.h"
#include "vecdb/index_spec.h"
#include "vecdb/row_batch.h"
#include "vecdb/row_filter.h"
#include "vecdb/search_stats.h"

namespace vecdb {

/// What to look for in a collection. Everything is borrowed or copied for the call only.
struct SearchRequest {
  /// The vector field; may be left out when the schema has just one.
  std::string field{};
  /// One or more query vectors, row-major; at most 16384 of them.
  std::span<const float> vectors{};
  /// Hits wanted per query; `offset + limit` is 1 to DatabaseOptions::max_result_rows.
  int32_t limit = 10;
  /// Best hits to leave out, for paging.
  int32_t offset = 0;
  SearchParams params{};
  /// When given, must be the metric of the index.
  std::optional<Metric> metric{};
  /// Only rows that match are found: min(limit, rows that match) of them, however few there are.
  RowFilter filter{};
  /// Only hits whose score is better than this: below it for kL2, above it for kIp and kCosine.
  std::optional<float> radius{};
  /// With `radius`: and not better than this: at least it for kL2, at most it for the others.
  std::optional<float> range_filter{};
  /// A scalar field, no Json: the best `limit` of its values come back, after `offset` of them,
  /// with up to `group_size` hits each. A value is as good as its best hit; the hits of one value
  /// follow each other.
  std::string group_by{};
  int32_t group_size = 1;  ///< 1 to 1024; `(offset + limit) * group_size` at most max_result_rows
  /// Fields to return with each hit; the key always comes.
  std::vector<std::string> output_fields{};
  /// Only rows of these shards are found; none: all. Needed when only some are loaded, see
  /// LoadOptions::shards: FailedPrecondition when one of those asked for is not; InvalidArgument
  /// for one that is none.
  std::vector<int32_t> shards{};
  /// Which state to search. Default: as the collection was created with.
  Consistency consistency{};
  /// Search around segments whose files are damaged or gone, instead of DataLoss;
  /// SearchResult::partial() then tells.
  bool allow_partial = false;
};

struct MergeOptions;

namespace query {
struct ResultRows;
}

/// One row of an answer. Points into its SearchResult and is valid while that lives.
class Hit {
 public:
  Hit(float score, size_t row, const query::ResultRows* rows)
      : score_(score), row_(row), rows_(rows) {}

  float score() const { return score_; }
  /// The primary key. The accessor of the other key type gives 0 or "".
  int64_t int64_key() const;
  std::string_view varchar_key() const;

  /// Output fields. A field that was not asked for, or of another type, gives 0, "" or an empty
  /// span.
  bool GetBool(std::string_view field) const;
  int64_t GetInt64(std::string_view field) const;  ///< any integer field
  double GetDouble(std::string_view field) const;  ///< Float or Double
  std::string_view GetVarChar(std::string_view field) const;
  std::string_view GetJson(std::string_view field) const;
  std::span<const float> GetFloatVector(std::string_view field) const;

 private:
  float score_;
  size_t row_;
  const query::ResultRows* rows_;
};

/// What an answer is an answer to, as far as its order and its length go.
struct ResultShape {
  Metric metric = Metric::kL2;
  int32_t limit = 10;      ///< as in SearchRequest
  int32_t offset = 0;      ///< as in SearchRequest
  std::string group_by{};  ///< as in SearchRequest
  int32_t group_size = 1;  ///< as in SearchRequest

  friend bool operator==(const ResultShape&, const ResultShape&) = default;
};

/// A SearchResult as plain values, for one that comes from another process; see SearchResult::Make.
struct SearchResultParts {
  ResultShape shape{};
  /// As SearchResult::rows: keys and output fields of all hits, one query after another. Vectors
  /// may be borrowed, and must then stay as they are while the result lives.
  RowBatch rows{Schema{}};
  std::vector<float> scores{};  ///< of each row
  std::vector<size_t> ends{};   ///< the rows of query i end before row `ends[i]`
  bool partial = false;
  SearchStats stats{};
};

/// The answers to a search: for each query its hits, best first, equal scores by key, each row
/// once. Movable; its hits stay valid. Immutable, hence thread-safe.
class SearchResult {
 public:
  /// A result made of its parts, as it was in the process that searched: send `rows()`, the scores,
  /// the number of hits of each query and what was asked for. InvalidArgument, naming what, when
  /// they do not belong together: no metric, a schema without one key, a column or `scores` of
  /// another length than the key's, a score that is NaN, `ends` that fall or stop elsewhere than
  /// the rows. The order of the hits is trusted.
  static absl::StatusOr<SearchResult> Make(SearchResultParts parts);

  explicit SearchResult(std::unique_ptr<query::ResultRows> rows);
  SearchResult(SearchResult&&) noexcept;
  SearchResult& operator=(SearchResult&&) noexcept;
  ~SearchResult();

  size_t num_queries() const;

  /// The hits of one query, 0 to num_queries() - 1: min(limit, rows left after the offset) of them.
  std::span<const Hit> hits(size_t query) const;

  /// What was asked for.
  const ResultShape& shape() const;

  /// True when rows of damaged segments are missing; see SearchRequest::allow_partial.
  bool partial() const;

  /// What the search did, segment by segment.
  const SearchStats& stats() const;

  /// Keys and output fields of all hits, one row each, one query after another.
  const RowBatch& rows() const;

 private:
  friend absl::StatusOr<SearchResult> MergeResults(std::span<const SearchResult> results,
                                                   const MergeOptions& options);

  std::unique_ptr<query::ResultRows> rows_;
};

}  // namespace vecdb

#endif  // VECDB_SEARCH_H_
