#include "index/graph_linker.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/parallel_for.h"
#include "base/split_mix.h"
#include "base/status_macros.h"
#include "index/coded_query.h"
#include "index/hnsw_search.h"
#include "index/poller.h"
#include "index/query_distance.h"

namespace vecdb::index {
namespace {

constexpr size_t kRowsOfPiece = 4;
constexpr size_t kBuckets = 64;
constexpr size_t kFewLinks = 256;  // answered sooner than other threads have come

bool ChoosesByCodes(const LinkerSpec& spec) {
  if (spec.codes == nullptr) return false;
  return spec.view.rows == nullptr || spec.codes->codec().CanCompareCodes();
}

}  // namespace

RowDistance MakeRowDistance(const LinkerSpec& spec) {
  const simd::DistanceKernels& kernels = simd::KernelsFor(spec.metric);
  return ChoosesByCodes(spec) ? RowDistance(*spec.codes, spec.view, spec.metric, kernels)
                              : RowDistance(spec.view, spec.metric, kernels);
}

struct GraphLinker::BackLink {
  uint32_t target = 0;
  LinkCandidate source{};
};

struct GraphLinker::Strand {
  Strand(VisitedMarks marks, RowDistance of_rows, RowDistance for_selector, bool spreads,
         const RowCodes* codes, size_t levels)
      : scratch(std::move(marks)),
        distance(std::move(of_rows)),
        selector(std::move(for_selector), spreads),
        coded(codes == nullptr ? nullptr : codes->codec().MakeDistance()),
        links(levels) {}

  WalkScratch scratch;
  const RowDistance distance;
  NeighborSelector selector;
  std::unique_ptr<codec::CodeDistance> coded;  // where walks are by codes
  std::vector<LinkCandidate> candidates;
  std::vector<uint32_t> rows;
  std::vector<float> distances;
  std::vector<std::vector<BackLink>> links;  // by level, of this batch
  // Deferred, and the links of level 0 that come and go with them.
  ListChanges changes;
  std::vector<uint32_t> added;
  std::vector<uint32_t> dropped;
};

GraphLinker::GraphLinker(const LinkerSpec& spec, const HnswGraph& graph, const Host& host)
    : spec_(spec), graph_(graph), host_(host), kernels_(simd::KernelsFor(spec.metric)) {}

GraphLinker::~GraphLinker() = default;

absl::StatusOr<std::unique_ptr<GraphLinker>> GraphLinker::Make(const LinkerSpec& spec,
                                                               const HnswGraph& graph,
                                                               uint32_t num_linked,
                                                               const Host& host) {
  std::unique_ptr<GraphLinker> linker(new GraphLinker(spec, graph, host));
  for (size_t i = 0; i < base::MaxStrands(host.executor); ++i) {
    VECDB_ASSIGN_OR_RETURN(VisitedMarks marks, VisitedMarks::Make(graph.num_rows, host));
    linker->strands_.push_back(std::make_unique<Strand>(std::move(marks), MakeRowDistance(spec),
                                                        MakeRowDistance(spec), spec.defer,
                                                        spec.codes, graph.top_level() + 1));
  }
  if (spec.defer) {
    VECDB_ASSIGN_OR_RETURN(linker->inlets_, RowInlets::Make(graph.num_rows, host));
    linker->inlets_.Count(graph.level(0), num_linked);
  }
  return linker;
}

WalkScratch* GraphLinker::scratch() { return &strands_.front()->scratch; }

absl::Status GraphLinker::Link(std::span<const NewNode> rows, const Context& context) {
  ForgetLast();
  if (counts_are_off_ && !rows.empty()) {
    inlets_.Count(graph_.level(0), rows.front().row);
    counts_are_off_ = false;
  }
  VECDB_RETURN_IF_ERROR(LinkRows(rows, context));
  for (size_t level = 0; level <= graph_.top_level(); ++level) {
    VECDB_RETURN_IF_ERROR(AnswerLinks(level, context));
  }
  if (spec_.defer) KeepReachable(rows);
  return absl::OkStatus();
}

// The rows choose their links in the graph as it is. Nothing leads to them before AnswerLinks, so
// that what they write is read by nobody.
absl::Status GraphLinker::LinkRows(std::span<const NewNode> rows, const Context& context) {
  const size_t pieces = (rows.size() + kRowsOfPiece - 1) / kRowsOfPiece;
  return base::ParallelFor(host_.executor, Priority::kBackground, pieces, context,
                           [&](size_t piece, size_t strand) -> absl::Status {
                             const size_t first = piece * kRowsOfPiece;
                             const size_t count = std::min(kRowsOfPiece, rows.size() - first);
                             for (const NewNode& row : rows.subspan(first, count)) {
                               VECDB_RETURN_IF_ERROR(LinkRow(row, context, strands_[strand].get()));
                             }
                             return absl::OkStatus();
                           });
}

// Sees to it that a link leads to every row of level 0, those of the batch too.
void GraphLinker::KeepReachable(std::span<const NewNode> rows) {
  std::vector<ListChanges*> changes;
  std::vector<uint32_t> new_rows;
  counts_are_off_ = true;  // when there is no memory to come to the end
  for (const std::unique_ptr<Strand>& strand : strands_) {
    changes.push_back(&strand->changes);
    for (const uint32_t row : strand->added) inlets_.Add(row);
  }
  for (const std::unique_ptr<Strand>& strand : strands_) {
    for (const uint32_t row : strand->dropped) inlets_.Remove(row);
  }
  for (const NewNode& row : rows) new_rows.push_back(row.row);
  inlets_.Restore(graph_, new_rows, changes);
  counts_are_off_ = false;
}

// What an earlier batch that failed has left.
void GraphLinker::ForgetLast() {
  for (const std::unique_ptr<Strand>& strand : strands_) {
    for (std::vector<BackLink>& links : strand->links) links.clear();
    strand->changes.Clear();
    strand->added.clear();
    strand->dropped.clear();
  }
}

absl::Status GraphLinker::LinkRow(const NewNode& row, const Context& context, Strand* strand) {
  if (spec_.codes == nullptr) {
    return LinkRowBy(QueryDistance(spec_.view, spec_.metric, kernels_, row.row), row, context,
                     strand);
  }
  if (spec_.view.rows != nullptr) {
    strand->coded->SetQuery(spec_.view.row(row.row));
  } else {
    strand->coded->SetCode(spec_.codes->row(row.row));
  }
  return LinkRowBy(CodedQuery(*spec_.codes, *strand->coded), row, context, strand);
}

template <class Walked>
absl::Status GraphLinker::LinkRowBy(const Walked& walked, const NewNode& row,
                                    const Context& context, Strand* strand) {
  Poller poller(context, spec_.view.dim);
  size_t level = row.top_level;
  VECDB_ASSIGN_OR_RETURN(HnswStart start,
                         Descend(graph_, walked, level, &strand->scratch, &poller));
  for (;; --level) {
    const HnswLevel view = graph_.level(level);
    if (level == 0) start.node = graph_.RowOf(start.node);
    VECDB_RETURN_IF_ERROR(WalkLevel(view, walked, start, spec_.ef, &strand->scratch, &poller));
    const CandidatePool& pool = strand->scratch.pool;
    strand->candidates.clear();
    for (size_t i = 0; i < pool.size(); ++i) {
      strand->candidates.push_back({pool.distance(i), pool.node(i), view.row(pool.node(i))});
    }
    if (spec_.codes != nullptr && !ChoosesByCodes(spec_)) CompareRows(row.row, strand);
    ChooseLinks(level, level == 0 ? row.row : row.node, row.row, strand);
    if (level == (row.is_at_0 ? 1 : 0)) return absl::OkStatus();
    start = {pool.node(0), pool.distance(0)};
  }
}

// Gives the candidates of a walk by codes the distances that links are chosen by.
void GraphLinker::CompareRows(uint32_t row, Strand* strand) {
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

// Nearest to `row` first. With `defer` chance decides between equals: else the oldest of many equal
// rows would get all links, and the newest none.
void GraphLinker::SortCandidates(uint32_t row, Strand* strand) const {
  std::vector<LinkCandidate>& candidates = strand->candidates;
  if (!spec_.defer) {
    std::sort(candidates.begin(), candidates.end());
    return;
  }
  const uint64_t seed = uint64_t{row} << 32;
  std::sort(candidates.begin(), candidates.end(),
            [seed](const LinkCandidate& a, const LinkCandidate& b) {
              if (a.distance != b.distance) return a.distance < b.distance;
              return base::MixBits(seed + a.row) < base::MixBits(seed + b.row);
            });
}

void GraphLinker::ChooseLinks(size_t level, uint32_t node, uint32_t row, Strand* strand) {
  SortCandidates(row, strand);
  const auto chosen = strand->selector.Select(strand->candidates, graph_.m);
  const HnswLevel view = graph_.level(level);
  uint32_t* const links = view.of(node);
  for (size_t i = 0; i < chosen.size(); ++i) {
    links[i] = chosen[i].node;
    strand->links[level].push_back({chosen[i].node, {chosen[i].distance, node, row}});
  }
  if (spec_.defer && level == 0) {
    strand->added.insert(strand->added.end(), links, links + chosen.size());
  }
  std::fill(links + chosen.size(), links + view.degree, kNoRow);
}

// Links back: every target of the batch's links takes them up, or chooses anew when it has no room.
// Targets are spread over buckets; within one they are taken in an order of their own, so that
// threads make no difference.
absl::Status GraphLinker::AnswerLinks(size_t level, const Context& context) {
  buckets_.resize(kBuckets);
  for (std::vector<BackLink>& bucket : buckets_) bucket.clear();
  size_t num_links = 0;
  for (const std::unique_ptr<Strand>& strand : strands_) {
    for (const BackLink& link : strand->links[level]) {
      buckets_[link.target % kBuckets].push_back(link);
    }
    num_links += strand->links[level].size();
    strand->links[level].clear();
  }
  Executor* const executor = num_links < kFewLinks ? nullptr : host_.executor;
  return base::ParallelFor(executor, Priority::kBackground, kBuckets, context,
                           [&](size_t bucket, size_t strand) -> absl::Status {
                             AnswerBucket(level, &buckets_[bucket], strands_[strand].get());
                             return absl::OkStatus();
                           });
}

void GraphLinker::AnswerBucket(size_t level, std::vector<BackLink>* bucket, Strand* strand) {
  std::sort(bucket->begin(), bucket->end(), [](const BackLink& a, const BackLink& b) {
    return a.target != b.target ? a.target < b.target : a.source < b.source;
  });
  for (size_t begin = 0; begin < bucket->size();) {
    size_t end = begin + 1;
    while (end < bucket->size() && (*bucket)[end].target == (*bucket)[begin].target) ++end;
    Answer(level, std::span(*bucket).subspan(begin, end - begin), strand);
    begin = end;
  }
}

void GraphLinker::Answer(size_t level, std::span<const BackLink> links, Strand* strand) {
  const HnswLevel view = graph_.level(level);
  uint32_t* out = view.of(links.front().target);
  const size_t count = CountLinks(out, view.degree);
  if (spec_.defer) out = strand->changes.Copy(out, view.degree);
  const bool counts = spec_.defer && level == 0;
  if (count + links.size() <= view.degree) {
    for (size_t i = 0; i < links.size(); ++i) out[count + i] = links[i].source.node;
    for (size_t i = 0; i < links.size() && counts; ++i) strand->added.push_back(out[count + i]);
    return;
  }
  CollectLinks(view, links.front().target, count, strand);
  for (const BackLink& link : links) strand->candidates.push_back(link.source);
  SortCandidates(view.row(links.front().target), strand);
  const auto chosen = strand->selector.Select(strand->candidates, view.degree);
  if (counts) NoteChanges({out, count}, chosen, strand);
  for (size_t i = 0; i < view.degree; ++i) {
    out[i] = i < chosen.size() ? chosen[i].node : kNoRow;
  }
}

// Which links of level 0 come and go when `old` becomes `chosen`.
void GraphLinker::NoteChanges(std::span<const uint32_t> old, std::span<const LinkCandidate> chosen,
                              Strand* strand) {
  const auto is_node = [](uint32_t node) {
    return [node](const LinkCandidate& candidate) { return candidate.node == node; };
  };
  for (const uint32_t node : old) {
    if (std::ranges::none_of(chosen, is_node(node))) strand->dropped.push_back(node);
  }
  for (const LinkCandidate& one : chosen) {
    if (std::ranges::find(old, one.node) == old.end()) strand->added.push_back(one.node);
  }
}

// The present links of a node, with their distances, into strand->candidates.
void GraphLinker::CollectLinks(const HnswLevel& view, uint32_t node, size_t count, Strand* strand) {
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

void GraphLinker::Apply() {
  for (const std::unique_ptr<Strand>& strand : strands_) strand->changes.Apply();
  ForgetLast();
}

}  // namespace vecdb::index
