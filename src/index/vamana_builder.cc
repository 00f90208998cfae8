#include "index/vamana_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/large_buffer.h"
#include "base/parallel_for.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "codec/sampling.h"
#include "index/coded_query.h"
#include "index/graph_linker.h"
#include "index/hnsw_order.h"
#include "index/hnsw_repair.h"
#include "index/hnsw_search.h"
#include "index/neighbor_selector.h"
#include "index/poller.h"
#include "index/query_distance.h"
#include "index/row_distance.h"
#include "index/walk_scratch.h"
#include "simd/distance.h"

namespace vecdb::index {
namespace {

// Of the second pass; of squared distances, as the authors' program has it.
constexpr float kStretch = 1.2f;

// The first pass looks at as many rows less: the graph of the second is as good (recall within
// 0.0007 on sift), and is built in 0.86 of the time.
constexpr size_t kFirstPassShare = 2;

constexpr size_t kRowsOfTask = 4;
constexpr size_t kTargetBuckets = 64;
constexpr uint32_t kLeastBatch = 64;
constexpr uint32_t kBatchesOfPass = 50;  // as in HNSW: more rows that do not see each other do harm
constexpr size_t kMiddleSample = 8192;

// A link chosen by a row, which its target may answer.
struct ChosenLink {
  uint32_t target = 0;
  LinkCandidate source{};
};

uint32_t MostOfBatch(uint32_t num_rows) { return std::max(kLeastBatch, num_rows / kBatchesOfPass); }

// The links of a batch, and twice those that are to be answered.
uint64_t BatchBytes(uint32_t num_rows, uint64_t degree) {
  return MostOfBatch(num_rows) * degree * (sizeof(uint32_t) + 2 * sizeof(ChosenLink));
}

struct VamanaStrand {
  VamanaStrand(VisitedMarks marks, RowDistance of_rows, RowDistance for_selector,
               const RowCodes* codes)
      : scratch(std::move(marks)),
        distance(std::move(of_rows)),
        selector(std::move(for_selector)),
        coded(codes == nullptr ? nullptr : codes->codec().MakeDistance()) {}

  WalkScratch scratch;
  const RowDistance distance;
  NeighborSelector selector;
  std::unique_ptr<codec::CodeDistance> coded;
  std::vector<LinkCandidate> candidates;
  std::vector<uint32_t> rows;
  std::vector<float> distances;
  std::vector<ChosenLink> links;  // of this batch
};

class VamanaBuilder {
 public:
  VamanaBuilder(const VectorView& view, Metric metric, const VamanaParams& params,
                const RowCodes* codes, const Host& host, const Context& context)
      : view_(view),
        metric_(metric),
        params_(params),
        codes_(codes),
        host_(host),
        context_(context),
        kernels_(simd::KernelsFor(metric)) {}

  absl::StatusOr<HnswGraph> Build(const GraphSource& source, std::atomic<uint64_t>* rows_done) {
    const bool continues = IsWorthwhile(source, view_.num_rows, HalfDegree());
    if (continues) MarkTaken(source);
    VECDB_RETURN_IF_ERROR(Prepare());
    if (continues) {
      const LinkerSpec spec{.view = view_, .codes = codes_, .metric = metric_, .stretch = kStretch};
      VECDB_RETURN_IF_ERROR(TakeLinksOver(source, spec, host_, context_, &graph_));
    }
    for (const bool is_last : {false, true}) VECDB_RETURN_IF_ERROR(LinkRows(is_last, rows_done));
    VECDB_RETURN_IF_ERROR(ConnectAllRows(view_, metric_, kernels_, params_.search_list_size,
                                         context_, &strands_.front()->scratch, &graph_));
    if (rows_done != nullptr) *rows_done = view_.num_rows;
    return std::move(graph_);
  }

 private:
  uint32_t HalfDegree() const { return (params_.max_degree + 1) / 2; }

  void MarkTaken(const GraphSource& source) {
    is_taken_.resize(view_.num_rows);
    for (const uint32_t row : source.rows) {
      if (row != kNoRow) is_taken_[row] = true;
    }
  }

  bool IsTaken(uint32_t row) const { return !is_taken_.empty() && is_taken_[row]; }

  // In an order of chance; the levels of it are of no use here.
  absl::Status ListRowsToLink() {
    VECDB_ASSIGN_OR_RETURN(const HnswOrder order,
                           HnswOrder::Make(view_.num_rows, 1 << 16, params_.seed, host_));
    VECDB_ASSIGN_OR_RETURN(
        to_link_, base::LargeBuffer::Make(size_t{view_.num_rows} * sizeof(uint32_t), host_,
                                          "the order of rows to link", MemoryUse::kBuilds));
    for (uint32_t place = 0; place < view_.num_rows; ++place) {
      const uint32_t row = order.row(place);
      if (!IsTaken(row)) to_link_.as<uint32_t>()[num_to_link_++] = row;
    }
    return absl::OkStatus();
  }

  absl::Status Prepare() {
    VECDB_RETURN_IF_ERROR(ListRowsToLink());
    VECDB_ASSIGN_OR_RETURN(graph_, HnswGraph::Make(view_.num_rows, HalfDegree(), {}, host_));
    std::memset(graph_.base_links.data(), 0xff, graph_.base_links.size());
    VECDB_ASSIGN_OR_RETURN(graph_.entry_row, FindMiddle());
    level_ = graph_.level(0);
    VECDB_ASSIGN_OR_RETURN(
        reserved_, base::Reservation::Make(host_.budget, BatchBytes(view_.num_rows, level_.degree),
                                           "the links of a batch", MemoryUse::kBuilds));
    for (size_t i = 0; i < base::MaxStrands(host_.executor); ++i) {
      VECDB_ASSIGN_OR_RETURN(VisitedMarks marks, VisitedMarks::Make(view_.num_rows, host_));
      strands_.push_back(std::make_unique<VamanaStrand>(std::move(marks), MakeRowDistance(),
                                                        MakeRowDistance(), codes_));
    }
    return absl::OkStatus();
  }

  bool ChoosesByCodes() const { return codes_ != nullptr && codes_->codec().CanCompareCodes(); }

  RowDistance MakeRowDistance() const {
    return ChoosesByCodes() ? RowDistance(*codes_, view_, metric_, kernels_)
                            : RowDistance(view_, metric_, kernels_);
  }

  // The row of a sample that is nearest to the mean of it, of those that have links where any have:
  // every walk begins there.
  absl::StatusOr<uint32_t> FindMiddle() const {
    const auto dim = static_cast<size_t>(view_.dim);
    const std::vector<uint32_t> sample =
        codec::SampleRows(view_.num_rows, kMiddleSample, params_.seed);
    const auto scale_of = [&](uint32_t row) {
      return metric_ == Metric::kCosine ? view_.inverse_norms[row] : 1.0f;
    };
    std::vector<double> sum(dim);
    for (const uint32_t row : sample) {
      for (size_t d = 0; d < dim; ++d) {
        sum[d] += static_cast<double>(view_.row(row)[d] * scale_of(row));
      }
    }
    VECDB_RETURN_IF_ERROR(context_.Check());
    uint32_t nearest = sample.front();
    if (!is_taken_.empty()) {
      const auto taken = std::find(is_taken_.begin(), is_taken_.end(), true);
      nearest = static_cast<uint32_t>(taken - is_taken_.begin());
    }
    double least = std::numeric_limits<double>::infinity();
    for (const uint32_t row : sample) {
      if (!is_taken_.empty() && !is_taken_[row]) continue;
      double distance = 0;
      for (size_t d = 0; d < dim; ++d) {
        const double mean = sum[d] / static_cast<double>(sample.size());
        const double off = static_cast<double>(view_.row(row)[d] * scale_of(row)) - mean;
        distance += off * off;
      }
      if (distance >= least) continue;
      least = distance;
      nearest = row;
    }
    return nearest;
  }

  // One pass over the rows that are to be linked.
  absl::Status LinkRows(bool is_last, std::atomic<uint64_t>* rows_done) {
    list_size_ = std::max<size_t>(1, params_.search_list_size / (is_last ? 1 : kFirstPassShare));
    for (const std::unique_ptr<VamanaStrand>& strand : strands_) {
      strand->selector.SetStretch(is_last ? kStretch : 1, metric_);
    }
    const uint32_t begun = view_.num_rows - num_to_link_ + (is_last ? num_to_link_ / 2 : 0);
    for (uint32_t done = 0; done < num_to_link_;) {
      const uint32_t count = BatchSize(done, is_last);
      VECDB_RETURN_IF_ERROR(LinkBatch(done, count, is_last));
      done += count;
      if (rows_done != nullptr) *rows_done = begun + done / 2;
    }
    return absl::OkStatus();
  }

  uint32_t BatchSize(uint32_t done, bool is_last) const {
    const uint32_t most = MostOfBatch(view_.num_rows);
    const uint32_t grown = is_last ? most : std::max<uint32_t>(1, done);
    return std::min({grown, most, num_to_link_ - done});
  }

  // Links the rows from `first` on in to_link_. They see the graph without each other.
  absl::Status LinkBatch(uint32_t first, uint32_t count, bool is_last) {
    const std::span<const uint32_t> rows = to_link_.as<const uint32_t>().subspan(first, count);
    new_links_.resize(size_t{count} * level_.degree);
    for (const std::unique_ptr<VamanaStrand>& strand : strands_) strand->links.clear();
    const absl::Status chosen = base::ParallelFor(
        host_.executor, Priority::kBackground, (count + kRowsOfTask - 1) / kRowsOfTask, context_,
        [&](size_t task, size_t strand) -> absl::Status {
          const auto begin = static_cast<uint32_t>(task * kRowsOfTask);
          const uint32_t end = std::min<uint32_t>(count, begin + kRowsOfTask);
          for (uint32_t i = begin; i < end; ++i) {
            VECDB_RETURN_IF_ERROR(ChooseLinks(
                rows[i], is_last, &new_links_[size_t{i} * level_.degree], strands_[strand].get()));
          }
          return absl::OkStatus();
        });
    VECDB_RETURN_IF_ERROR(chosen);
    for (uint32_t i = 0; i < count; ++i) {
      std::memcpy(level_.of(rows[i]), &new_links_[size_t{i} * level_.degree],
                  level_.degree * sizeof(uint32_t));
    }
    return AnswerLinks();
  }

  absl::Status ChooseLinks(uint32_t row, bool is_last, uint32_t* out, VamanaStrand* strand) const {
    if (codes_ == nullptr) {
      VECDB_RETURN_IF_ERROR(WalkTo(row, QueryDistance(view_, metric_, kernels_, row), strand));
    } else {
      strand->coded->SetQuery(view_.row(row));
      VECDB_RETURN_IF_ERROR(WalkTo(row, CodedQuery(*codes_, *strand->coded), strand));
    }
    CollectMet(row, strand);
    if (is_last) CollectLinks(row, strand);
    Select(strand, [&](std::span<const LinkCandidate> chosen) {
      for (size_t i = 0; i < level_.degree; ++i) {
        out[i] = i < chosen.size() ? chosen[i].row : kNoRow;
      }
      for (const LinkCandidate& link : chosen) {
        strand->links.push_back({link.row, {link.distance, row, row}});
      }
    });
    return absl::OkStatus();
  }

  template <class Walked>
  absl::Status WalkTo(uint32_t row, const Walked& walked, VamanaStrand* strand) const {
    Poller poller(context_, view_.dim);
    const uint32_t entry = graph_.entry_row;
    strand->scratch.left_out = row == entry ? kNoRow : row;
    return WalkLevel(level_, walked, {entry, walked.One(entry)}, list_size_, &strand->scratch,
                     &poller);
  }

  // What the walk has found, with the distances that links are chosen by.
  void CollectMet(uint32_t row, VamanaStrand* strand) const {
    const CandidatePool& pool = strand->scratch.pool;
    strand->candidates.clear();
    strand->rows.clear();
    for (size_t i = 0; i < pool.size(); ++i) {
      if (pool.node(i) != row) strand->rows.push_back(pool.node(i));
    }
    AddCandidates(row, strand);
  }

  void CollectLinks(uint32_t row, VamanaStrand* strand) const {
    const uint32_t* const links = level_.of(row);
    strand->rows.assign(links, links + CountLinks(links, level_.degree));
    AddCandidates(row, strand);
  }

  static void AddCandidates(uint32_t row, VamanaStrand* strand) {
    const size_t count = strand->rows.size();
    strand->distances.resize(count);
    strand->distance.From(row, strand->rows.data(), count, std::numeric_limits<float>::infinity(),
                          strand->distances.data());
    for (size_t i = 0; i < count; ++i) {
      strand->candidates.push_back({strand->distances[i], strand->rows[i], strand->rows[i]});
    }
  }

  // Chooses among strand->candidates, which may name a row twice.
  template <class Use>
  void Select(VamanaStrand* strand, Use use) const {
    std::vector<LinkCandidate>& candidates = strand->candidates;
    std::sort(candidates.begin(), candidates.end());
    const auto is_same = [](const LinkCandidate& a, const LinkCandidate& b) {
      return a.row == b.row;
    };
    candidates.erase(std::unique(candidates.begin(), candidates.end(), is_same), candidates.end());
    use(strand->selector.Select(candidates, params_.max_degree));
  }

  // Links back, as GraphLinker does: in an order that threads make no difference to.
  absl::Status AnswerLinks() {
    buckets_.resize(kTargetBuckets);
    for (std::vector<ChosenLink>& bucket : buckets_) bucket.clear();
    for (const std::unique_ptr<VamanaStrand>& strand : strands_) {
      for (const ChosenLink& link : strand->links) {
        buckets_[link.target % kTargetBuckets].push_back(link);
      }
    }
    return base::ParallelFor(host_.executor, Priority::kBackground, kTargetBuckets, context_,
                             [&](size_t bucket, size_t strand) -> absl::Status {
                               AnswerBucket(&buckets_[bucket], strands_[strand].get());
                               return absl::OkStatus();
                             });
  }

  void AnswerBucket(std::vector<ChosenLink>* bucket, VamanaStrand* strand) const {
    std::sort(bucket->begin(), bucket->end(), [](const ChosenLink& a, const ChosenLink& b) {
      return a.target != b.target ? a.target < b.target : a.source < b.source;
    });
    for (size_t begin = 0; begin < bucket->size();) {
      size_t end = begin + 1;
      while (end < bucket->size() && (*bucket)[end].target == (*bucket)[begin].target) ++end;
      Answer(std::span(*bucket).subspan(begin, end - begin), strand);
      begin = end;
    }
  }

  void Answer(std::span<const ChosenLink> links, VamanaStrand* strand) const {
    const uint32_t target = links.front().target;
    uint32_t* const out = level_.of(target);
    size_t count = CountLinks(out, level_.degree);
    size_t added = 0;
    for (; added < links.size() && count < params_.max_degree; ++added) {
      const uint32_t row = links[added].source.row;
      if (std::find(out, out + count, row) == out + count) out[count++] = row;
    }
    if (added == links.size()) return;
    strand->candidates.clear();
    CollectLinks(target, strand);
    for (const ChosenLink& link : links.subspan(added)) {
      const uint32_t row = link.source.row;
      if (std::find(out, out + count, row) == out + count)
        strand->candidates.push_back(link.source);
    }
    Select(strand, [&](std::span<const LinkCandidate> chosen) {
      for (size_t i = 0; i < level_.degree; ++i) {
        out[i] = i < chosen.size() ? chosen[i].row : kNoRow;
      }
    });
  }

  const VectorView view_;
  const Metric metric_;
  const VamanaParams params_;
  const RowCodes* const codes_;
  const Host host_;
  const Context& context_;
  const simd::DistanceKernels& kernels_;
  size_t list_size_ = 0;       // of the pass under way
  base::LargeBuffer to_link_;  // rows, the first num_to_link_
  uint32_t num_to_link_ = 0;
  std::vector<bool> is_taken_;  // rows that have their links; empty: none
  HnswGraph graph_;
  HnswLevel level_;
  base::Reservation reserved_;
  std::vector<std::unique_ptr<VamanaStrand>> strands_;
  std::vector<uint32_t> new_links_;
  std::vector<std::vector<ChosenLink>> buckets_;
};

}  // namespace

uint64_t VamanaBytes(uint64_t num_rows, const VamanaParams& params, uint64_t num_strands) {
  const uint64_t degree = (params.max_degree + 1) / 2 * 2;
  return num_rows * (degree * sizeof(uint32_t) + sizeof(uint64_t) + num_strands) +
         BatchBytes(static_cast<uint32_t>(num_rows), degree);
}

absl::StatusOr<HnswGraph> BuildVamana(const VectorView& view, Metric metric,
                                      const VamanaParams& params, const RowCodes* codes,
                                      const Host& host, const Context& context,
                                      std::atomic<uint64_t>* rows_done, const GraphSource& source) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (view.num_rows == 0) return HnswGraph::Make(0, (params.max_degree + 1) / 2, {}, host);
  return VamanaBuilder(view, metric, params, codes, host, context).Build(source, rows_done);
}

}  // namespace vecdb::index
