#include "index/diskann_index.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/sampling.h"
#include "index/answer_distance.h"
#include "index/candidate_pool.h"
#include "index/coded_query.h"
#include "index/diskann_page.h"
#include "index/diskann_plan.h"
#include "index/exact_scan.h"
#include "index/index_meta.h"
#include "index/packed_candidate.h"
#include "index/poller.h"
#include "index/query_distance.h"
#include "index/reservoir.h"
#include "index/rows_by_bound.h"
#include "index/top_rows.h"
#include "index/walk_scratch.h"
#include "schema/search_params.h"
#include "simd/row_norm.h"
#include "vecdb/log.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kNoPage = kNoRow;
constexpr float kNoDistance = std::numeric_limits<float>::infinity();
constexpr size_t kLeastReads = 2;   // under way while a walk comes nearer
constexpr size_t kLeastSlots = 16;  // so that a queue does for most searches
constexpr uint32_t kRowsPerWord = 64;

// Rows that walks may begin at: their codes are compared sooner than a page is read.
constexpr uint32_t kRowsPerEntry = 64;
constexpr size_t kMostEntries = 1024;
constexpr size_t kEntriesOfWalk = 4;

}  // namespace

struct DiskannIndex::Scratch {
  Scratch(VisitedMarks of_rows, VisitedMarks of_pages, const DiskannParts& parts, Metric metric)
      : rows(std::move(of_rows)),
        pages(std::move(of_pages)),
        walked(parts.codes.codec().MakeDistance()),
        vectors(size_t{parts.layout.nodes_per_page} * parts.layout.dim),
        norms(metric == Metric::kCosine ? parts.layout.nodes_per_page : 0),
        nodes(std::max(parts.layout.degree, parts.layout.nodes_per_page)),
        distances(nodes.size()) {}

  std::unique_ptr<store::ReadQueue> queue;  // null after an error
  size_t num_slots = 0;
  VisitedMarks rows;   // met by the walk
  VisitedMarks pages;  // read, or under way
  std::unique_ptr<codec::CodeDistance> walked;
  CandidatePool pool;
  TopRows top;
  Reservoir nearest;  // by code, of a scan
  std::vector<Candidate> candidates;
  std::vector<float> entries;       // how far they are
  std::vector<uint32_t> under_way;  // pages, by slot
  // Of one page.
  std::vector<float> vectors;
  std::vector<float> norms;
  std::vector<uint32_t> nodes;
  std::vector<float> distances;
};

struct DiskannIndex::Job {
  const RowQuery& query;
  const Context& context;
  Scratch* const scratch;
  Poller poller;
  DiskannPlan plan;
  size_t beamwidth = 0;
  SearchPlan done = SearchPlan::kExactScan;
  uint64_t num_scanned = 0;
  uint64_t num_read = 0;
  uint64_t num_cached = 0;
  uint64_t depth = 0;  // as SearchCounts::page_depth
  size_t first = 0;    // slot of the oldest read under way
  size_t num_under_way = 0;
  bool is_walking = false;

  bool IsMarked(uint32_t page) const {
    return scratch->pages.data()[page] == scratch->pages.walk();
  }
  void Mark(uint32_t page) { scratch->pages.data()[page] = scratch->pages.walk(); }
  // Reads to have under way. While a walk still comes nearer, what it would read besides is of no
  // use soon; once the nearest candidates have been read, all the others are to be read anyway.
  size_t Width() const {
    if (!is_walking) return beamwidth;
    return std::min(beamwidth, std::max(kLeastReads, scratch->pool.num_followed()));
  }
  // True the first time.
  bool Meet(uint32_t row) {
    uint8_t& mark = scratch->rows.data()[row];
    if (mark == scratch->rows.walk()) return false;
    mark = scratch->rows.walk();
    return true;
  }
};

DiskannIndex::DiskannIndex(const VectorView& view, const IndexSpec& spec, DiskannParts parts,
                           const Host& host)
    : view_(view),
      spec_(spec),
      parts_(std::move(parts)),
      entries_(codec::SampleRows(view.num_rows,
                                 std::min<size_t>(kMostEntries, view.num_rows / kRowsPerEntry),
                                 /*seed=*/0)),
      host_(host) {}

DiskannIndex::~DiskannIndex() = default;

uint32_t DiskannIndex::most_effort() const {
  return std::min(view_.num_rows, uint32_t{schema::kMaxSearchList});
}

absl::StatusOr<base::LoanPool<DiskannIndex::Scratch>::Loan> DiskannIndex::BorrowScratch(
    size_t beamwidth) const {
  auto loan = scratch_.BorrowFree();
  if (!loan.has_value()) {
    VECDB_ASSIGN_OR_RETURN(VisitedMarks rows, VisitedMarks::Make(view_.num_rows, host_));
    VECDB_ASSIGN_OR_RETURN(VisitedMarks pages,
                           VisitedMarks::Make(parts_.layout.num_pages(), host_));
    loan.emplace(scratch_.Lend(
        std::make_unique<Scratch>(std::move(rows), std::move(pages), parts_, spec_.metric)));
  }
  Scratch* const scratch = loan->get();
  if (scratch->queue == nullptr || scratch->num_slots < beamwidth) {
    scratch->queue = nullptr;
    scratch->num_slots = std::max(beamwidth, kLeastSlots);
    scratch->under_way.resize(scratch->num_slots);
    VECDB_ASSIGN_OR_RETURN(scratch->queue, parts_.pages->MakeQueue(scratch->num_slots));
  }
  return *std::move(loan);
}

absl::Status DiskannIndex::Search(const RowQuery& query, const Context& context,
                                  std::vector<Candidate>* out) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  out->clear();
  SearchCounts counts;
  if (query.counts != nullptr) *query.counts = counts;
  if (view_.num_rows == 0) return absl::OkStatus();
  const auto beamwidth = static_cast<size_t>(schema::EffectiveBeamwidth(query.params));
  VECDB_ASSIGN_OR_RETURN(const auto scratch, BorrowScratch(beamwidth));
  Job job{.query = query,
          .context = context,
          .scratch = scratch.get(),
          .poller = Poller(context, view_.dim),
          .plan = PlanDiskannSearch(query),
          .beamwidth = beamwidth};
  scratch->pages.Clear();
  scratch->top.Reset(query.k, query.order, query.limits);
  scratch->walked->SetQuery(query.vector);
  const absl::Status status = base::OrOutOfMemory([&] { return Run(&job); });
  page_reads_.fetch_add(job.num_read, std::memory_order_relaxed);
  page_hits_.fetch_add(job.num_cached, std::memory_order_relaxed);
  counts = {.plan = job.done,
            .allowed_rows = job.plan.num_allowed,
            .distances = job.poller.rows() + job.num_scanned,
            .nodes = job.poller.nodes(),
            .page_reads = job.num_read,
            .page_hits = job.num_cached,
            .page_bytes = job.num_read * parts_.layout.page_bytes,
            .page_depth = job.depth};
  if (status.ok()) {
    scratch->top.Finish(out);
  } else {
    scratch->queue = nullptr;  // reads may be under way
    if (!absl::IsDataLoss(status) || (view_.rows == nullptr && view_.reader == nullptr)) {
      return status;
    }
    ReportDamage(status);
    VECDB_RETURN_IF_ERROR(CompareRows(query, context, &counts, out));
  }
  if (query.counts != nullptr) *query.counts = counts;
  return absl::OkStatus();
}

absl::Status DiskannIndex::Run(Job* job) const {
  if (job->plan.plan == SearchPlan::kExactScan) return ScanAll(job);
  if (job->plan.walk_ef > 0) {
    job->done = job->plan.plan;
    VECDB_RETURN_IF_ERROR(Walk(job));
    const CandidatePool& pool = job->scratch->pool;
    const bool has_all = job->scratch->top.size() == job->query.k;
    if (has_all && job->query.mask.all()) return absl::OkStatus();
    size_t num_allowed = 0;
    for (size_t i = 0; i < pool.size(); ++i) num_allowed += job->query.mask.Contains(pool.node(i));
    // A filter that goes against the query leaves few rows where the walk went.
    if (has_all && 2 * num_allowed >= std::min<size_t>(job->plan.ef, pool.size())) {
      return absl::OkStatus();
    }
    job->done = SearchPlan::kWalkThenScan;
  }
  return job->query.limits.any() ? ScanAll(job) : ScanByCodes(job);
}

const std::byte* DiskannIndex::CachedPage(uint32_t page) const {
  const uint64_t offset = uint64_t{page} * parts_.layout.page_bytes;
  return offset < parts_.cache.size() ? parts_.cache.data() + offset : nullptr;
}

// Reads the pages that `next()` names, which have not been read, until it names none and none is
// under way; `use(page, bytes)` is called for each in that order. What it leads to, `next` may
// name.
template <class Next, class Use>
absl::Status DiskannIndex::ReadPages(Job* job, Next next, Use use) const {
  Scratch* const scratch = job->scratch;
  for (;;) {
    bool has_next = true;
    while (job->num_under_way < job->Width() && has_next) {
      const uint32_t page = next();
      has_next = page != kNoPage;
      if (!has_next) break;
      job->Mark(page);
      if (const std::byte* const cached = CachedPage(page)) {
        ++job->num_cached;
        VECDB_RETURN_IF_ERROR(use(page, cached));
        continue;
      }
      const size_t slot = (job->first + job->num_under_way) % scratch->num_slots;
      scratch->queue->Start(slot,
                            parts_.pages->begin() + uint64_t{page} * parts_.layout.page_bytes);
      scratch->under_way[slot] = page;
      ++job->num_under_way;
      ++job->num_read;
      job->depth += job->num_under_way;
    }
    VECDB_RETURN_IF_ERROR(scratch->queue->Submit());
    if (job->num_under_way == 0) return absl::OkStatus();
    const uint32_t page = scratch->under_way[job->first];
    VECDB_RETURN_IF_ERROR(scratch->queue->Wait(job->first, job->context));
    const std::byte* const bytes = scratch->queue->buffer(job->first);
    VECDB_RETURN_IF_ERROR(
        CheckPage(parts_.layout, page, parts_.places.as<const uint32_t>(), bytes));
    VECDB_RETURN_IF_ERROR(use(page, bytes));
    job->first = (job->first + 1) % scratch->num_slots;
    --job->num_under_way;
  }
}

// The same where pages lead nowhere: their rows are compared.
template <class Next>
absl::Status DiskannIndex::ReadAndOffer(Job* job, Next next) const {
  return ReadPages(job, next, [&](uint32_t page, const std::byte* bytes) {
    OfferNodes(job, page, bytes);
    return job->poller.Read(parts_.layout.NodesOf(page), 0);
  });
}

absl::Status DiskannIndex::Walk(Job* job) const {
  Scratch* const scratch = job->scratch;
  const std::span<const uint32_t> places = parts_.places.as<const uint32_t>();
  scratch->pool.Reset(job->plan.walk_ef);
  scratch->rows.Clear();
  if (job->query.left_out != kNoRow) job->Meet(job->query.left_out);
  VECDB_RETURN_IF_ERROR(Enter(job));
  const auto next = [&] {
    for (;;) {
      const uint32_t row = scratch->pool.FollowNearest();
      if (row == kNoRow) return kNoPage;
      const uint32_t page = parts_.layout.PageOf(places[row]);
      if (!job->IsMarked(page)) return page;
    }
  };
  job->is_walking = true;
  const absl::Status status = ReadPages(job, next, [&](uint32_t page, const std::byte* bytes) {
    OfferNodes(job, page, bytes);
    return FollowNodes(job, page, bytes);
  });
  job->is_walking = false;
  return status;
}

// The walk begins at the entry of the graph, and at rows of a sample that are near.
absl::Status DiskannIndex::Enter(Job* job) const {
  Scratch* const scratch = job->scratch;
  job->Meet(parts_.entry_row);
  scratch->pool.Insert(scratch->walked->One(parts_.codes.row(parts_.entry_row)), parts_.entry_row);
  VECDB_RETURN_IF_ERROR(job->poller.Read(entries_.size() + 1, 0));
  std::vector<float>& distances = scratch->entries;
  distances.resize(entries_.size());
  CodedQuery(parts_.codes, *scratch->walked)
      .Gather(entries_.data(), entries_.size(), kNoDistance, distances.data());
  for (size_t i = 0; i < std::min(kEntriesOfWalk, entries_.size()); ++i) {
    const auto nearest = std::min_element(distances.begin(), distances.end());
    const uint32_t row = entries_[static_cast<size_t>(nearest - distances.begin())];
    if (job->Meet(row)) scratch->pool.Insert(*nearest, row);
    *nearest = kNoDistance;
  }
  return absl::OkStatus();
}

// Compares every row of a page that may be returned.
void DiskannIndex::OfferNodes(Job* job, uint32_t page, const std::byte* bytes) const {
  Scratch* const scratch = job->scratch;
  const size_t dim = parts_.layout.dim;
  const uint32_t num_nodes = parts_.layout.NodesOf(page);
  uint32_t count = 0;
  for (uint32_t i = 0; i < num_nodes; ++i) {
    const DiskannNode node = NodeAt(parts_.layout, bytes, i);
    if (!job->query.mask.Contains(node.row)) continue;
    scratch->nodes[count] = node.row;
    std::memcpy(&scratch->vectors[count * dim], node.vector, dim * sizeof(float));
    ++count;
  }
  for (size_t i = 0; i < count && !scratch->norms.empty(); ++i) {
    scratch->norms[i] = simd::InverseNorm(&scratch->vectors[i * dim], dim);
  }
  if (count == 0) return;
  const VectorView rows{.rows = scratch->vectors.data(),
                        .num_rows = count,
                        .dim = view_.dim,
                        .inverse_norms = scratch->norms.data()};
  QueryDistance(rows, spec_.metric, job->query.vector).Block(0, count, scratch->distances.data());
  for (uint32_t i = 0; i < count; ++i) {
    scratch->top.Offer(scratch->distances[i], scratch->nodes[i]);
  }
}

// Follows the links of those rows of a page that are in the pool, or find a place there.
absl::Status DiskannIndex::FollowNodes(Job* job, uint32_t page, const std::byte* bytes) const {
  Scratch* const scratch = job->scratch;
  VECDB_RETURN_IF_ERROR(job->poller.Read(parts_.layout.NodesOf(page), 0));
  for (uint32_t i = 0; i < parts_.layout.NodesOf(page); ++i) {
    const DiskannNode node = NodeAt(parts_.layout, bytes, i);
    if (node.row == job->query.left_out && node.row != parts_.entry_row) continue;
    const float distance = scratch->walked->One(parts_.codes.row(node.row));
    if (distance > scratch->pool.worst()) continue;
    if (job->Meet(node.row)) scratch->pool.Insert(distance, node.row);
    VECDB_RETURN_IF_ERROR(FollowLinks(job, node.links));
  }
  return absl::OkStatus();
}

absl::Status DiskannIndex::FollowLinks(Job* job, std::span<const uint32_t> links) const {
  Scratch* const scratch = job->scratch;
  const CodedQuery coded(parts_.codes, *scratch->walked);
  size_t count = 0;
  for (const uint32_t row : links) {
    if (!job->Meet(row)) continue;
    coded.Prefetch(row);
    scratch->nodes[count++] = row;
  }
  VECDB_RETURN_IF_ERROR(job->poller.Read(count, 1));
  coded.Gather(scratch->nodes.data(), count, scratch->pool.worst(), scratch->distances.data());
  for (size_t i = 0; i < count; ++i) {
    if (scratch->distances[i] > scratch->pool.worst()) continue;
    scratch->pool.Insert(scratch->distances[i], scratch->nodes[i]);
  }
  return absl::OkStatus();
}

// Compares the allowed rows by code, and reads the best of them that were not read before.
absl::Status DiskannIndex::ScanByCodes(Job* job) const {
  Scratch* const scratch = job->scratch;
  const std::span<const uint32_t> places = parts_.places.as<const uint32_t>();
  scratch->nearest.Reset(job->plan.ef);
  VECDB_RETURN_IF_ERROR(ScanCodes(parts_.codes, *scratch->walked, job->query.mask, job->context,
                                  &scratch->nearest, &job->num_scanned));
  UnpackSorted(scratch->nearest.Finish(), &scratch->candidates);
  size_t at = 0;
  const auto next = [&] {
    for (; at < scratch->candidates.size(); ++at) {
      const uint32_t page = parts_.layout.PageOf(places[scratch->candidates[at].row]);
      if (!job->IsMarked(page)) return page;
    }
    return kNoPage;
  };
  return ReadAndOffer(job, next);
}

// Exact: reads pages with allowed rows that were not read before, of rows that may be in the answer
// by what their codes say.
absl::Status DiskannIndex::ScanAll(Job* job) const {
  const base::RowMask& mask = job->query.mask;
  if (view_.rows != nullptr) {
    TopRows& top = job->scratch->top;
    top.Reset(job->query.k, job->query.order, job->query.limits);
    return ScanRows(view_, spec_.metric, job->query.vector, mask, 0, job->context, &top,
                    &job->num_scanned);
  }
  if (parts_.bounds.empty()) return ScanAllPages(job);
  const auto reserved =
      base::Reservation::Make(host_.budget, job->plan.num_allowed * sizeof(Candidate),
                              "rows that may be in an answer", MemoryUse::kQueries);
  if (!reserved.ok()) return ScanAllPages(job);
  const CodeBounds::OfQuery bounds(parts_.bounds, parts_.codes.codec().spec(), job->query.vector);
  RowsByBound rows(bounds, job->query.limits);
  rows.Reserve(job->plan.num_allowed);
  VECDB_RETURN_IF_ERROR(
      ScanCodes(parts_.codes, *job->scratch->walked, mask, job->context, &rows, &job->num_scanned));
  rows.Finish();
  return ReadAndOffer(job, [&] {
    for (;;) {
      const uint32_t row = rows.Next(job->scratch->top.worst());
      if (row == kNoRow) return kNoPage;
      const uint32_t page = parts_.layout.PageOf(parts_.places.as<const uint32_t>()[row]);
      if (!job->IsMarked(page)) return page;
    }
  });
}

absl::Status DiskannIndex::ScanAllPages(Job* job) const {
  const std::span<const uint32_t> places = parts_.places.as<const uint32_t>();
  const base::RowMask& mask = job->query.mask;
  std::vector<bool> wanted(parts_.layout.num_pages(), mask.all());
  for (uint32_t row = 0; row < view_.num_rows && !mask.all(); ++row) {
    if (row % kRowsPerWord == 0 && mask.allowed != nullptr &&
        mask.allowed[row / kRowsPerWord] == 0) {
      row += kRowsPerWord - 1;
      continue;
    }
    if (mask.Contains(row)) wanted[parts_.layout.PageOf(places[row])] = true;
  }
  uint32_t at = 0;
  return ReadAndOffer(job, [&] {
    for (; at < wanted.size(); ++at) {
      if (wanted[at] && !job->IsMarked(at)) return at;
    }
    return kNoPage;
  });
}

// The answer without the pages.
absl::Status DiskannIndex::CompareRows(const RowQuery& query, const Context& context,
                                       SearchCounts* counts, std::vector<Candidate>* out) const {
  TopRows top(query.k, query.order, query.limits);
  uint64_t num_scanned = 0;
  if (view_.rows != nullptr) {
    VECDB_RETURN_IF_ERROR(
        ScanRows(view_, spec_.metric, query.vector, query.mask, 0, context, &top, &num_scanned));
  } else {
    AnswerDistance distance(view_, spec_.metric, nullptr);
    distance.SetQuery(query.vector, context);
    VECDB_RETURN_IF_ERROR(
        ScanAnswers(&distance, view_.dim, query.mask, context, &top, &num_scanned));
  }
  counts->plan = SearchPlan::kExactScan;
  counts->distances += num_scanned;
  top.Finish(out);
  return absl::OkStatus();
}

void DiskannIndex::ReportDamage(const absl::Status& damage) const {
  if (is_reported_.exchange(true, std::memory_order_relaxed) || host_.log == nullptr) return;
  host_.log->Write(LogLevel::kWarning,
                   base::StrFormat("a DISKANN index is damaged, and rows are compared one by one "
                                   "where a search comes by the damage: %s",
                                   std::string(damage.message())));
}

absl::Status DiskannIndex::Write(format::SectionWriter& writer, const Context& context) const {
  VECDB_RETURN_IF_ERROR(WriteIndexMeta(
      {.spec = spec_, .num_rows = view_.num_rows, .dim = view_.dim}, writer, context));
  return WriteDiskann(parts_, writer, context);
}

}  // namespace vecdb::index
