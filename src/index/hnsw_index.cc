#include "index/hnsw_index.h"

#include <algorithm>

#include "base/status_macros.h"
#include "index/exact_scan.h"
#include "index/hnsw_file.h"
#include "index/hnsw_search.h"
#include "index/index_meta.h"
#include "index/query_distance.h"
#include "schema/search_params.h"

namespace vecdb::index {
namespace {

// A walk that keeps one candidate more takes as long as scanning this many rows more, measured on
// fashion-mnist-784 and msdocs-lsa-256.
constexpr uint64_t kRowsPerCandidate = 12;

// The nearest k allowed rows of the pool, which is sorted by distance, with ties in the order of
// results.
void TakeAllowed(const CandidatePool& pool, const RowQuery& query, std::vector<Candidate>* out) {
  const bool all = query.mask.all();
  out->clear();
  for (size_t i = 0; i < pool.size(); ++i) {
    const Candidate candidate{pool.distance(i), pool.node(i)};
    if (out->size() >= query.k && candidate.distance > (*out)[query.k - 1].distance) break;
    if (all || query.mask.Contains(candidate.row)) out->push_back(candidate);
  }
  for (auto begin = out->begin(); begin != out->end();) {
    auto end = begin + 1;
    while (end != out->end() && end->distance == begin->distance) ++end;
    if (end - begin > 1) {
      std::sort(begin, end, [&](const Candidate& a, const Candidate& b) {
        return IsNearer(a, b, query.order);
      });
    }
    begin = end;
  }
  if (out->size() > query.k) out->resize(query.k);
}

}  // namespace

absl::Status HnswIndex::Search(const RowQuery& query, const Context& context,
                               std::vector<Candidate>* out) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  out->clear();
  if (view_.num_rows == 0) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const WalkScratchPool::Loan scratch, scratch_.Borrow());
  if (const size_t ef = PlanEf(query); ef > 0) {
    VECDB_RETURN_IF_ERROR(Walk(query, ef, context, scratch.get()));
    TakeAllowed(scratch.get()->pool, query, out);
    const bool complete = query.mask.all() && out->size() == view_.num_rows;
    if (out->size() == query.k || complete) return absl::OkStatus();
  }
  return Scan(query, context, scratch.get(), out);
}

size_t HnswIndex::PlanEf(const RowQuery& query) const {
  const uint64_t num_rows = view_.num_rows;
  const auto k = static_cast<int32_t>(std::min<uint32_t>(query.k, kMaxRows));
  const auto ef = static_cast<uint64_t>(std::max(k, schema::EffectiveEf(query.params, k)));
  const uint64_t allowed = query.mask.all() ? num_rows : query.mask.Estimate();
  if (allowed <= query.k) return 0;
  const uint64_t kept = (ef * num_rows + allowed - 1) / allowed;
  if (allowed <= kept * kRowsPerCandidate) return 0;
  return static_cast<size_t>(std::min(kept, num_rows));
}

absl::Status HnswIndex::Walk(const RowQuery& query, size_t ef, const Context& context,
                             WalkScratch* scratch) const {
  const QueryDistance distance(view_, spec_.metric, query.vector);
  Poller poller(context, view_.dim);
  VECDB_ASSIGN_OR_RETURN(HnswStart start, Descend(graph_, distance, 0, scratch, &poller));
  start.node = graph_.RowOf(start.node);
  return WalkLevel(graph_.level(0), distance, start, ef, scratch, &poller);
}

absl::Status HnswIndex::Scan(const RowQuery& query, const Context& context, WalkScratch* scratch,
                             std::vector<Candidate>* out) const {
  scratch->top.Reset(query.k, query.order);
  VECDB_RETURN_IF_ERROR(
      ScanRows(view_, spec_.metric, query.vector, query.mask, 0, context, &scratch->top));
  scratch->top.Finish(out);
  return absl::OkStatus();
}

absl::Status HnswIndex::Write(format::SectionWriter& writer, const Context& context) const {
  VECDB_RETURN_IF_ERROR(WriteIndexMeta(
      {.spec = spec_, .num_rows = view_.num_rows, .dim = view_.dim}, writer, context));
  return WriteHnswGraph(graph_, writer, context);
}

}  // namespace vecdb::index
