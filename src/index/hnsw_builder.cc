#include "index/hnsw_builder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "index/graph_linker.h"
#include "index/hnsw_order.h"
#include "index/hnsw_repair.h"
#include "simd/distance.h"

namespace vecdb::index {
namespace {

class Builder {
 public:
  Builder(const VectorView& view, Metric metric, const HnswParams& params, const RowCodes* codes,
          const Host& host, const Context& context)
      : view_(view),
        codes_(codes),
        metric_(metric),
        ef_(static_cast<size_t>(params.ef_construction)),
        host_(host),
        context_(context) {}

  absl::StatusOr<HnswGraph> Build(const HnswParams& params, const GraphSource& source,
                                  std::atomic<uint64_t>* rows_done) {
    const auto m = static_cast<uint32_t>(params.m);
    VECDB_ASSIGN_OR_RETURN(order_, HnswOrder::Make(view_.num_rows, m, params.seed, host_));
    const bool continues = IsWorthwhile(source, view_.num_rows, m) && BeginWithTaken(source);
    VECDB_RETURN_IF_ERROR(MakeEmptyGraph(m));
    const LinkerSpec spec{.view = view_, .codes = codes_, .metric = metric_, .ef = ef_};
    if (continues) {
      VECDB_RETURN_IF_ERROR(TakeLinksOver(source, spec, host_, context_, &graph_));
    }
    VECDB_ASSIGN_OR_RETURN(const std::unique_ptr<GraphLinker> linker,
                           GraphLinker::Make(spec, graph_, 1, host_));
    if (continues) VECDB_RETURN_IF_ERROR(LinkTakenAbove(linker.get()));
    VECDB_RETURN_IF_ERROR(LinkOthers(linker.get(), rows_done));
    VECDB_RETURN_IF_ERROR(ConnectAllRows(view_, metric_, simd::KernelsFor(metric_), ef_, context_,
                                         linker->scratch(), &graph_));
    return std::move(graph_);
  }

 private:
  // Notes which rows have links, and makes one of them the first, where every walk begins. False
  // when none is high enough.
  bool BeginWithTaken(const GraphSource& source) {
    if (order_.level_counts().empty()) return false;
    is_taken_.resize(view_.num_rows);
    for (const uint32_t row : source.rows) {
      if (row == kNoRow) continue;
      is_taken_[row] = true;
      ++num_taken_;
    }
    for (uint32_t place = 0; place < order_.level_counts().front(); ++place) {
      if (!is_taken_[order_.row(place)]) continue;
      order_.PutFirst(place);
      return true;
    }
    is_taken_.clear();
    num_taken_ = 0;
    return false;
  }

  absl::Status MakeEmptyGraph(uint32_t m) {
    VECDB_ASSIGN_OR_RETURN(graph_,
                           HnswGraph::Make(view_.num_rows, m, order_.level_counts(), host_));
    for (base::LargeBuffer* links : {&graph_.base_links, &graph_.upper_links}) {
      if (links->size() > 0) std::memset(links->data(), 0xff, links->size());
    }
    graph_.entry_row = order_.row(0);
    const std::span<uint32_t> upper = graph_.upper_rows.as<uint32_t>();
    for (uint32_t node = 0; node < upper.size(); ++node) upper[node] = order_.row(node);
    return absl::OkStatus();
  }

  // Links the rows that have their links at level 0 on the levels above that they reach.
  absl::Status LinkTakenAbove(GraphLinker* linker) {
    std::vector<NewNode> batch;
    uint32_t done = 1;
    for (uint32_t place = 1; place < order_.level_counts().front(); ++place) {
      if (!is_taken_[order_.row(place)]) continue;
      batch.push_back(NodeAt(place));
      batch.back().is_at_0 = true;
      if (batch.size() < BatchSize(done)) continue;
      VECDB_RETURN_IF_ERROR(linker->Link(batch, context_));
      done += static_cast<uint32_t>(batch.size());
      batch.clear();
    }
    return linker->Link(batch, context_);
  }

  absl::Status LinkOthers(GraphLinker* linker, std::atomic<uint64_t>* rows_done) {
    std::vector<NewNode> batch;
    uint32_t done = std::max<uint32_t>(1, num_taken_);
    for (uint32_t place = 1; place < view_.num_rows; ++place) {
      if (!is_taken_.empty() && is_taken_[order_.row(place)]) continue;
      batch.push_back(NodeAt(place));
      if (batch.size() < BatchSize(done)) continue;
      VECDB_RETURN_IF_ERROR(linker->Link(batch, context_));
      done += static_cast<uint32_t>(batch.size());
      batch.clear();
      if (rows_done != nullptr) *rows_done = done;
    }
    VECDB_RETURN_IF_ERROR(linker->Link(batch, context_));
    if (rows_done != nullptr) *rows_done = view_.num_rows;
    return absl::OkStatus();
  }

  uint32_t BatchSize(uint32_t done) const {
    const uint32_t most = std::max<uint32_t>(64, view_.num_rows / 50);
    return std::min(done, most);
  }

  // Upper nodes are numbered in the order in which rows enter.
  NewNode NodeAt(uint32_t place) const {
    size_t level = 0;
    while (level < graph_.top_level() && place < graph_.num_nodes(level + 1)) ++level;
    return {.row = order_.row(place), .node = place, .top_level = level};
  }

  const VectorView view_;
  const RowCodes* const codes_;
  const Metric metric_;
  const size_t ef_;
  const Host host_;
  const Context& context_;
  HnswOrder order_;
  HnswGraph graph_;
  std::vector<bool> is_taken_;  // by row; empty: none is
  uint32_t num_taken_ = 0;
};

}  // namespace

absl::StatusOr<HnswGraph> BuildHnswGraph(const VectorView& view, Metric metric,
                                         const HnswParams& params, const Host& host,
                                         const Context& context) {
  return BuildHnswGraph(view, metric, params, nullptr, host, context);
}

absl::StatusOr<HnswGraph> BuildHnswGraph(const VectorView& view, Metric metric,
                                         const HnswParams& params, const RowCodes* codes,
                                         const Host& host, const Context& context,
                                         std::atomic<uint64_t>* rows_done,
                                         const GraphSource& source) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (view.num_rows == 0) return HnswGraph::Make(0, static_cast<uint32_t>(params.m), {}, host);
  return Builder(view, metric, params, codes, host, context).Build(params, source, rows_done);
}

}  // namespace vecdb::index
