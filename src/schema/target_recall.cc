#include "schema/target_recall.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/str_format.h"
#include "schema/search_params.h"

namespace vecdb::schema {
namespace {

// No calibration goes further: a walk of so many candidates takes as long as comparing some ten
// thousand rows.
constexpr uint32_t kMostMeasuredEf = 4096;

constexpr uint32_t kLeastEf = 16;

// A part of the misses that are allowed is kept for the error of the sample.
constexpr double kMissesAimedAt = 0.7;

// What a sample may not have seen: few queries miss many rows at once. From a target of 0.997 on
// the largest effort is taken for that.
constexpr double kUnseenMisses = 0.002;

// The lists of an index of `spec`, or more; 0 when it has none.
uint32_t MostLists(const IndexSpec& spec) {
  if (const auto* flat = std::get_if<IvfFlatParams>(&spec.params)) {
    return static_cast<uint32_t>(flat->nlist);
  }
  if (const auto* sq8 = std::get_if<IvfSq8Params>(&spec.params)) {
    return static_cast<uint32_t>(sq8->nlist);
  }
  const auto* pq = std::get_if<IvfPqParams>(&spec.params);
  return pq == nullptr ? 0 : static_cast<uint32_t>(pq->nlist);
}

bool IsOnDisk(const IndexSpec& spec) { return std::holds_alternative<DiskannParams>(spec.params); }

bool IsGraph(const IndexSpec& spec) {
  return std::holds_alternative<HnswParams>(spec.params) || IsOnDisk(spec);
}

// The points of the least measured k from `k` on, or of the largest.
std::span<const RecallPoint> PointsFrom(std::span<const RecallPoint> calibration, uint32_t k) {
  const auto is_below = [](const RecallPoint& point, uint32_t wanted) { return point.k < wanted; };
  auto begin = std::lower_bound(calibration.begin(), calibration.end(), k, is_below);
  const uint32_t measured = begin == calibration.end() ? calibration.back().k : begin->k;
  begin = std::lower_bound(calibration.begin(), calibration.end(), measured, is_below);
  const auto end = std::lower_bound(begin, calibration.end(), measured + 1, is_below);
  return {begin, end};
}

double MissesOf(const RecallPoint& point) { return 1 - point.recall + kUnseenMisses; }

// The least effort that finds so much, or the largest. Between two points misses fall as a power of
// the effort does.
double EffortFor(std::span<const RecallPoint> points, double recall) {
  const double wanted = (1 - recall) * kMissesAimedAt;
  size_t i = 0;
  while (i < points.size() && MissesOf(points[i]) > wanted) ++i;
  if (i == 0 || i == points.size()) return points[i == 0 ? 0 : i - 1].effort;
  const double before = MissesOf(points[i - 1]);
  const double share = std::log(before / wanted) / std::log(before / MissesOf(points[i]));
  const double times = static_cast<double>(points[i].effort) / points[i - 1].effort;
  return points[i - 1].effort * std::pow(times, share);
}

// What a search of the k rows needs. Between two measured k it grows as a power of k does; beyond
// them candidates grow with k, and lists with its square root.
double MeasuredEffort(const IndexSpec& spec, std::span<const RecallPoint> calibration,
                      double recall, uint32_t k) {
  const std::span<const RecallPoint> above = PointsFrom(calibration, k);
  const double effort = EffortFor(above, recall);
  if (k == above.front().k) return effort;
  const double times = static_cast<double>(k) / above.front().k;
  if (times > 1) return effort * (IsGraph(spec) ? times : std::sqrt(times));
  if (above.data() == calibration.data()) return effort;  // the least k of all
  const std::span<const RecallPoint> below = PointsFrom(calibration, (above.data() - 1)->k);
  const double least = EffortFor(below, recall);
  const double share = std::log(static_cast<double>(k) / below.front().k) /
                       std::log(static_cast<double>(above.front().k) / below.front().k);
  return least * std::pow(std::max(1.0, effort / least), share);
}

// For graphs twice, for lists as much as the hardest of the sets of docs/sizing.md needed.
double EffortByRule(const IndexSpec& spec, double recall, uint32_t k) {
  if (IsGraph(spec)) return k + 2 / (1 - recall);
  return std::min<double>(MostLists(spec), MostLists(spec) / (320 * (1 - recall)));
}

}  // namespace

absl::Status CheckTargetRecall(const TargetRecall& target) {
  // Written so that NaN is out of range.
  if (target.recall >= kLeastTargetRecall && target.recall <= kMostTargetRecall) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(base::StrFormat("target_recall is %g; the range is %g to %g",
                                                    target.recall, kLeastTargetRecall,
                                                    kMostTargetRecall));
}

bool IsCalibration(const IndexSpec& spec, std::span<const RecallPoint> calibration) {
  const auto most = static_cast<uint32_t>(IsGraph(spec) ? kMaxEf : kMaxNprobe);
  if (calibration.size() > kMaxRecallPoints) return false;
  if (!calibration.empty() && !IsGraph(spec) && MostLists(spec) == 0) return false;
  for (size_t i = 0; i < calibration.size(); ++i) {
    const RecallPoint& point = calibration[i];
    // Written so that NaN is none.
    if (point.k == 0 || point.effort == 0 || point.effort > most || !(point.recall >= 0) ||
        !(point.recall <= 1)) {
      return false;
    }
    if (i == 0 || calibration[i - 1].k < point.k) continue;
    const RecallPoint& before = calibration[i - 1];
    if (before.k > point.k || before.effort >= point.effort || before.recall >= point.recall) {
      return false;
    }
  }
  return true;
}

std::vector<uint32_t> EffortLadder(const IndexSpec& spec, uint32_t k, uint32_t most) {
  if (most == 0) return {};
  std::vector<uint32_t> ladder;
  if (IsGraph(spec)) {
    most = std::min(most, std::max(k, kMostMeasuredEf));
    ladder.push_back(std::min(k, most));
    for (uint32_t ef = kLeastEf; ef <= most; ef *= 2) {
      if (ef > k) ladder.push_back(ef);
    }
    return ladder;
  }
  for (uint32_t nprobe = 1; nprobe < most; nprobe *= 2) ladder.push_back(nprobe);
  ladder.push_back(most);
  return ladder;
}

SearchParams ParamsOfEffort(const IndexSpec& spec, uint32_t effort, uint32_t k) {
  if (IsGraph(spec)) {
    const uint32_t ef = std::min<uint32_t>(std::max(effort, k), kMaxEf);
    if (IsOnDisk(spec)) return DiskannSearchParams{.search_list = static_cast<int32_t>(ef)};
    return HnswSearchParams{.ef = static_cast<int32_t>(ef)};
  }
  if (MostLists(spec) == 0) return {};
  const uint32_t nprobe = std::clamp<uint32_t>(effort, 1, kMaxNprobe);
  return IvfSearchParams{.nprobe = static_cast<int32_t>(nprobe)};
}

SearchParams ParamsForTarget(const IndexSpec& spec, std::span<const RecallPoint> calibration,
                             const TargetRecall& target, uint32_t k) {
  const double effort = calibration.empty() ? EffortByRule(spec, target.recall, k)
                                            : MeasuredEffort(spec, calibration, target.recall, k);
  return ParamsOfEffort(spec, static_cast<uint32_t>(std::ceil(std::min<double>(effort, kMaxEf))),
                        k);
}

}  // namespace vecdb::schema
