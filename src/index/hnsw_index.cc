#include "index/hnsw_index.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "index/answer_distance.h"
#include "index/coded_query.h"
#include "index/exact_scan.h"
#include "index/filtered_walk.h"
#include "index/hnsw_file.h"
#include "index/hnsw_search.h"
#include "index/index_meta.h"
#include "index/query_distance.h"
#include "index/reservoir.h"
#include "index/search_plan.h"
#include "schema/search_params.h"

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

// Whether it is left to the search how many candidates are compared once more.
bool ChoosesNumRefined(const RowQuery& query) {
  const auto* params = std::get_if<HnswSearchParams>(&query.params);
  return params == nullptr || params->refine_k == 0;
}

// Candidates that are compared once more at most.
size_t NumRefined(const RowQuery& query, const IndexSpec& spec) {
  const double wanted = std::ceil(query.k * schema::EffectiveRefineK(spec, query.params));
  return static_cast<size_t>(std::min<double>(wanted, kMaxRows));
}

}  // namespace

struct HnswIndex::Coded {
  Coded(const HnswCodes& codes, const VectorView& view, Metric metric)
      : walked(codes.walked.codec().MakeDistance()),
        answer(view, metric, codes.copies.has_value() ? &*codes.copies : nullptr) {}

  const std::unique_ptr<codec::CodeDistance> walked;
  AnswerDistance answer;
  Reservoir nearest;                  // by code, of a scan
  std::vector<Candidate> candidates;  // to refine, in the order of their codes
};

struct HnswIndex::Job {
  const RowQuery& query;
  const Context& context;
  WalkScratch* const scratch;
  Coded* const coded;  // nullptr without codes
  Poller poller;
  HnswPlan plan;
  // With codes: how many candidates are compared once more.
  size_t least_refined = 0;
  size_t most_refined = 0;
  SearchPlan done = SearchPlan::kExactScan;
  uint64_t num_scanned = 0;

  // True when no other row could be found.
  bool IsComplete(size_t num_found) const {
    if (num_found == query.k) return true;
    return query.mask.all() && !query.limits.any() && num_found == query.mask.num_rows;
  }
};

HnswIndex::HnswIndex(const VectorView& view, const IndexSpec& spec, HnswGraph graph,
                     std::optional<HnswCodes> codes, const Host& host)
    : view_(view),
      spec_(spec),
      graph_(std::move(graph)),
      codes_(std::move(codes)),
      scratch_(view.num_rows, host) {}

HnswIndex::~HnswIndex() = default;

uint32_t HnswIndex::most_effort() const {
  return std::min(view_.num_rows, uint32_t{schema::kMaxEf});
}

uint64_t HnswIndex::index_bytes() const {
  uint64_t bytes = graph_.bytes();
  if (codes_.has_value()) bytes += codes_->walked.bytes();
  if (codes_.has_value() && codes_->copies.has_value()) bytes += codes_->copies->bytes();
  return bytes;
}

base::LoanPool<HnswIndex::Coded>::Loan HnswIndex::BorrowCoded() const {
  if (!codes_.has_value()) return coded_.Lend(nullptr);
  if (auto free = coded_.BorrowFree()) return *std::move(free);
  return coded_.Lend(std::make_unique<Coded>(*codes_, view_, spec_.metric));
}

absl::Status HnswIndex::Search(const RowQuery& query, const Context& context,
                               std::vector<Candidate>* out) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  out->clear();
  if (query.counts != nullptr) *query.counts = {};
  if (view_.num_rows == 0) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const WalkScratchPool::Loan scratch, scratch_.Borrow());
  scratch->left_out = query.left_out;
  const base::LoanPool<Coded>::Loan coded = BorrowCoded();
  Job job{.query = query,
          .context = context,
          .scratch = scratch.get(),
          .coded = coded.get(),
          .poller = Poller(context, view_.dim),
          .plan = PlanHnswSearch(query)};
  if (job.coded != nullptr) {
    job.most_refined = NumRefined(query, spec_);
    job.least_refined = ChoosesNumRefined(query) ? query.k : job.most_refined;
    job.coded->walked->SetQuery(query.vector);
    job.coded->answer.SetQuery(query.vector, context);
  }
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
  if (job->coded != nullptr) {
    VECDB_RETURN_IF_ERROR(WalkBy(job, CodedQuery(codes_->walked, *job->coded->walked)));
  } else {
    VECDB_RETURN_IF_ERROR(WalkBy(job, QueryDistance(view_, spec_.metric, job->query.vector)));
  }
  job->done = SearchPlan::kWalk;
  return TakeNearest(job, out);
}

absl::Status HnswIndex::WalkFiltered(Job* job, std::vector<Candidate>* out) const {
  out->clear();
  const SearchPlan before = job->done;
  job->done = SearchPlan::kFilteredWalk;
  if (job->coded != nullptr) {
    VECDB_RETURN_IF_ERROR(WalkFilteredBy(job, CodedQuery(codes_->walked, *job->coded->walked)));
  } else {
    VECDB_RETURN_IF_ERROR(
        WalkFilteredBy(job, QueryDistance(view_, spec_.metric, job->query.vector)));
  }
  if (job->scratch->pool.size() > 0) return TakeNearest(job, out);
  job->done = before;  // not worth while
  return absl::OkStatus();
}

template <class Distance>
absl::StatusOr<HnswStart> HnswIndex::DescendTo0(Job* job, const Distance& distance) const {
  VECDB_ASSIGN_OR_RETURN(HnswStart start, Descend(graph_, distance, 0, job->scratch, &job->poller));
  start.node = graph_.RowOf(start.node);
  return start;
}

template <class Distance>
absl::Status HnswIndex::WalkBy(Job* job, const Distance& distance) const {
  VECDB_ASSIGN_OR_RETURN(const HnswStart start, DescendTo0(job, distance));
  return WalkLevel(graph_.level(0), distance, start, job->plan.walk_ef, job->scratch, &job->poller);
}

// Leaves the pool empty where comparing all allowed rows is better.
template <class Distance>
absl::Status HnswIndex::WalkFilteredBy(Job* job, const Distance& distance) const {
  VECDB_ASSIGN_OR_RETURN(const HnswStart start, DescendTo0(job, distance));
  const FilteredWalk walk{.level = graph_.level(0),
                          .mask = job->query.mask,
                          .num_allowed = job->plan.num_allowed,
                          .ef = job->plan.ef};
  const bool against = FilterGoesAgainst(walk, start.node);
  job->scratch->pool.Reset(1);
  if (against && ScanBeatsWalkAgainst(walk.num_allowed, walk.ef)) return absl::OkStatus();
  return WalkAllowed(walk, distance, start, against, job->scratch, &job->poller);
}

// The answer of a walk.
absl::Status HnswIndex::TakeNearest(Job* job, std::vector<Candidate>* out) const {
  if (job->coded == nullptr) {
    TakeAllowed(job->scratch->pool, job->query, out);
    return absl::OkStatus();
  }
  const CandidatePool& pool = job->scratch->pool;
  const size_t most = job->query.limits.any() ? pool.size() : job->most_refined;
  std::vector<Candidate>& candidates = job->coded->candidates;
  candidates.clear();
  for (size_t i = 0; i < pool.size() && candidates.size() < most; ++i) {
    if (!job->query.mask.Contains(pool.node(i))) continue;
    candidates.push_back({pool.distance(i), pool.node(i)});
  }
  return Refine(job, out);
}

// Compares job->coded->candidates once more.
absl::Status HnswIndex::Refine(Job* job, std::vector<Candidate>* out) const {
  TopRows& top = job->scratch->top;
  top.Reset(job->query.k, job->query.order, job->query.limits);
  const std::vector<Candidate>& candidates = job->coded->candidates;
  const size_t least = job->query.limits.any() ? candidates.size() : job->least_refined;
  VECDB_RETURN_IF_ERROR(
      RefineCandidates(candidates, least, &job->coded->answer, &top, &job->poller));
  top.Finish(out);
  return absl::OkStatus();
}

absl::Status HnswIndex::Scan(Job* job, std::vector<Candidate>* out) const {
  if (job->done != SearchPlan::kExactScan) job->done = SearchPlan::kWalkThenScan;
  if (job->coded != nullptr && !job->query.limits.any()) return ScanByCodes(job, out);
  TopRows& top = job->scratch->top;
  top.Reset(job->query.k, job->query.order, job->query.limits);
  if (job->coded != nullptr) {
    VECDB_RETURN_IF_ERROR(ScanAnswers(&job->coded->answer, view_.dim, job->query.mask, job->context,
                                      &top, &job->num_scanned));
  } else {
    VECDB_RETURN_IF_ERROR(ScanRows(view_, spec_.metric, job->query.vector, job->query.mask, 0,
                                   job->context, &top, &job->num_scanned));
  }
  top.Finish(out);
  return absl::OkStatus();
}

absl::Status HnswIndex::ScanByCodes(Job* job, std::vector<Candidate>* out) const {
  Coded* const coded = job->coded;
  const size_t ef = std::max<size_t>(job->query.k, job->plan.ef);
  coded->nearest.Reset(std::min(job->most_refined, ef));
  VECDB_RETURN_IF_ERROR(ScanCodes(codes_->walked, *coded->walked, job->query.mask, job->context,
                                  &coded->nearest, &job->num_scanned));
  UnpackSorted(coded->nearest.Finish(), &coded->candidates);
  return Refine(job, out);
}

absl::Status HnswIndex::Write(format::SectionWriter& writer, const Context& context) const {
  VECDB_RETURN_IF_ERROR(WriteIndexMeta(
      {.spec = spec_, .num_rows = view_.num_rows, .dim = view_.dim}, writer, context));
  VECDB_RETURN_IF_ERROR(WriteHnswGraph(graph_, writer, context));
  if (!codes_.has_value()) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(codes_->walked.Write(kWalkCodesTags, writer, context));
  if (!codes_->copies.has_value()) return absl::OkStatus();
  return codes_->copies->Write(kRefineCodesTags, writer, context);
}

}  // namespace vecdb::index
