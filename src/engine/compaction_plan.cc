#include "engine/compaction_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace vecdb::engine {
namespace {

constexpr double kMostRemovableShare = 0.5;
constexpr double kRemovableShare = 0.2;
constexpr double kExpiredShare = 0.2;
// Of the space that is allowed beyond that of the rows: a compaction takes its time.
constexpr double kUsedAllowance = 5.0 / 6;
constexpr uint64_t kMaxDeleteBytes = 2 << 20;
constexpr double kDeletedShareOfLongLists = 0.05;
constexpr double kMaxExpiredBytes = 10 << 20;
constexpr double kExpiredShareOfManyBytes = 0.05;
constexpr double kSmallShare = 0.5;
constexpr double kFullShare = 0.85;
constexpr double kMaxShare = 1.25;
constexpr size_t kMinInputs = 3;
constexpr size_t kMaxInputs = 30;
constexpr size_t kManySmall = 8;
// How much larger than the others together the largest of a merge may be.
constexpr double kUsualRatio = 1;
constexpr double kRatioOfMany = 3;
constexpr double kSmallestShare = 1.0 / (1 << 20);

struct Sized {
  const CompactionCandidate* segment = nullptr;
  double share = 0;  // of max_bytes
  uint64_t num_rows = 0;
};

double RemovableShare(const CompactionCandidate& segment) {
  if (segment.num_rows == 0) return 1;
  return static_cast<double>(segment.num_removable) / static_cast<double>(segment.num_rows);
}

double ExpiredShare(const CompactionCandidate& segment) {
  if (segment.num_rows == 0) return 0;
  return static_cast<double>(segment.num_expired) / static_cast<double>(segment.num_rows);
}

bool HasManyExpired(const CompactionCandidate& segment) {
  const double share = ExpiredShare(segment);
  if (share >= kExpiredShare) return true;
  const double bytes = static_cast<double>(segment.row_bytes) * share;
  return bytes > kMaxExpiredBytes && share >= kExpiredShareOfManyBytes;
}

Sized SizeOf(const CompactionCandidate& segment, const CompactionLimits& limits) {
  const double bytes = static_cast<double>(segment.row_bytes) * (1 - RemovableShare(segment));
  const double share = bytes / static_cast<double>(limits.max_bytes);
  return {.segment = &segment,
          .share = std::max(share, kSmallestShare),
          .num_rows = segment.num_rows - segment.num_removable};
}

// How merges of one shard may look.
struct MergeRule {
  double ratio = kUsualRatio;
  size_t min_inputs = kMinInputs;
  uint64_t max_rows = 0;
};

// The end of the longest run of `sizes`, which are sorted, from `begin` on that may be merged;
// `begin` when there is none.
size_t FindRun(std::span<const Sized> sizes, size_t begin, const MergeRule& rule) {
  size_t end = begin;
  double sum = 0;
  uint64_t rows = 0;
  for (size_t i = begin; i < sizes.size() && i - begin < kMaxInputs; ++i) {
    const double others = sum;
    sum += sizes[i].share;
    rows += sizes[i].num_rows;
    if (sum > kMaxShare || rows > rule.max_rows) break;
    const size_t count = i + 1 - begin;
    const bool third_fits = i + 1 == sizes.size() || sum + sizes[i + 1].share <= kMaxShare;
    const bool enough =
        count >= rule.min_inputs || (count == 2 && (sum > kFullShare || !third_fits));
    if (count > 1 && enough && sizes[i].share <= rule.ratio * others) end = i + 1;
  }
  return end;
}

std::optional<std::pair<size_t, size_t>> FindMerge(std::span<const Sized> sizes,
                                                   const MergeRule& rule) {
  for (size_t begin = 0; begin < sizes.size(); ++begin) {
    const size_t end = FindRun(sizes, begin, rule);
    if (end > begin) return std::pair(begin, end);
  }
  return std::nullopt;
}

CompactionPlan MergeOf(std::span<const Sized> run, size_t num_small) {
  CompactionPlan plan{.shard = run.front().segment->shard,
                      .reason = CompactionReason::kSmallSegments,
                      .urgency = std::min(1.0, static_cast<double>(num_small) /
                                                   static_cast<double>(kMaxSmallSegments))};
  for (const Sized& one : run) plan.folders.push_back(one.segment->folder);
  return plan;
}

// Takes segments that are to be merged out of `sizes`, those of one shard.
void PlanMerges(const CompactionLimits& limits, std::vector<Sized>* sizes,
                std::vector<CompactionPlan>* plans) {
  std::vector<Sized> small;
  const double below = limits.thorough ? 1.0 : kSmallShare;
  for (const Sized& one : *sizes) {
    if (one.share < below) small.push_back(one);
  }
  std::stable_sort(small.begin(), small.end(),
                   [](const Sized& a, const Sized& b) { return a.share < b.share; });
  while (true) {
    MergeRule rule{.max_rows = limits.max_rows};
    if (small.size() > kManySmall) rule.ratio = kRatioOfMany;
    if (limits.thorough)
      rule = {.ratio = 1 / kSmallestShare, .min_inputs = 2, .max_rows = limits.max_rows};
    const auto found = FindMerge(small, rule);
    if (!found.has_value()) return;
    const std::span<const Sized> run =
        std::span(small).subspan(found->first, found->second - found->first);
    plans->push_back(MergeOf(run, small.size()));
    std::erase_if(*sizes, [&run](const Sized& one) {
      return std::any_of(run.begin(), run.end(),
                         [&one](const Sized& other) { return other.segment == one.segment; });
    });
    small.erase(small.begin() + static_cast<ptrdiff_t>(found->first),
                small.begin() + static_cast<ptrdiff_t>(found->second));
  }
}

// What the rows of one shard take, and what is to be had, in shares of max_bytes.
struct Space {
  double alive = 0;
  double removable = 0;  // in segments that are not merged
  double allowance = 0;  // of `removable` to `alive`

  bool IsScarce() const { return removable > allowance * alive; }
  // Below it no segment is rewritten for space: where space is scarce one is above it.
  double LeastShare() const { return std::min(kRemovableShare, allowance / (1 + allowance)); }
};

double RemovableSize(const Sized& one, const CompactionLimits& limits) {
  return static_cast<double>(one.segment->row_bytes) * RemovableShare(*one.segment) /
         static_cast<double>(limits.max_bytes);
}

CompactionReason DeletedOrExpired(const CompactionCandidate& segment) {
  return 2 * segment.num_expired > segment.num_removable ? CompactionReason::kExpiredRows
                                                         : CompactionReason::kDeletedRows;
}

std::optional<CompactionReason> ReasonToRewrite(const CompactionCandidate& segment,
                                                const Space& space, bool thorough) {
  if (segment.num_removable == 0 && segment.num_rows > 0) return std::nullopt;
  const double share = RemovableShare(segment);
  if (thorough || share >= kMostRemovableShare ||
      (space.IsScarce() && share >= space.LeastShare())) {
    return DeletedOrExpired(segment);
  }
  if (HasManyExpired(segment)) return CompactionReason::kExpiredRows;
  if (segment.delete_bytes > kMaxDeleteBytes && share >= kDeletedShareOfLongLists) {
    return CompactionReason::kDeleteBytes;
  }
  return std::nullopt;
}

// Moves from `sizes` to `plan`, which rewrites `rewritten`, what it takes along, the smallest
// first.
void TakeSmallOnesAlong(const Sized& rewritten, const CompactionLimits& limits,
                        std::vector<Sized>* sizes, CompactionPlan* plan) {
  std::vector<Sized> small;
  for (const Sized& one : *sizes) {
    if (one.share < kSmallShare && one.share <= rewritten.share) small.push_back(one);
  }
  std::stable_sort(small.begin(), small.end(),
                   [](const Sized& a, const Sized& b) { return a.share < b.share; });
  double sum = rewritten.share;
  uint64_t rows = rewritten.num_rows;
  for (const Sized& one : small) {
    sum += one.share;
    rows += one.num_rows;
    if (sum > kMaxShare || rows > limits.max_rows || plan->folders.size() == kMaxInputs) return;
    plan->folders.push_back(one.segment->folder);
    std::erase_if(*sizes, [&one](const Sized& other) { return other.segment == one.segment; });
  }
}

// Plans what is to be rewritten of `sizes`, segments of one shard that are not merged, those with
// the largest share of removable rows first.
void PlanRewrites(const CompactionLimits& limits, Space space, std::vector<Sized> sizes,
                  std::vector<CompactionPlan>* plans) {
  std::stable_sort(sizes.begin(), sizes.end(), [](const Sized& a, const Sized& b) {
    return RemovableShare(*a.segment) > RemovableShare(*b.segment);
  });
  for (const Sized& one : sizes) space.removable += RemovableSize(one, limits);
  std::vector<std::pair<Sized, CompactionReason>> rewritten;
  std::vector<Sized> kept;
  for (const Sized& one : sizes) {
    const auto reason = ReasonToRewrite(*one.segment, space, limits.thorough);
    if (!reason.has_value()) {
      kept.push_back(one);
      continue;
    }
    rewritten.emplace_back(one, *reason);
    space.removable -= RemovableSize(one, limits);
  }
  for (const auto& [one, reason] : rewritten) {
    CompactionPlan plan{.shard = one.segment->shard,
                        .reason = reason,
                        .urgency = RemovableShare(*one.segment),
                        .folders = {one.segment->folder}};
    TakeSmallOnesAlong(one, limits, &kept, &plan);
    plans->push_back(std::move(plan));
  }
}

}  // namespace

bool IsSmall(uint64_t row_bytes, uint64_t max_bytes) {
  return static_cast<double>(row_bytes) < kSmallShare * static_cast<double>(max_bytes);
}

std::vector<CompactionPlan> PlanCompactions(std::span<const CompactionCandidate> segments,
                                            const CompactionLimits& limits) {
  std::map<int32_t, std::vector<Sized>> shards;
  for (const CompactionCandidate& segment : segments) {
    shards[segment.shard].push_back(SizeOf(segment, limits));
  }
  std::vector<CompactionPlan> plans;
  for (auto& [shard, sizes] : shards) {
    Space space{.allowance = kUsedAllowance * (limits.space_amplification - 1)};
    for (const Sized& one : sizes) space.alive += one.share;
    PlanMerges(limits, &sizes, &plans);
    PlanRewrites(limits, space, std::move(sizes), &plans);
  }
  std::stable_sort(
      plans.begin(), plans.end(),
      [](const CompactionPlan& a, const CompactionPlan& b) { return a.urgency > b.urgency; });
  return plans;
}

}  // namespace vecdb::engine
