#include "index/calibrate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "absl/functional/function_ref.h"
#include "base/parallel_for.h"
#include "base/reservation.h"
#include "base/row_mask.h"
#include "base/status_macros.h"
#include "codec/centroids.h"
#include "codec/sampling.h"
#include "index/exact_scan.h"
#include "index/poller.h"
#include "index/query_distance.h"
#include "index/top_rows.h"
#include "schema/target_recall.h"

namespace vecdb::index {
namespace {

constexpr std::array<uint32_t, 2> kMeasuredK = {10, 100};

// Fewer rows are as good as compared one by one.
constexpr uint32_t kLeastRows = 1024;

// The mean over so many queries is off by a 50th or so where it is 0.9, and by less the nearer it
// is to 1. Lists are built so much more quickly than graphs that fewer have to do; 64 are too few:
// a query near a border of lists misses many rows at once, and few do. Of the nearest 100 rows
// every fourth query, or 32, tell as much.
constexpr size_t kQueriesOfLists = 128;
constexpr size_t kMostQueriesOfGraph = 256;
constexpr size_t kLeastQueriesOfGraph = 128;
constexpr size_t kFloatsOfQueries = 1 << 16;  // which a cache holds; more would be compared slowly
constexpr size_t kStrideOfLargeK = 4;
constexpr size_t kLeastQueriesOfLargeK = 32;

// A ladder ends with the first recall that is enough for every target, and where two steps, which
// are four times the effort, find less than a 20th of what is missing.
constexpr double kEnough = 0.9995;
constexpr size_t kStepsBack = 2;
constexpr double kLeastGain = 0.05;

// Of the rows that a rough comparison found nearest, so many are compared as searches do.
constexpr size_t kLookedAtAgain = 128;

constexpr size_t kQueriesAtOnce = 32;

// One row of the sample, as a query.
struct Query {
  uint32_t row = 0;
  std::vector<Candidate> nearest{};  // the true ones, nearest first
  std::vector<uint32_t> ids{};       // the first k of them, ascending
  uint32_t num_found = 0;            // of these k, at the best effort so far
};

class Calibration {
 public:
  Calibration(const VectorView& view, const VectorIndex& index, const Host& host,
              const Context& context)
      : view_(view), index_(index), host_(host), context_(context) {}

  absl::StatusOr<std::vector<RecallPoint>> Run() {
    const size_t num_queries = NumQueries();
    VECDB_ASSIGN_OR_RETURN(
        const auto reserved,
        base::Reservation::Make(host_.budget, BytesHeld(num_queries), "the calibration of an index",
                                MemoryUse::kBuilds));
    for (const uint32_t row : codec::SampleRows(view_.num_rows, num_queries, /*seed=*/0)) {
      queries_.push_back({.row = row});
    }
    VECDB_RETURN_IF_ERROR(FindNearest());
    for (const uint32_t k : kMeasuredK) VECDB_RETURN_IF_ERROR(Climb(k));
    return std::move(points_);
  }

 private:
  size_t NumQueries() const {
    if (std::holds_alternative<HnswParams>(index_.spec().params) ||
        std::holds_alternative<DiskannParams>(index_.spec().params)) {
      return std::clamp(kFloatsOfQueries / static_cast<size_t>(view_.dim), kLeastQueriesOfGraph,
                        kMostQueriesOfGraph);
    }
    return kQueriesOfLists;
  }

  // Each query twice; its candidates, of each thread and together, and what searches find.
  uint64_t BytesHeld(size_t num_queries) const {
    const uint64_t lists = base::MaxStrands(host_.executor) + 4;
    return num_queries * (kLookedAtAgain * sizeof(Candidate) * lists +
                          2 * static_cast<uint64_t>(view_.dim) * sizeof(float));
  }

  // Compares all rows with all queries: roughly, but with the arithmetic of matrices, then the best
  // of them as searches do.
  absl::Status FindNearest() {
    const auto dim = static_cast<size_t>(view_.dim);
    std::vector<float> vectors;
    vectors.reserve(queries_.size() * dim);
    for (const Query& query : queries_) {
      vectors.insert(vectors.end(), view_.row(query.row), view_.row(query.row) + dim);
    }
    const auto nearness =
        index_.spec().metric == Metric::kL2 ? codec::Nearness::kL2 : codec::Nearness::kDot;
    const auto panels = codec::Centroids::Centred(std::move(vectors), dim, nearness);
    std::vector<std::vector<TopRows>> tops(base::MaxStrands(host_.executor));
    VECDB_RETURN_IF_ERROR(base::ParallelFor(
        host_.executor, Priority::kBackground, tops.size(), context_, [&](size_t piece, size_t) {
          for (size_t i = 0; i < queries_.size(); ++i) tops[piece].emplace_back(kLookedAtAgain);
          const uint64_t begin = uint64_t{view_.num_rows} * piece / tops.size();
          const uint64_t end = uint64_t{view_.num_rows} * (piece + 1) / tops.size();
          return Compare(panels, static_cast<uint32_t>(begin), static_cast<uint32_t>(end),
                         tops[piece]);
        }));
    for (size_t i = 0; i < queries_.size(); ++i) {
      TopRows best(kLookedAtAgain);
      std::vector<Candidate> candidates;
      for (std::vector<TopRows>& of_piece : tops) {
        of_piece[i].Finish(&candidates);
        for (const Candidate& one : candidates) best.Offer(one.distance, one.row);
      }
      best.Finish(&candidates);
      VECDB_RETURN_IF_ERROR(LookAgain(candidates, &queries_[i]));
    }
    return absl::OkStatus();
  }

  absl::Status Compare(const codec::Centroids& queries, uint32_t begin, uint32_t end,
                       std::span<TopRows> tops) const {
    const bool is_cosine = index_.spec().metric == Metric::kCosine;
    std::vector<float> distances(tops.size());
    Poller poller(context_, view_.dim);
    for (uint32_t row = begin; row < end; ++row) {
      VECDB_RETURN_IF_ERROR(poller.Read(tops.size(), 0));
      queries.Compare(view_.row(row), distances.data());
      const float scale = is_cosine ? view_.inverse_norms[row] : 1;
      for (size_t i = 0; i < tops.size(); ++i) tops[i].Offer(distances[i] * scale, row);
    }
    return absl::OkStatus();
  }

  absl::Status LookAgain(std::span<const Candidate> candidates, Query* query) const {
    const float* vector = view_.row(query->row);
    const QueryDistance distance(view_, index_.spec().metric, vector);
    TopRows top(kMeasuredK.back() + 1);
    if (candidates.size() == kLookedAtAgain) {
      for (const Candidate& one : candidates) top.Offer(distance.One(one.row), one.row);
    } else {  // numbers so large that their products are none
      VECDB_RETURN_IF_ERROR(ScanRows(view_, index_.spec().metric, vector,
                                     {.num_rows = view_.num_rows}, 0, context_, &top));
    }
    top.Finish(&query->nearest);
    LeaveOut(query->row, kMeasuredK.back(), &query->nearest);
    return absl::OkStatus();
  }

  static void LeaveOut(uint32_t row, size_t k, std::vector<Candidate>* rows) {
    std::erase_if(*rows, [row](const Candidate& candidate) { return candidate.row == row; });
    if (rows->size() > k) rows->resize(k);
  }

  // The queries for the nearest k rows, which have found none.
  std::vector<Query*> QueriesFor(uint32_t k) {
    const size_t stride = k == kMeasuredK.front()
                              ? 1
                              : std::min(kStrideOfLargeK, queries_.size() / kLeastQueriesOfLargeK);
    std::vector<Query*> asked;
    for (size_t i = 0; i < queries_.size(); i += stride) {
      Query& query = queries_[i];
      query.num_found = 0;
      query.ids.clear();
      for (uint32_t j = 0; j < k; ++j) query.ids.push_back(query.nearest[j].row);
      std::sort(query.ids.begin(), query.ids.end());
      asked.push_back(&query);
    }
    return asked;
  }

  // Raises the effort until all is found.
  absl::Status Climb(uint32_t k) {
    const std::vector<Query*> all = QueriesFor(k);
    std::vector<Query*> asked = all;
    std::vector<double> recalls;
    for (const uint32_t effort : schema::EffortLadder(index_.spec(), k, index_.most_effort())) {
      VECDB_RETURN_IF_ERROR(Ask(k, effort, asked));
      // More effort would not lose what was found.
      std::erase_if(asked, [k](const Query* query) { return query->num_found == k; });
      recalls.push_back(Recall(all, k));
      Note(k, effort, recalls.back());
      if (recalls.back() >= kEnough || HasStalled(recalls)) break;
    }
    return absl::OkStatus();
  }

  absl::Status Ask(uint32_t k, uint32_t effort, std::span<Query* const> asked) const {
    return base::ParallelFor(host_.executor, Priority::kBackground,
                             (asked.size() + kQueriesAtOnce - 1) / kQueriesAtOnce, context_,
                             [&](size_t piece, size_t) {
                               const size_t begin = piece * kQueriesAtOnce;
                               const size_t count = std::min(kQueriesAtOnce, asked.size() - begin);
                               return AskTogether(k, effort, asked.subspan(begin, count));
                             });
  }

  absl::Status AskTogether(uint32_t k, uint32_t effort, std::span<Query* const> asked) const {
    std::vector<RowQuery> queries;
    for (const Query* query : asked) {
      queries.push_back({.vector = view_.row(query->row),
                         .k = k + 1,
                         .params = schema::ParamsOfEffort(index_.spec(), effort, k + 1),
                         .mask = {.num_rows = view_.num_rows},
                         .left_out = query->row});
    }
    std::vector<std::vector<Candidate>> found(asked.size());
    VECDB_RETURN_IF_ERROR(index_.SearchBatch(queries, context_, found));
    for (size_t i = 0; i < asked.size(); ++i) {
      LeaveOut(asked[i]->row, k, &found[i]);
      asked[i]->num_found = std::max(asked[i]->num_found, CountRight(*asked[i], k, found[i]));
    }
    return absl::OkStatus();
  }

  // Rows that are as near as the last of the nearest are as right as it.
  uint32_t CountRight(const Query& query, uint32_t k, std::span<const Candidate> found) const {
    const QueryDistance distance(view_, index_.spec().metric, view_.row(query.row));
    uint32_t count = 0;
    for (const Candidate& one : found) {
      const bool is_right = std::binary_search(query.ids.begin(), query.ids.end(), one.row) ||
                            distance.One(one.row) <= query.nearest[k - 1].distance;
      count += is_right ? 1 : 0;
    }
    return count;
  }

  static double Recall(std::span<Query* const> queries, uint32_t k) {
    uint64_t found = 0;
    for (const Query* query : queries) found += query->num_found;
    return static_cast<double>(found) / static_cast<double>(uint64_t{k} * queries.size());
  }

  static bool HasStalled(std::span<const double> recalls) {
    if (recalls.size() <= kStepsBack) return false;
    const double before = recalls[recalls.size() - 1 - kStepsBack];
    return recalls.back() - before < kLeastGain * (1 - before);
  }

  // Efforts that find no more than a smaller one are of no use.
  void Note(uint32_t k, uint32_t effort, double recall) {
    const double rounded = std::floor(recall * 10000) / 10000;
    if (!points_.empty() && points_.back().k == k && points_.back().recall >= rounded) return;
    points_.push_back({.k = k, .effort = effort, .recall = rounded});
  }

  const VectorView& view_;
  const VectorIndex& index_;
  const Host& host_;
  const Context& context_;
  std::vector<Query> queries_;
  std::vector<RecallPoint> points_;
};

}  // namespace

absl::StatusOr<std::vector<RecallPoint>> CalibrateRecall(const VectorView& view,
                                                         const VectorIndex& index, const Host& host,
                                                         const Context& context) {
  if (index.most_effort() == 0 || view.num_rows < kLeastRows || view.rows == nullptr) {
    return std::vector<RecallPoint>();
  }
  return Calibration(view, index, host, context).Run();
}

}  // namespace vecdb::index
