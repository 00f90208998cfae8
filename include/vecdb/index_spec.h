#ifndef VECDB_INDEX_SPEC_H_
#define VECDB_INDEX_SPEC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb {

/// How near two vectors are. Scores come back raw:
///
/// | metric  | score                      | better  |
/// |---------|----------------------------|---------|
/// | kL2     | squared Euclidean distance | smaller |
/// | kIp     | dot product                | larger  |
/// | kCosine | similarity, -1 to 1        | larger  |
///
/// Under kCosine a zero vector scores 0 against every other. Rows of equal score are ordered by
/// key, the smaller first.
enum class Metric : int32_t { kL2 = 1, kIp = 2, kCosine = 3 };

/// "L2", "IP", "COSINE".
std::string_view MetricName(Metric metric);

/// True when a larger score is the better one.
constexpr bool LargerIsBetter(Metric metric) { return metric != Metric::kL2; }

/// No index: every row is compared, the answer is exact.
struct FlatParams {
  friend bool operator==(const FlatParams&, const FlatParams&) = default;
};

/// A hierarchical navigable small-world graph (Malkov and Yashunin, 2016).
struct HnswParams {
  /// Links per row and level, twice as many on the lowest: 2 to 2048; 8 to 64 make sense.
  int32_t m = 16;
  /// Candidates looked at when a row is linked, 1 to 65536: more is a better graph, built more
  /// slowly.
  int32_t ef_construction = 200;
  /// Same rows, parameters and seed give the same graph, whatever the number of threads.
  uint64_t seed = 0;

  friend bool operator==(const HnswParams&, const HnswParams&) = default;
};

/// For a scalar field: the rows of each value. Bool, integers, Float, Double and VarChar; for
/// filters that ask for single values.
struct InvertedParams {
  friend bool operator==(const InvertedParams&, const InvertedParams&) = default;
};

/// For a scalar field: the rows in the order of their values. Integers, Float, Double and VarChar;
/// for filters that ask for ranges.
struct SortedParams {
  friend bool operator==(const SortedParams&, const SortedParams&) = default;
};

using IndexParams = std::variant<FlatParams, HnswParams, InvertedParams, SortedParams>;

/// What to index a field with. A value.
struct IndexSpec {
  Metric metric = Metric::kIp;  ///< of a vector field; says nothing of a scalar one
  IndexParams params = FlatParams{};

  /// Reads the spelling of Milvus: `{"index_type":"HNSW","metric_type":"COSINE","params":{"M":16,
  /// "efConstruction":200}}`. `params` may be a JSON string, its values may be strings. Index
  /// types: FLAT, HNSW; INVERTED, SORTED (or STL_SORT), which have no metric_type. InvalidArgument
  /// for anything unknown, missing or out of range.
  static absl::StatusOr<IndexSpec> FromJson(std::string_view json);

  /// The same spelling; FromJson gives back an equal spec.
  std::string ToJson() const;

  /// InvalidArgument, naming parameter, value and range.
  absl::Status Validate() const;

  /// "FLAT", "HNSW", "INVERTED", "SORTED".
  std::string_view type_name() const;

  /// True for an index of a scalar field, false for one of vectors.
  bool is_scalar() const {
    return std::holds_alternative<InvertedParams>(params) ||
           std::holds_alternative<SortedParams>(params);
  }

  friend bool operator==(const IndexSpec& a, const IndexSpec& b) {
    return a.params == b.params && (a.is_scalar() || a.metric == b.metric);
  }
};

/// Effort of one search in an HNSW index.
struct HnswSearchParams {
  /// Candidates kept while walking, k to 65536: more finds more and takes longer. 0 stands for
  /// max(k, 64). Below k is InvalidArgument.
  int32_t ef = 0;

  friend bool operator==(const HnswSearchParams&, const HnswSearchParams&) = default;
};

/// Parameters of one search; std::monostate stands for the defaults of whatever index is there.
/// Parameters of another index type are InvalidArgument.
using SearchParams = std::variant<std::monostate, HnswSearchParams>;

}  // namespace vecdb

#endif  // VECDB_INDEX_SPEC_H_
