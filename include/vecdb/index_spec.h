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

/// What an index of codes orders its best candidates by before it answers. The scores of an answer
/// are those of float32 in any case.
enum class Refine : int32_t {
  kNone = 1,     ///< by the codes; the rows that come back, and a few more, still by float32
  kFloat32 = 2,  ///< by the rows themselves: refine_k times as many rows as are wanted
};

/// Inverted lists: the rows are dealt out to the nearest of `nlist` centroids, and a search reads
/// the lists of the `nprobe` nearest centroids alone (Sivic and Zisserman 2003; Jegou et al. 2011).
/// The lists hold float32 copies of the rows, scaled to length 1 under kCosine.
struct IvfFlatParams {
  /// Lists, 1 to 65536; fewer, so that each has 39 rows on average, when there are few rows. About
  /// the square root of the number of rows, up to four times that, makes sense.
  int32_t nlist = 128;
  /// Same rows, parameters and seed give the same lists, whatever the number of threads.
  uint64_t seed = 0;

  friend bool operator==(const IvfFlatParams&, const IvfFlatParams&) = default;
};

/// Inverted lists of codes of one byte a dimension: a quarter of the memory traffic.
struct IvfSq8Params {
  int32_t nlist = 128;  ///< as in IvfFlatParams
  Refine refine = Refine::kFloat32;
  uint64_t seed = 0;

  friend bool operator==(const IvfSq8Params&, const IvfSq8Params&) = default;
};

/// Inverted lists of product-quantised residuals (Jegou et al. 2011): `m` parts of `nbits` bits.
/// With up to 4 bits the codes are looked up in registers (Andre et al. 2015), which is by far the
/// fastest.
struct IvfPqParams {
  int32_t nlist = 128;  ///< as in IvfFlatParams
  /// Parts of a vector; divides dim. 0 stands for one part for each two dimensions with up to 4
  /// bits, for each four with more, or the next possible number.
  int32_t m = 0;
  int32_t nbits = 8;  ///< of a part, 1 to 8; fewer when there are fewer than 2^nbits rows
  Refine refine = Refine::kFloat32;
  uint64_t seed = 0;

  friend bool operator==(const IvfPqParams&, const IvfPqParams&) = default;
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

using IndexParams = std::variant<FlatParams, HnswParams, InvertedParams, SortedParams,
                                 IvfFlatParams, IvfSq8Params, IvfPqParams>;

/// What to index a field with. A value.
struct IndexSpec {
  Metric metric = Metric::kIp;  ///< of a vector field; says nothing of a scalar one
  IndexParams params = FlatParams{};

  /// Reads the spelling of Milvus: `{"index_type":"HNSW","metric_type":"COSINE","params":{"M":16,
  /// "efConstruction":200}}`. `params` may be a JSON string, its values may be strings. Index
  /// types: FLAT, HNSW, IVF_FLAT, IVF_SQ8, IVF_PQ; INVERTED, SORTED (or STL_SORT), which have no
  /// metric_type. `refine` is a bool and `refine_type` "fp32" or "flat". InvalidArgument for
  /// anything unknown, missing or out of range.
  static absl::StatusOr<IndexSpec> FromJson(std::string_view json);

  /// The same spelling; FromJson gives back an equal spec.
  std::string ToJson() const;

  /// InvalidArgument, naming parameter, value and range.
  absl::Status Validate() const;

  /// The same, and what depends on the dim of the vectors: m divides it.
  absl::Status Validate(int32_t dim) const;

  /// "FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "IVF_PQ", "INVERTED", "SORTED".
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

/// Effort of one search in IVF_FLAT, IVF_SQ8 or IVF_PQ.
struct IvfSearchParams {
  /// Lists read, 1 to 65536: more finds more and takes longer; more than there are is all. Where
  /// they hold too few rows that may be returned, more lists are read; where few rows may be
  /// returned, these are compared one by one.
  int32_t nprobe = 8;
  /// Candidates looked at again with Refine::kFloat32, in multiples of the rows wanted: 1 to 1000,
  /// or 0 for the default: 2 for IVF_SQ8, 8 for IVF_PQ. IVF_FLAT and Refine::kNone take 0 and 1.
  /// At most 2^20 candidates, or the rows wanted.
  float refine_k = 0;

  friend bool operator==(const IvfSearchParams&, const IvfSearchParams&) = default;
};

/// Parameters of one search; std::monostate stands for the defaults of whatever index is there.
/// Parameters of another index type are InvalidArgument.
using SearchParams = std::variant<std::monostate, HnswSearchParams, IvfSearchParams>;

}  // namespace vecdb

#endif  // VECDB_INDEX_SPEC_H_
