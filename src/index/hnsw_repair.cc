#include "index/hnsw_repair.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/status_macros.h"
#include "index/hnsw_search.h"
#include "index/query_distance.h"

namespace vecdb::index {
namespace {

class Repair {
 public:
  Repair(const VectorView& view, Metric metric, const simd::DistanceKernels& kernels, size_t ef,
         const Context& context, WalkScratch* scratch, HnswGraph* graph)
      : view_(view),
        metric_(metric),
        kernels_(kernels),
        ef_(ef),
        context_(context),
        scratch_(scratch),
        graph_(graph),
        links_(graph->level(0)),
        reached_(view.num_rows, false) {}

  absl::Status Run() {
    VECDB_RETURN_IF_ERROR(ReachFrom(graph_->entry_row));
    for (uint32_t row = 0; row < view_.num_rows; ++row) {
      if (reached_[row]) continue;
      VECDB_RETURN_IF_ERROR(Connect(row));
      VECDB_RETURN_IF_ERROR(ReachFrom(row));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReachFrom(uint32_t row) {
    Poller poller(context_, static_cast<int>(links_.degree));
    reached_[row] = true;
    todo_.assign(1, row);
    while (!todo_.empty()) {
      VECDB_RETURN_IF_ERROR(poller.Read(1));
      const uint32_t* const links = links_.of(todo_.back());
      todo_.pop_back();
      for (size_t i = 0; i < links_.degree && links[i] != kNoRow; ++i) {
        if (reached_[links[i]]) continue;
        reached_[links[i]] = true;
        todo_.push_back(links[i]);
      }
    }
    return absl::OkStatus();
  }

  // Links `row` from a near row that is reached.
  absl::Status Connect(uint32_t row) {
    VECDB_RETURN_IF_ERROR(FindReachedNear(row));
    for (const uint32_t near : near_) {
      uint32_t* const links = links_.of(near);
      const size_t count = CountLinks(links, links_.degree);
      if (count == links_.degree) continue;
      links[count] = row;
      return absl::OkStatus();
    }
    Splice(near_.front(), row);
    return absl::OkStatus();
  }

  // Reached rows near `row` into near_, at least one. A walk that comes down the upper levels may
  // begin at a row that is not reached itself; from the entry row all that it finds are.
  absl::Status FindReachedNear(uint32_t row) {
    const QueryDistance distance(view_, metric_, kernels_, row);
    Poller poller(context_, view_.dim);
    VECDB_ASSIGN_OR_RETURN(HnswStart start, Descend(*graph_, distance, 0, scratch_, &poller));
    start.node = graph_->RowOf(start.node);
    VECDB_RETURN_IF_ERROR(CollectReached(distance, start, &poller));
    if (!near_.empty()) return absl::OkStatus();
    start = {graph_->entry_row, distance.One(graph_->entry_row)};
    return CollectReached(distance, start, &poller);
  }

  absl::Status CollectReached(const QueryDistance& distance, HnswStart start, Poller* poller) {
    VECDB_RETURN_IF_ERROR(WalkLevel(links_, distance, start, ef_, scratch_, poller));
    near_.clear();
    const CandidatePool& pool = scratch_->pool;
    for (size_t i = 0; i < pool.size(); ++i) {
      if (reached_[pool.node(i)]) near_.push_back(pool.node(i));
    }
    return absl::OkStatus();
  }

  // near -> last becomes near -> row -> last: what was reached through that link still is. The link
  // that `row` may lose in exchange led to nothing reached, for `row` was not.
  void Splice(uint32_t near, uint32_t row) {
    uint32_t& last = links_.of(near)[links_.degree - 1];
    uint32_t* const links = links_.of(row);
    const size_t count = CountLinks(links, links_.degree);
    if (std::find(links, links + count, last) == links + count) {
      links[std::min(count, links_.degree - 1)] = last;
    }
    last = row;
  }

  const VectorView view_;
  const Metric metric_;
  const simd::DistanceKernels& kernels_;
  const size_t ef_;
  const Context& context_;
  WalkScratch* const scratch_;
  HnswGraph* const graph_;
  const HnswLevel links_;
  std::vector<bool> reached_;
  std::vector<uint32_t> todo_;
  std::vector<uint32_t> near_;
};

}  // namespace

absl::Status ConnectAllRows(const VectorView& view, Metric metric,
                            const simd::DistanceKernels& kernels, size_t ef, const Context& context,
                            WalkScratch* scratch, HnswGraph* graph) {
  return Repair(view, metric, kernels, ef, context, scratch, graph).Run();
}

}  // namespace vecdb::index
