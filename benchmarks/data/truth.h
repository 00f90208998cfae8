#ifndef VECDB_BENCHMARKS_DATA_TRUTH_H_
#define VECDB_BENCHMARKS_DATA_TRUTH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/matrix.h"
#include "data/row_set.h"
#include "vecdb/index_spec.h"

namespace vecdb::bench {

/// No row: what fills the places of a truth or an answer that has fewer than k.
inline constexpr uint32_t kNoRow = 0xFFFFFFFF;

/// The true nearest rows of each query, nearest first, equal distances by lower row; kNoRow where
/// there are fewer than k.
struct Truth {
  size_t num_queries = 0;
  size_t k = 0;
  std::vector<uint32_t> ids{};  ///< num_queries * k

  std::span<const uint32_t> of(size_t query) const {
    return std::span<const uint32_t>(ids).subspan(query * k, k);
  }
};

/// Reads .ibin (uint32 queries, uint32 k, queries * k uint32 ids, then nothing or as many float32
/// distances, which are not looked at) or .ivecs (per query: int32 k, k int32 ids). Errors as
/// ReadVectors.
absl::StatusOr<Truth> ReadTruth(const std::string& path);

/// Compares every query with every row, in double precision, on `num_threads` threads. k is at most
/// the number of rows. With `allowed`, only the rows of that set count.
Truth ComputeTruth(Metric metric, const Matrix& base, const Matrix& queries, size_t k,
                   int num_threads, const RowSet* allowed = nullptr);

/// InvalidArgument, naming query and place, unless every id is a row of `base` and the first k
/// distances of each query do not fall: a truth of another set, or of another metric, is found out
/// here.
absl::Status CheckTruth(const Truth& truth, Metric metric, const Matrix& base,
                        const Matrix& queries, size_t k);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_TRUTH_H_
