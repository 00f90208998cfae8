#ifndef VECDB_BENCHMARKS_ANN_RECALL_H_
#define VECDB_BENCHMARKS_ANN_RECALL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.h"

namespace vecdb::bench {

/// Says how many of the true k nearest rows an answer holds, with ties given the benefit.
///
/// A returned row counts when it is among the first k of the truth, or when its exact distance is
/// at most that of the k-th plus what float32 cannot tell apart (DistanceTolerance): rows that are
/// equally far are equally right. A row returned twice counts once, one that is not in the base
/// never. The data set must outlive it. Immutable, thread-safe.
class RecallJudge {
 public:
  RecallJudge(const Dataset& dataset, size_t k);

  /// Rows that there are to be found for a query: k, or fewer when a filter leaves fewer.
  size_t Wanted(size_t query) const;

  /// Hits among the ids returned for a query, 0 to Wanted.
  size_t Hits(size_t query, std::span<const uint32_t> ids) const;

 private:
  const Dataset& dataset_;
  const size_t k_;
  std::vector<double> farthest_;  // per query, the distance up to which a row is right
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_RECALL_H_
