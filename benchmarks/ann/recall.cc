#include "ann/recall.h"

#include <algorithm>
#include <limits>

#include "data/distance.h"

namespace vecdb::bench {

RecallJudge::RecallJudge(const Dataset& dataset, size_t k) : dataset_(dataset), k_(k) {
  farthest_.reserve(dataset.queries.num_rows());
  for (size_t query = 0; query < dataset.queries.num_rows(); ++query) {
    const auto vector = dataset.queries.row(query);
    const size_t wanted = Wanted(query);
    if (wanted == 0) {
      farthest_.push_back(-std::numeric_limits<double>::infinity());
      continue;
    }
    const auto last = dataset.base.row(dataset.truth.of(query)[wanted - 1]);
    farthest_.push_back(ExactDistance(dataset.metric, vector, last) +
                        DistanceTolerance(dataset.metric, vector, last));
  }
}

size_t RecallJudge::Wanted(size_t query) const {
  const std::span<const uint32_t> truth = dataset_.truth.of(query).first(k_);
  return static_cast<size_t>(std::find(truth.begin(), truth.end(), kNoRow) - truth.begin());
}

size_t RecallJudge::Hits(size_t query, std::span<const uint32_t> ids) const {
  const std::span<const uint32_t> truth = dataset_.truth.of(query).first(Wanted(query));
  const auto is_right = [&](uint32_t id) {
    if (std::find(truth.begin(), truth.end(), id) != truth.end()) return true;
    return id < dataset_.base.num_rows() &&
           ExactDistance(dataset_.metric, dataset_.queries.row(query), dataset_.base.row(id)) <=
               farthest_[query];
  };
  size_t hits = 0;
  for (auto id = ids.begin(); id != ids.end(); ++id) {
    const bool repeated = std::find(ids.begin(), id, *id) != id;
    if (!repeated && is_right(*id)) ++hits;
  }
  return std::min(hits, truth.size());
}

}  // namespace vecdb::bench
