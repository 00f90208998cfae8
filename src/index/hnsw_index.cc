#include "index/hnsw_index.h"

#include <algorithm>

#include "base/status_macros.h"
#include "index/exact_scan.h"
#include "index/filtered_walk.h"
#include "index/hnsw_file.h"
#include "index/hnsw_search.h"
#include "index/index_meta.h"
#include "index/query_distance.h"
#include "index/search_plan.h"

namespace vecdb::index {
namespace {

bool MayReturn(const RowQuery& query, const Candidate& candidate) {
  return query.mask.Contains(candidate.row) &&
         query.limits.Contains(candidate.distance, candidate.row);
}

// The nearest k rows of the pool that may be returned; it is sorted by distance, with ties in the
// order of results.
void TakeAllowed(const CandidatePool& pool, const RowQuery& query, std::vector<Candidate>* out) {
  const bool all = query.mask.all() && !query.limits.any();
  out->clear();
  for (size_t i = 0; i < pool.size(); ++i) {
    const Candidate candidate{pool.distance(i), pool.node(i)};
    if (out->size() >= query.k && candidate.distance > (*out)[query.k - 1].distance) break;
    if (all || MayReturn(query, candidate)) out->push_back(candidate);
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

struct HnswIndex::Job {
  const RowQuery& query;
  const QueryDistance distance;
  const Context& context;
  WalkScratch* const scratch;
  Poller poller;
  HnswPlan plan;
  SearchPlan done = SearchPlan::kExactScan;
  uint64_t num_scanned = 0;

  // True when no other row could be found.
  bool IsComplete(size_t num_found) const {
    if (num_found == query.k) return true;
    return query.mask.all() && !query.limits.any() && num_found == query.mask.num_rows;
  }
};

absl::Status HnswIndex::Search(const RowQuery& query, const Context& context,
                               std::vector<Candidate>* out) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  out->clear();
  if (query.counts != nullptr) *query.counts = {};
  if (view_.num_rows == 0) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const WalkScratchPool::Loan scratch, scratch_.Borrow());
  Job job{.query = query,
          .distance = QueryDistance(view_, spec_.metric, query.vector),
          .context = context,
          .scratch = scratch.get(),
          .poller = Poller(context, view_.dim),
          .plan = PlanHnswSearch(query)};
  const absl::Status status = Run(&job, out);
  if (query.counts != nullptr) {
    *query.counts = {.plan = job.done,
                     .allowed_rows = job.plan.num_allowed,
                     .distances = job.poller.rows() + job.num_scanned,
                     .nodes = job.poller.nodes()};
  }
  return status;
}

absl::Status HnswIndex::Run(Job* job, std::vector<Candidate>* out) const {
  if (job->plan.plan == SearchPlan::kWalk) {
    VECDB_RETURN_IF_ERROR(Walk(job, out));
    if (job->IsComplete(out->size())) return absl::OkStatus();
  }
  const bool limits_are_short = job->done == SearchPlan::kWalk && job->query.limits.any();
  if (job->plan.plan != SearchPlan::kExactScan && !job->query.mask.all() && !limits_are_short) {
    VECDB_RETURN_IF_ERROR(WalkFiltered(job, out));
    if (job->IsComplete(out->size())) return absl::OkStatus();
  }
  return Scan(job, out);
}

absl::Status HnswIndex::Walk(Job* job, std::vector<Candidate>* out) const {
  VECDB_ASSIGN_OR_RETURN(HnswStart start,
                         Descend(graph_, job->distance, 0, job->scratch, &job->poller));
  start.node = graph_.RowOf(start.node);
  VECDB_RETURN_IF_ERROR(WalkLevel(graph_.level(0), job->distance, start, job->plan.walk_ef,
                                  job->scratch, &job->poller));
  job->done = SearchPlan::kWalk;
  TakeAllowed(job->scratch->pool, job->query, out);
  return absl::OkStatus();
}

absl::Status HnswIndex::WalkFiltered(Job* job, std::vector<Candidate>* out) const {
  VECDB_ASSIGN_OR_RETURN(HnswStart start,
                         Descend(graph_, job->distance, 0, job->scratch, &job->poller));
  start.node = graph_.RowOf(start.node);
  const FilteredWalk walk{.level = graph_.level(0),
                          .distance = job->distance,
                          .mask = job->query.mask,
                          .num_allowed = job->plan.num_allowed,
                          .ef = job->plan.ef};
  const bool against = FilterGoesAgainst(walk, start.node);
  out->clear();
  if (against && ScanBeatsWalkAgainst(walk.num_allowed, walk.ef)) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(WalkAllowed(walk, start, against, job->scratch, &job->poller));
  job->done = SearchPlan::kFilteredWalk;
  TakeAllowed(job->scratch->pool, job->query, out);
  return absl::OkStatus();
}

absl::Status HnswIndex::Scan(Job* job, std::vector<Candidate>* out) const {
  if (job->done != SearchPlan::kExactScan) job->done = SearchPlan::kWalkThenScan;
  TopRows& top = job->scratch->top;
  top.Reset(job->query.k, job->query.order, job->query.limits);
  VECDB_RETURN_IF_ERROR(ScanRows(view_, spec_.metric, job->query.vector, job->query.mask, 0,
                                 job->context, &top, &job->num_scanned));
  top.Finish(out);
  return absl::OkStatus();
}

absl::Status HnswIndex::Write(format::SectionWriter& writer, const Context& context) const {
  VECDB_RETURN_IF_ERROR(WriteIndexMeta(
      {.spec = spec_, .num_rows = view_.num_rows, .dim = view_.dim}, writer, context));
  return WriteHnswGraph(graph_, writer, context);
}

}  // namespace vecdb::index
