#include "index/hnsw_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "index/coded_query.h"
#include "index/hnsw_order.h"
#include "index/hnsw_repair.h"
#include "index/hnsw_search.h"
#include "index/neighbor_selector.h"
#include "index/walk_scratch.h"
#include "simd/distance.h"

namespace vecdb::index {
namespace {

// A link chosen by a row of the batch, which its target may answer.
struct Link {
  uint32_t target = 0;
  LinkCandidate source{};
};

// What one strand of the parallel work keeps to itself.
struct Strand {
  Strand(VisitedMarks marks, RowDistance of_rows, RowDistance for_selector, const RowCodes* codes,
         size_t levels)
      : scratch(std::move(marks)),
        distance(std::move(of_rows)),
        selector(std::move(for_selector)),
        coded(codes == nullptr ? nullptr : codes->codec().MakeDistance()),
        links(levels) {}

  WalkScratch scratch;
  const RowDistance distance;
  NeighborSelector selector;
  std::unique_ptr<codec::CodeDistance> coded;  // where walks are by codes
  std::vector<LinkCandidate> candidates;
  std::vector<uint32_t> rows;
  std::vector<float> distances;
  std::vector<std::vector<Link>> links;  // by level, of this batch
};

class Builder {
 public:
  Builder(const VectorView& view, Metric metric, const HnswParams& params, const RowCodes* codes,
          const Host& host, const Context& context)
      : view_(view),
        codes_(codes),
        metric_(metric),
        kernels_(simd::KernelsFor(metric)),
        ef_(static_cast<size_t>(params.ef_construction)),
        host_(host),
        context_(context) {}

  absl::StatusOr<HnswGraph> Build(const HnswParams& params, std::atomic<uint64_t>* rows_done) {
    VECDB_RETURN_IF_ERROR(Prepare(params));
    for (uint32_t done = 1; done < view_.num_rows;) {
      const uint32_t end = done + BatchSize(done);
      VECDB_RETURN_IF_ERROR(LinkBatch(done, end));
      for (size_t level = 0; level <= graph_.top_level(); ++level) {
        VECDB_RETURN_IF_ERROR(AnswerLinks(level));
      }
      done = end;
      if (rows_done != nullptr) *rows_done = done;
    }
    VECDB_RETURN_IF_ERROR(Repair());
    return std::move(graph_);
  }

 private:
  static constexpr size_t kPieceRows = 4;
  static constexpr size_t kBuckets = 64;

  absl::Status Prepare(const HnswParams& params) {
    const auto m = static_cast<uint32_t>(params.m);
    VECDB_ASSIGN_OR_RETURN(order_, HnswOrder::Make(view_.num_rows, m, params.seed, host_));
    VECDB_ASSIGN_OR_RETURN(graph_,
                           HnswGraph::Make(view_.num_rows, m, order_.level_counts(), host_));
    for (base::LargeBuffer* links : {&graph_.base_links, &graph_.upper_links}) {
      if (links->size() > 0) std::memset(links->data(), 0xff, links->size());
    }
    graph_.entry_row = order_.row(0);
    const std::span<uint32_t> upper = graph_.upper_rows.as<uint32_t>();
    for (uint32_t node = 0; node < upper.size(); ++node) upper[node] = order_.row(node);
    for (size_t i = 0; i < base::MaxStrands(host_.executor); ++i) {
      VECDB_ASSIGN_OR_RETURN(VisitedMarks marks, VisitedMarks::Make(view_.num_rows, host_));
      strands_.push_back(std::make_unique<Strand>(
          std::move(marks), MakeRowDistance(), MakeRowDistance(), codes_, graph_.top_level() + 1));
    }
    return absl::OkStatus();
  }

  // The rows of a batch do not see each other: 2 % of all keeps the harm to the graph unmeasurable.
  uint32_t BatchSize(uint32_t done) const {
    const uint32_t most = std::max<uint32_t>(64, view_.num_rows / 50);
    return std::min({done, most, view_.num_rows - done});
  }

  // Lets the rows at [begin, end) of the order choose their links in the graph as it is. Nothing
  // leads to them before AnswerLinks, so that what they write is read by nobody.
  absl::Status LinkBatch(uint32_t begin, uint32_t end) {
    const size_t pieces = (end - begin + kPieceRows - 1) / kPieceRows;
    return base::ParallelFor(host_.executor, Priority::kBackground, pieces, context_,
                             [&](size_t piece, size_t strand) -> absl::Status {
                               const auto first = static_cast<uint32_t>(begin + piece * kPieceRows);
                               const uint32_t last = std::min<uint32_t>(end, first + kPieceRows);
                               for (uint32_t place = first; place < last; ++place) {
                                 VECDB_RETURN_IF_ERROR(LinkRow(place, strands_[strand].get()));
                               }
                               return absl::OkStatus();
                             });
  }

  // Codes that two rows can be compared by are fine enough to choose links by.
  bool LinksByCodes() const { return codes_ != nullptr && codes_->codec().CanCompareCodes(); }

  RowDistance MakeRowDistance() const {
    return LinksByCodes() ? RowDistance(*codes_, view_, metric_, kernels_)
                          : RowDistance(view_, metric_, kernels_);
  }

  absl::Status LinkRow(uint32_t place, Strand* strand) {
    const uint32_t row = order_.row(place);
    if (codes_ == nullptr) {
      return LinkRowBy(QueryDistance(view_, metric_, kernels_, row), row, place, strand);
    }
    strand->coded->SetQuery(view_.row(row));
    return LinkRowBy(CodedQuery(*codes_, *strand->coded), row, place, strand);
  }

  template <class Walked>
  absl::Status LinkRowBy(const Walked& walked, uint32_t row, uint32_t place, Strand* strand) {
    Poller poller(context_, view_.dim);
    size_t level = 0;
    while (level < graph_.top_level() && place < graph_.num_nodes(level + 1)) ++level;
    VECDB_ASSIGN_OR_RETURN(HnswStart start,
                           Descend(graph_, walked, level, &strand->scratch, &poller));
    for (;; --level) {
      const HnswLevel view = graph_.level(level);
      if (level == 0) start.node = graph_.RowOf(start.node);
      VECDB_RETURN_IF_ERROR(WalkLevel(view, walked, start, ef_, &strand->scratch, &poller));
      const CandidatePool& pool = strand->scratch.pool;
      strand->candidates.clear();
      for (size_t i = 0; i < pool.size(); ++i) {
        strand->candidates.push_back({pool.distance(i), pool.node(i), view.row(pool.node(i))});
      }
      if (codes_ != nullptr && !LinksByCodes()) CompareRows(row, strand);
      ChooseLinks(level, level == 0 ? row : place, row, strand);
      if (level == 0) return absl::OkStatus();
      start = {pool.node(0), pool.distance(0)};
    }
  }

  // Gives the candidates of a walk by codes the distances that links are chosen by.
  static void CompareRows(uint32_t row, Strand* strand) {
    strand->rows.clear();
    for (const LinkCandidate& candidate : strand->candidates) {
      strand->rows.push_back(candidate.row);
    }
    strand->distances.resize(strand->rows.size());
    strand->distance.From(row, strand->rows.data(), strand->rows.size(),
                          std::numeric_limits<float>::infinity(), strand->distances.data());
    for (size_t i = 0; i < strand->candidates.size(); ++i) {
      strand->candidates[i].distance = strand->distances[i];
    }
  }

  void ChooseLinks(size_t level, uint32_t node, uint32_t row, Strand* strand) {
    std::sort(strand->candidates.begin(), strand->candidates.end());
    const auto chosen = strand->selector.Select(strand->candidates, graph_.m);
    uint32_t* links = graph_.level(level).of(node);
    for (const LinkCandidate& choice : chosen) {
      *links++ = choice.node;
      strand->links[level].push_back({choice.node, {choice.distance, node, row}});
    }
  }

  // Links back: every target of the batch's links takes them up, or chooses anew when it has no
  // room. Targets are spread over buckets; within one they are taken in an order of their own, so
  // that threads make no difference.
  absl::Status AnswerLinks(size_t level) {
    buckets_.resize(kBuckets);
    for (std::vector<Link>& bucket : buckets_) bucket.clear();
    for (const std::unique_ptr<Strand>& strand : strands_) {
      for (const Link& link : strand->links[level]) {
        buckets_[link.target % kBuckets].push_back(link);
      }
      strand->links[level].clear();
    }
    return base::ParallelFor(host_.executor, Priority::kBackground, kBuckets, context_,
                             [&](size_t bucket, size_t strand) -> absl::Status {
                               AnswerBucket(level, &buckets_[bucket], strands_[strand].get());
                               return absl::OkStatus();
                             });
  }

  void AnswerBucket(size_t level, std::vector<Link>* bucket, Strand* strand) {
    std::sort(bucket->begin(), bucket->end(), [](const Link& a, const Link& b) {
      return a.target != b.target ? a.target < b.target : a.source < b.source;
    });
    for (size_t begin = 0; begin < bucket->size();) {
      size_t end = begin + 1;
      while (end < bucket->size() && (*bucket)[end].target == (*bucket)[begin].target) ++end;
      Answer(level, std::span(*bucket).subspan(begin, end - begin), strand);
      begin = end;
    }
  }

  void Answer(size_t level, std::span<const Link> links, Strand* strand) {
    const HnswLevel view = graph_.level(level);
    uint32_t* const out = view.of(links.front().target);
    const size_t count = CountLinks(out, view.degree);
    if (count + links.size() <= view.degree) {
      for (size_t i = 0; i < links.size(); ++i) out[count + i] = links[i].source.node;
      return;
    }
    CollectLinks(view, links.front().target, count, strand);
    for (const Link& link : links) strand->candidates.push_back(link.source);
    std::sort(strand->candidates.begin(), strand->candidates.end());
    const auto chosen = strand->selector.Select(strand->candidates, view.degree);
    for (size_t i = 0; i < view.degree; ++i) {
      out[i] = i < chosen.size() ? chosen[i].node : kNoRow;
    }
  }

  // The present links of a node, with their distances, into strand->candidates.
  void CollectLinks(const HnswLevel& view, uint32_t node, size_t count, Strand* strand) {
    const uint32_t* const links = view.of(node);
    strand->rows.resize(count);
    strand->distances.resize(count);
    for (size_t i = 0; i < count; ++i) strand->rows[i] = view.row(links[i]);
    strand->distance.From(view.row(node), strand->rows.data(), count,
                          std::numeric_limits<float>::infinity(), strand->distances.data());
    strand->candidates.clear();
    for (size_t i = 0; i < count; ++i) {
      strand->candidates.push_back({strand->distances[i], links[i], strand->rows[i]});
    }
  }

  absl::Status Repair() {
    return ConnectAllRows(view_, metric_, kernels_, ef_, context_, &strands_.front()->scratch,
                          &graph_);
  }

  const VectorView view_;
  const RowCodes* const codes_;
  const Metric metric_;
  const simd::DistanceKernels& kernels_;
  const size_t ef_;
  const Host host_;
  const Context& context_;
  HnswOrder order_;
  HnswGraph graph_;
  std::vector<std::unique_ptr<Strand>> strands_;
  std::vector<std::vector<Link>> buckets_;
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
                                         std::atomic<uint64_t>* rows_done) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (view.num_rows == 0) return HnswGraph::Make(0, static_cast<uint32_t>(params.m), {}, host);
  return Builder(view, metric, params, codes, host, context).Build(params, rows_done);
}

}  // namespace vecdb::index
