#include "index/ivf_index.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/reservation.h"
#include "base/status_macros.h"
#include "codec/normalise.h"
#include "index/exact_scan.h"
#include "index/hnsw_file.h"
#include "index/index_meta.h"
#include "index/ivf_file.h"
#include "index/poller.h"
#include "index/search_plan.h"
#include "schema/search_params.h"

namespace vecdb::index {
namespace {

// So few rows are compared one by one, whatever the lists.
constexpr uint64_t kScannedRows = 1000;

// Where the lists to be read hold fewer allowed rows than so many times k, all allowed rows are
// compared, up to a limit.
constexpr double kLeastRowsPerK = 4;
constexpr uint64_t kMostScannedRows = 20000;

// Lists looked at by the walk through their centroids.
constexpr int32_t kLeastListEf = 64;
constexpr int32_t kListEfPerProbe = 2;

// Copies scaled to length 1 are rounded anew, so that their order may differ in the last digits.
constexpr size_t kRoundedRows = 16;
constexpr float kCosineRounding = 1e-5f;

// Held by a query: a list's distance, in the order and beside it; a candidate, twice in the
// reservoir and once in order.
constexpr uint64_t kBytesPerList = sizeof(PackedCandidate) + sizeof(float);
constexpr uint64_t kBytesPerCandidate = 2 * sizeof(PackedCandidate) + sizeof(Candidate);

constexpr double kMostCandidates = 1 << 20;  // compared again, where fewer rows are wanted

bool ScanBeatsLists(const RowQuery& query, uint64_t allowed, double share_of_lists) {
  if (query.limits.after != nullptr || allowed <= query.k) return true;
  if (query.mask.all()) return false;
  if (allowed <= kScannedRows) return true;
  const double expected = static_cast<double>(allowed) * share_of_lists;
  return allowed <= kMostScannedRows && expected < kLeastRowsPerK * query.k;
}

// Takes the graph, and borrows the centroids, whose numbers stay where they are when the lists are
// moved.
std::unique_ptr<const HnswIndex> IndexOfCentroids(IvfLists* lists, Metric metric,
                                                  const Host& host) {
  if (!lists->graph.has_value()) return nullptr;
  HnswGraph graph = *std::move(lists->graph);
  lists->graph.reset();
  const IndexSpec spec{
      .metric = CentroidMetric(metric),
      .params = HnswParams{.m = static_cast<int32_t>(kListGraphM), .codec = HnswCodec::kFloat32}};
  return std::make_unique<HnswIndex>(CentroidRows(lists->centroids), spec, std::move(graph),
                                     std::nullopt, host);
}

}  // namespace

struct IvfIndex::Scratch {
  explicit Scratch(const IvfIndex& index)
      : scanner(index.lists_, index.spec_),
        query(index.lists_.centroids.dim()),
        answer(index.view_, index.spec_.metric, index.copies()) {}

  ListOrder order;
  ListScanner scanner;
  std::vector<float> query;        ///< scaled
  std::vector<Candidate> nearest;  ///< lists
  Reservoir pool;
  std::vector<Candidate> candidates;  ///< the pool, in the order of codes
  AnswerDistance answer;
  TopRows top;
  base::Reservation reserved;  ///< for what grows with lists and candidates
};

// One query under way. `vector` is its own, or the scaled one of the scratch.
struct IvfIndex::Job {
  Job(const IvfIndex& index, const RowQuery& asked, const Context& asked_context)
      : query(asked),
        context(asked_context),
        scratch(index.BorrowScratch()),
        poller(asked_context, index.view_.dim),
        nprobe(index.NumListsOf(asked)),
        exactly(asked.limits.any()) {}

  const RowQuery& query;
  const Context& context;
  const base::LoanPool<Scratch>::Loan scratch;
  Poller poller;
  const size_t nprobe;
  bool exactly;  ///< by the rows, not by the codes
  const float* vector = nullptr;
};

IvfIndex::IvfIndex(const VectorView& view, const IndexSpec& spec, IvfLists lists,
                   std::optional<RowCodes> copies, const Host& host)
    : view_(view),
      spec_(spec),
      budget_(host.budget),
      centroids_(IndexOfCentroids(&lists, spec.metric, host)),
      lists_(std::move(lists)),
      copies_(std::move(copies)) {}

IvfIndex::~IvfIndex() = default;

uint64_t IvfIndex::index_bytes() const {
  return lists_.bytes() + (centroids_ == nullptr ? 0 : centroids_->index_bytes()) +
         (copies_.has_value() ? copies_->bytes() : 0);
}

base::LoanPool<IvfIndex::Scratch>::Loan IvfIndex::BorrowScratch() const {
  if (auto free = scratch_.BorrowFree()) return *std::move(free);
  return scratch_.Lend(std::make_unique<Scratch>(*this));
}

size_t IvfIndex::NprobeOf(const RowQuery& query) const {
  return std::min(lists_.layout.num_lists(),
                  static_cast<size_t>(schema::EffectiveNprobe(query.params)));
}

bool IvfIndex::IsForLists(const RowQuery& query) const {
  const double share =
      static_cast<double>(NprobeOf(query)) / static_cast<double>(lists_.layout.num_lists());
  return !ScanBeatsLists(query, CountAllowed(query), share);
}

// Whether it is left to the search how many candidates are compared once more. Those of IVF_FLAT
// all are, which is how ties are found.
bool IvfIndex::ChoosesNumRefined(const RowQuery& query) const {
  if (std::holds_alternative<IvfFlatParams>(spec_.params)) return false;
  const auto* params = std::get_if<IvfSearchParams>(&query.params);
  return params == nullptr || params->refine_k == 0;
}

// Rows that would have to be read from a disk are found by the codes of all lists instead.
bool IvfIndex::IsForScan(const RowQuery& query) const {
  return !IsForLists(query) && (query.limits.any() || !reads_rows());
}

size_t IvfIndex::NumListsOf(const RowQuery& query) const {
  return IsForLists(query) ? NprobeOf(query) : lists_.layout.num_lists();
}

absl::Status IvfIndex::Search(const RowQuery& query, const Context& context,
                              std::vector<Candidate>* out) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  out->clear();
  if (query.counts != nullptr) *query.counts = {};
  if (view_.num_rows == 0) return absl::OkStatus();
  if (IsForScan(query)) return Scan(query, context, out);
  Job job(*this, query, context);
  VECDB_RETURN_IF_ERROR(Begin(&job));
  VECDB_RETURN_IF_ERROR(ScanFrom(&job, 0));
  return End(&job, out);
}

// Compares all rows that may be returned.
absl::Status IvfIndex::Scan(const RowQuery& query, const Context& context,
                            std::vector<Candidate>* out) const {
  const auto scratch = BorrowScratch();
  scratch->answer.SetQuery(query.vector, context);
  scratch->top.Reset(query.k, query.order, query.limits);
  uint64_t num_scanned = 0;
  VECDB_RETURN_IF_ERROR(
      ScanAnswers(&scratch->answer, view_.dim, query.mask, context, &scratch->top, &num_scanned));
  scratch->top.Finish(out);
  if (query.counts != nullptr) {
    *query.counts = {.allowed_rows = num_scanned, .distances = num_scanned};
  }
  return absl::OkStatus();
}

absl::Status IvfIndex::SearchBatch(std::span<const RowQuery> queries, const Context& context,
                                   std::span<std::vector<Candidate>> out) const {
  std::vector<std::unique_ptr<Job>> jobs;
  std::vector<size_t> places;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (view_.num_rows == 0 || IsForScan(queries[i])) {
      VECDB_RETURN_IF_ERROR(Search(queries[i], context, &out[i]));
      continue;
    }
    jobs.push_back(std::make_unique<Job>(*this, queries[i], context));
    places.push_back(i);
    VECDB_RETURN_IF_ERROR(Begin(jobs.back().get()));
  }
  VECDB_RETURN_IF_ERROR(ShareLists(jobs));
  for (size_t i = 0; i < jobs.size(); ++i) {
    VECDB_RETURN_IF_ERROR(ScanFrom(jobs[i].get(), jobs[i]->nprobe));
    VECDB_RETURN_IF_ERROR(End(jobs[i].get(), &out[places[i]]));
  }
  return absl::OkStatus();
}

absl::Status IvfIndex::Begin(Job* job) const {
  Scratch* scratch = job->scratch.get();
  const RowQuery& query = job->query;
  job->vector = query.vector;
  if (spec_.metric == Metric::kCosine) {
    codec::Normalise(query.vector, scratch->query.size(), scratch->query.data());
    job->vector = scratch->query.data();
  }
  const double wanted = query.k * schema::EffectiveRefineK(spec_, query.params);
  const double most = std::max<double>(query.k, kMostCandidates);
  const size_t pool_rows = std::min<size_t>(
      view_.num_rows, static_cast<size_t>(std::ceil(std::min(wanted, most))) + kRoundedRows);
  const uint64_t needed =
      lists_.layout.num_lists() * kBytesPerList + pool_rows * kBytesPerCandidate;
  if (needed > scratch->reserved.bytes()) {
    scratch->reserved = {};
    VECDB_ASSIGN_OR_RETURN(scratch->reserved,
                           base::Reservation::Make(budget_, needed, "the candidates of a search",
                                                   MemoryUse::kQueries));
  }
  scratch->pool.Reset(pool_rows);
  scratch->top.Reset(query.k, query.order, query.limits);
  scratch->answer.SetQuery(query.vector, job->context);
  scratch->scanner.SetQuery(job->vector);
  return OrderLists(job);
}

absl::Status IvfIndex::OrderLists(Job* job) const {
  Scratch* scratch = job->scratch.get();
  if (centroids_ == nullptr) {
    scratch->order.Reset(lists_.centroids, job->vector, job->nprobe);
    return job->poller.Read(lists_.layout.num_lists(), 0);
  }
  const auto num_lists = static_cast<uint32_t>(lists_.layout.num_lists());
  const auto ef = std::max(kLeastListEf, kListEfPerProbe * static_cast<int32_t>(job->nprobe));
  SearchCounts counts;
  const RowQuery nearest{.vector = job->vector,
                         .k = static_cast<uint32_t>(job->nprobe),
                         .params = HnswSearchParams{.ef = std::min(ef, schema::kMaxEf)},
                         .mask = {.num_rows = num_lists},
                         .counts = &counts};
  VECDB_RETURN_IF_ERROR(centroids_->Search(nearest, job->context, &scratch->nearest));
  scratch->order.Reset(lists_.centroids, job->vector, scratch->nearest);
  return job->poller.Read(counts.distances, 0);
}

absl::Status IvfIndex::ScanList(Job* job, const Candidate& list) const {
  Scratch* scratch = job->scratch.get();
  return job->exactly ? ScanListExactly(lists_, list.row, job->query.mask, &scratch->answer,
                                        &scratch->top, &job->poller)
                      : scratch->scanner.Scan(list.row, list.distance, job->query.mask,
                                              &scratch->pool, &job->poller);
}

// Reads the lists from a place in their order on: up to nprobe of them, and more while rows are
// missing.
absl::Status IvfIndex::ScanFrom(Job* job, size_t place) const {
  Scratch* scratch = job->scratch.get();
  for (; place < lists_.layout.num_lists(); ++place) {
    const size_t found = job->exactly ? scratch->top.size() : scratch->pool.size();
    if (place >= job->nprobe && found >= job->query.k) break;
    VECDB_RETURN_IF_ERROR(ScanList(job, scratch->order.At(place)));
  }
  return absl::OkStatus();
}

// Reads nprobe lists for each, list after list. What a query keeps does not depend on the order.
absl::Status IvfIndex::ShareLists(std::span<std::unique_ptr<Job>> jobs) const {
  struct Visit {
    Candidate list;
    Job* job;
  };
  std::vector<Visit> visits;
  for (const std::unique_ptr<Job>& job : jobs) {
    for (size_t place = 0; place < job->nprobe; ++place) {
      visits.push_back({job->scratch->order.At(place), job.get()});
    }
  }
  std::stable_sort(visits.begin(), visits.end(),
                   [](const Visit& a, const Visit& b) { return a.list.row < b.list.row; });
  for (const Visit& visit : visits) VECDB_RETURN_IF_ERROR(ScanList(visit.job, visit.list));
  return absl::OkStatus();
}

// Compares the candidates as float32 and hands out the answer.
absl::Status IvfIndex::End(Job* job, std::vector<Candidate>* out) const {
  Scratch* scratch = job->scratch.get();
  const RowQuery& query = job->query;
  if (!job->exactly) {
    UnpackSorted(scratch->pool.Finish(), &scratch->candidates);
    const size_t least = ChoosesNumRefined(job->query) ? query.k : scratch->candidates.size();
    VECDB_RETURN_IF_ERROR(RefineCandidates(scratch->candidates, least, &scratch->answer,
                                           &scratch->top, &job->poller));
    if (LostATie(*job)) {
      job->exactly = true;
      scratch->top.Reset(query.k, query.order, query.limits);
      VECDB_RETURN_IF_ERROR(ScanFrom(job, 0));
    }
  }
  scratch->top.Finish(out);
  if (query.counts != nullptr) {
    *query.counts = {.plan = query.mask.all() ? SearchPlan::kWalk : SearchPlan::kFilteredWalk,
                     .allowed_rows = CountAllowed(query),
                     .distances = job->poller.rows(),
                     .nodes = job->poller.nodes()};
  }
  return absl::OkStatus();
}

// Whether a row that is as near as the last of the answer may have been thrown away, which the
// order of rows at equal distances would have put before it. Codes of others than IVF_FLAT are not
// exact enough to ask.
bool IvfIndex::LostATie(const Job& job) const {
  if (!std::holds_alternative<IvfFlatParams>(spec_.params)) return false;
  const float rounding = spec_.metric == Metric::kCosine ? kCosineRounding : 0;
  const Reservoir& pool = job.scratch->pool;
  return pool.has_dropped() && pool.nearest_dropped() <= job.scratch->top.worst() + rounding;
}

absl::Status IvfIndex::Write(format::SectionWriter& writer, const Context& context) const {
  VECDB_RETURN_IF_ERROR(WriteIndexMeta(
      {.spec = spec_, .num_rows = view_.num_rows, .dim = view_.dim}, writer, context));
  VECDB_RETURN_IF_ERROR(WriteIvfLists(lists_, spec_, writer, context));
  if (centroids_ != nullptr) {
    VECDB_RETURN_IF_ERROR(WriteHnswGraph(centroids_->graph(), writer, context));
  }
  return copies_.has_value() ? copies_->Write(kRefineCodesTags, writer, context) : absl::OkStatus();
}

}  // namespace vecdb::index
