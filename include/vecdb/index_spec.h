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

/// What an index of codes orders its best candidates by before it answers. The numbers are those of
/// the files.
///
/// | refine   | bytes a dimension | scores are those of                                      |
/// |----------|-------------------|----------------------------------------------------------|
/// | kNone    | 0                 | the rows; few more are looked at than come back          |
/// | kFloat32 | 0                 | the rows: they are read again, which a collection does   |
/// |          |                   | from the store                                           |
/// | kFloat16 | 2                 | copies of 11 significant bits                            |
/// | kSq8     | 1                 | copies of 256 steps a dimension                          |
///
/// With kFloat16 each number is off by a 2000th at most, which is little beside distances unless
/// the rows lie far from zero and near each other: those want kFloat32. Whole numbers up to 2048
/// are exact.
enum class Refine : int32_t { kAuto = 0, kNone = 1, kFloat32 = 2, kFloat16 = 3, kSq8 = 4 };

/// What a graph is walked on. The numbers are those of the files.
enum class HnswCodec : int32_t {
  kAuto = 0,     ///< kSq8 from dim 64 on, kFloat32 below
  kFloat32 = 1,  ///< the rows themselves, which are kept in memory; nothing is refined
  kFloat16 = 2,  ///< 2 bytes a dimension
  kSq8 = 3,      ///< 1 byte a dimension, and 4 bytes a row under some distributions with kL2
  kSq4 = 4,      ///< half a byte a dimension, and 4 bytes a row with kL2
  kRabitq = 6,   ///< a bit a dimension and 12 bytes a row (Gao and Long 2024)
};

/// A hierarchical navigable small-world graph (Malkov and Yashunin, 2016), walked on codes.
///
/// In memory it takes, for each row, dim times the bytes of `codec` and `refine`, and about 8 m + 8
/// bytes of links: 3 dim + 136 by default, where hnswlib takes 4 dim + 144. The rows stay in the
/// store of a collection, unless `codec` is kFloat32; `Index` holds or views them besides.
struct HnswParams {
  /// Links per row and level, twice as many on the lowest: 2 to 2048; 8 to 64 make sense.
  int32_t m = 16;
  /// Candidates looked at when a row is linked, 1 to 65536: more is a better graph, built more
  /// slowly.
  int32_t ef_construction = 200;
  /// Same rows, parameters and seed give the same graph, whatever the number of threads.
  uint64_t seed = 0;
  HnswCodec codec = HnswCodec::kAuto;
  /// Finer than the codec, which must be named unless this is kAuto or kNone. kAuto: kFloat16 with
  /// kSq8 and kSq4 and kRabitq, kFloat32 with kFloat16.
  Refine refine = Refine::kAuto;

  friend bool operator==(const HnswParams&, const HnswParams&) = default;
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
  int32_t nlist = 128;               ///< as in IvfFlatParams
  Refine refine = Refine::kFloat32;  ///< not kAuto, not kSq8
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

/// A graph on disk (Vamana: Subramanya et al. 2019), for vectors that do not fit into memory: each
/// page of the index has some nodes with their vectors and links, and a search reads the pages that
/// its walk comes by, several at a time. In memory are a code and 4 bytes for each row.
struct DiskannParams {
  /// Links per row, 1 to 2048: 32 to 64 make sense.
  int32_t max_degree = 48;
  /// Candidates looked at when a row is linked, 1 to 65536.
  int32_t search_list_size = 128;
  /// Of the bytes of the vectors, the share that codes in memory may take, above 0 to 0.25. By
  /// default 32 bytes a row with dim 128, 256 with dim 768.
  double pq_code_budget = 0.125;
  /// The same of pages that are kept in memory, those in which walks begin: 0 to below 0.3.
  double search_cache_budget = 0.1;
  /// Same rows, parameters and seed give the same graph, whatever the number of threads.
  uint64_t seed = 0;

  friend bool operator==(const DiskannParams&, const DiskannParams&) = default;
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
                                 IvfFlatParams, IvfSq8Params, IvfPqParams, DiskannParams>;

/// What to index a field with. A value.
struct IndexSpec {
  Metric metric = Metric::kIp;  ///< of a vector field; says nothing of a scalar one
  IndexParams params = FlatParams{};

  /// Reads the spelling of Milvus: `{"index_type":"HNSW","metric_type":"COSINE","params":{"M":16,
  /// "efConstruction":200}}`. `params` may be a JSON string, its values may be strings. Index
  /// types: FLAT, HNSW, IVF_FLAT, IVF_SQ8, IVF_PQ, DISKANN; INVERTED, SORTED (or STL_SORT), which
  /// have no metric_type. Parameters of DISKANN are also known as `MaxDegree`, `SearchListSize`,
  /// `pq_code_budget_gb_ratio` or `PQCodeBudgetGBRatio`, and the like. `refine` is a bool and
  /// `refine_type` FP32 (or FLAT), FP16 or SQ8. `codec` of HNSW is FP32, FP16, SQ8, SQ4 or RABITQ;
  /// HNSW_SQ is HNSW with an `sq_type`, one of them or SQ4U, and SQ8 without. InvalidArgument for
  /// anything unknown, missing or out of range.
  static absl::StatusOr<IndexSpec> FromJson(std::string_view json);

  /// The same spelling; FromJson gives back an equal spec.
  std::string ToJson() const;

  /// InvalidArgument, naming parameter, value and range.
  absl::Status Validate() const;

  /// The same, and what depends on the dim of the vectors: m divides it.
  absl::Status Validate(int32_t dim) const;

  /// "FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "IVF_PQ", "DISKANN", "INVERTED", "SORTED".
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
  /// Candidates looked at again, in multiples of the rows wanted: 1 to 1000, at most `ef`. 0 stands
  /// for as many of `ef` as may come into the answer, by the errors of the codes seen so far. An
  /// index without refine takes 0 and 1.
  float refine_k = 0;

  friend bool operator==(const HnswSearchParams&, const HnswSearchParams&) = default;
};

/// Effort of one search in IVF_FLAT, IVF_SQ8 or IVF_PQ.
struct IvfSearchParams {
  /// Lists read, 1 to 65536: more finds more and takes longer; more than there are is all. Where
  /// they hold too few rows that may be returned, more lists are read; where few rows may be
  /// returned, these are compared one by one.
  int32_t nprobe = 8;
  /// Candidates looked at again, in multiples of the rows wanted: 1 to 1000. 0 stands for as many
  /// as may come into the answer, by the errors of the codes seen so far, up to 2 for IVF_SQ8 and 8
  /// for IVF_PQ. IVF_FLAT and Refine::kNone take 0 and 1. At most 2^20 candidates, or the rows
  /// wanted.
  float refine_k = 0;

  friend bool operator==(const IvfSearchParams&, const IvfSearchParams&) = default;
};

/// Effort of one search in DISKANN.
struct DiskannSearchParams {
  /// Candidates kept while walking, k to 65536: more finds more and reads more pages. 0 stands for
  /// max(k, 16). Below k is InvalidArgument.
  int32_t search_list = 0;
  /// Reads under way at the same time, 1 to 128: more take less time where a disk is waited for,
  /// and read some pages that turn out to be of no use.
  int32_t beamwidth = 8;

  friend bool operator==(const DiskannSearchParams&, const DiskannSearchParams&) = default;
};

/// Effort by what it is to achieve, in an index of any type: FLAT is exact anyway. For collections
/// and segments; an `Index` alone has not been measured.
///
/// Each segment is searched with the smallest ef, nprobe or search_list that found this share of
/// the nearest rows when its index was built. That was measured with some of its own rows as
/// queries, which takes 3 to 15 hundredths of a build. So it holds on average, for queries that are
/// like the rows; where they are not, IndexDescription::live_recall tells what comes back. Segments
/// whose index was not measured (fewer than 1024 rows, older files) and growing rows go by a rule.
struct TargetRecall {
  /// Share of the true nearest rows that are to come back, 0.5 to 0.999.
  double recall = 0.95;

  friend bool operator==(const TargetRecall&, const TargetRecall&) = default;
};

/// Parameters of one search; std::monostate stands for the defaults of whatever index is there.
/// Parameters of another index type are InvalidArgument.
using SearchParams = std::variant<std::monostate, HnswSearchParams, IvfSearchParams, TargetRecall,
                                  DiskannSearchParams>;

}  // namespace vecdb

#endif  // VECDB_INDEX_SPEC_H_
