#include "codec/scalar_range.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "codec/scalar_tails.h"
#include "simd/row_norm.h"

namespace vecdb::codec {
namespace {

constexpr double kMaxFloat = std::numeric_limits<float>::max();
constexpr float kMaxWhole = 1 << 24;        // floats up to here hold every whole number
constexpr size_t kSampleRows = 4096;        // of which each dimension's bounds are learnt
constexpr size_t kUniformValues = 1 << 17;  // about as many values judge the uniform steps,
constexpr size_t kMaxUniformStride = 8;     // at least one in so many
constexpr size_t kPieceDims = 16;           // a cache line of each row
constexpr size_t kRowsBetweenChecks = 4096;
constexpr size_t kTailShare = 16;      // at most 1 / 16 of the values are cut off on a side
constexpr size_t kExtremeShare = 256;  // and 1 / 256 may be far beyond

// What a dimension's values are like, and the bounds that would suit it best.
struct DimensionBounds {
  double low = 0, high = 0;
  double bulk_low = 0, bulk_high = 0;  // without the extreme values

  double width() const { return high - low; }
  double bulk_width() const { return bulk_high - bulk_low; }

  // An error counts at most as much. Where the bulk is one value, the few others are all that the
  // dimension says.
  double cap() const {
    return bulk_width() > 0 ? bulk_width() : std::numeric_limits<double>::infinity();
  }
};

// The rows that are looked at: every so many, scaled under kCosine.
struct ScalarSample {
  const float* rows = nullptr;
  size_t dim = 0;
  std::vector<size_t> picked{};
  std::vector<float> scales{};  // one for each picked row, or none

  // Dimension `d` of every `stride`-th picked row.
  void Column(size_t d, size_t stride, std::vector<float>* out) const {
    out->clear();
    for (size_t i = 0; i < picked.size(); i += stride) {
      const float value = rows[picked[i] * dim + d];
      out->push_back(scales.empty() ? value : value * scales[i]);
    }
  }
};

ScalarSample PickScalarSample(const ScalarRangeOptions& options, const TrainingRows& rows) {
  ScalarSample sample = {.rows = rows.rows, .dim = options.dim};
  const size_t count = std::min(rows.count, kSampleRows);
  for (size_t i = 0; i < count; ++i) sample.picked.push_back(i * rows.count / count);
  if (options.metric != Metric::kCosine) return sample;
  for (const size_t row : sample.picked) {
    sample.scales.push_back(simd::InverseNorm(rows.rows + row * options.dim, options.dim));
  }
  return sample;
}

// The squared error of the values on a grid, each held to `cap`.
double ScalarLoss(const std::vector<float>& values, double lower, double step, double max_code,
                  double cap) {
  const double inverse = step > 0 ? 1 / step : 0;
  double loss = 0;
  for (const float value : values) {
    const double code = std::clamp((static_cast<double>(value) - lower) * inverse, 0.0, max_code);
    const double rounded = static_cast<int>(code + 0.5);
    const double error = static_cast<double>(value) - (lower + rounded * step);
    loss += std::min(error * error, cap);
  }
  return loss;
}

// Chooses how many of the sorted values to cut off on each side.
class TailSearch {
 public:
  TailSearch(const std::vector<float>& sorted, double max_code, double cap)
      : sorted_(sorted), max_code_(max_code), cap_(cap) {}

  // First the same on both sides, then one side after the other.
  std::pair<double, double> Best() {
    const size_t most = sorted_.size() / kTailShare;
    for (size_t tail = 0; tail <= most; tail = Next(tail)) Try(tail, tail);
    const size_t above = above_;
    for (size_t tail = 0; tail <= most; tail = Next(tail)) Try(tail, above);
    const size_t below = below_;
    for (size_t tail = 0; tail <= most; tail = Next(tail)) Try(below, tail);
    return {Low(below_), High(above_)};
  }

 private:
  static size_t Next(size_t tail) { return tail + std::max<size_t>(1, tail / 2); }
  double Low(size_t tail) const { return static_cast<double>(sorted_[tail]); }
  double High(size_t tail) const { return static_cast<double>(sorted_[sorted_.size() - 1 - tail]); }

  void Try(size_t below, size_t above) {
    const double low = Low(below);
    const double step = (High(above) - low) / max_code_;
    const double loss = ScalarLoss(sorted_, low, step, max_code_, cap_);
    if (loss >= least_) return;
    least_ = loss;
    below_ = below;
    above_ = above;
  }

  const std::vector<float>& sorted_;
  const double max_code_, cap_;
  double least_ = std::numeric_limits<double>::infinity();
  size_t below_ = 0, above_ = 0;
};

DimensionBounds BoundsOf(std::vector<float>* column, double max_code) {
  std::sort(column->begin(), column->end());
  const size_t count = column->size();
  const size_t extreme = count < kTailShare ? 0 : std::max<size_t>(1, count / kExtremeShare);
  DimensionBounds bounds;
  bounds.bulk_low = static_cast<double>((*column)[extreme]);
  bounds.bulk_high = static_cast<double>((*column)[count - 1 - extreme]);
  const double cap = bounds.cap();
  std::tie(bounds.low, bounds.high) = TailSearch(*column, max_code, cap * cap).Best();
  return bounds;
}

absl::StatusOr<std::vector<DimensionBounds>> AllBounds(const ScalarSample& sample, double max_code,
                                                       const Host& host, const Context& context) {
  std::vector<DimensionBounds> bounds(sample.dim);
  const size_t pieces = (sample.dim + kPieceDims - 1) / kPieceDims;
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      host.executor, Priority::kBackground, pieces, context, [&](size_t piece, size_t) {
        std::vector<float> column;
        const size_t end = std::min(sample.dim, (piece + 1) * kPieceDims);
        for (size_t d = piece * kPieceDims; d < end; ++d) {
          sample.Column(d, 1, &column);
          bounds[d] = BoundsOf(&column, max_code);
        }
        return absl::OkStatus();
      }));
  return bounds;
}

absl::Status WidenBounds(const ScalarRangeOptions& options, const TrainingRows& rows,
                         const Host& host, const Context& context,
                         std::vector<DimensionBounds>* bounds) {
  std::vector<SampledBounds> sampled;
  for (const DimensionBounds& one : *bounds) sampled.push_back({one.low, one.high, one.cap()});
  VECDB_RETURN_IF_ERROR(WidenToTails(rows, options.metric == Metric::kCosine,
                                     static_cast<double>(options.max_code), sampled, host,
                                     context));
  for (size_t d = 0; d < sampled.size(); ++d) {
    (*bounds)[d].low = sampled[d].low;
    (*bounds)[d].high = sampled[d].high;
  }
  return absl::OkStatus();
}

// The lower bound of a dimension's grid when the step is given. Room to spare is left in whole
// steps, so that the least value of the sample stays on the grid: often it is a frequent one.
double UniformLower(const DimensionBounds& bounds, double step, double max_code) {
  const double width = step * max_code;
  if (!(bounds.width() > 0)) return bounds.low;
  if (bounds.width() <= width) {
    return bounds.low - step * std::floor((max_code - bounds.width() / step) / 2);
  }
  const double middle = (bounds.bulk_low + bounds.bulk_high) / 2;
  return std::clamp(middle - width / 2, bounds.low, bounds.high - width);
}

// Steps to try: those that the most demanding dimensions ask for, and less.
std::vector<double> UniformCandidates(const std::vector<DimensionBounds>& bounds, double max_code) {
  std::vector<double> wanted;
  for (const DimensionBounds& one : bounds) wanted.push_back(one.width() / max_code);
  std::sort(wanted.begin(), wanted.end(), std::greater<>());
  std::vector<double> candidates;
  for (double share = 1; share > 0.2; share *= 0.9) candidates.push_back(wanted[0] * share);
  for (size_t i = 1; i < wanted.size(); i *= 2) {
    candidates.push_back(wanted[i]);
    candidates.push_back(wanted[i] * 0.8);
  }
  std::erase_if(candidates, [](double step) { return !(step > 0); });
  std::sort(candidates.begin(), candidates.end(), std::greater<>());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  return candidates;
}

// The best uniform step, and its error and that of a step for each dimension.
struct UniformChoice {
  double step = 1;
  double uniform_loss = 0;
  double own_loss = 0;
};

// The errors of the dimensions [begin, end): one for each candidate, then that of their own steps.
std::vector<double> UniformLosses(const ScalarSample& sample,
                                  const std::vector<DimensionBounds>& bounds,
                                  const std::vector<double>& candidates, double max_code,
                                  size_t begin, size_t end) {
  const size_t stride =
      std::clamp<size_t>(sample.picked.size() * sample.dim / kUniformValues, 1, kMaxUniformStride);
  std::vector<double> losses(candidates.size() + 1);
  std::vector<float> column;
  for (size_t d = begin; d < end; ++d) {
    const DimensionBounds& own = bounds[d];
    sample.Column(d, stride, &column);
    const double bulk = own.bulk_width();
    for (size_t i = 0; i < candidates.size(); ++i) {
      const double step = candidates[i];
      const double cap = bulk > 0 ? bulk : step * max_code;
      losses[i] += ScalarLoss(column, UniformLower(own, step, max_code), step, max_code, cap * cap);
    }
    losses.back() +=
        ScalarLoss(column, own.low, own.width() / max_code, max_code, own.cap() * own.cap());
  }
  return losses;
}

absl::StatusOr<UniformChoice> ChooseUniform(const ScalarSample& sample,
                                            const std::vector<DimensionBounds>& bounds,
                                            double max_code, const Host& host,
                                            const Context& context) {
  const std::vector<double> candidates = UniformCandidates(bounds, max_code);
  if (candidates.empty()) return UniformChoice();
  const size_t pieces = (sample.dim + kPieceDims - 1) / kPieceDims;
  std::vector<std::vector<double>> losses(pieces);
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      host.executor, Priority::kBackground, pieces, context, [&](size_t piece, size_t) {
        const size_t end = std::min(sample.dim, (piece + 1) * kPieceDims);
        losses[piece] =
            UniformLosses(sample, bounds, candidates, max_code, piece * kPieceDims, end);
        return absl::OkStatus();
      }));
  std::vector<double> sums(candidates.size() + 1);
  for (const std::vector<double>& piece : losses) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += piece[i];
  }
  const auto best = std::min_element(sums.begin(), sums.end() - 1);
  return UniformChoice{candidates[static_cast<size_t>(best - sums.begin())], *best, sums.back()};
}

// The greatest float step near `step` with which the grid from `lower` on stays finite.
float FiniteStep(double step, double lower, double max_code) {
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  auto rounded = static_cast<float>(std::min(step, kMaxFloat));
  if (step > 0) rounded = std::max(rounded, kLeast);
  while (lower + max_code * static_cast<double>(rounded) > kMaxFloat) {
    rounded = std::nextafter(rounded, 0.0f);
  }
  return rounded;
}

// The float lower bound near `lower` from which the grid stays finite.
float FiniteLower(double lower, double width) {
  auto rounded = static_cast<float>(std::clamp(lower, -kMaxFloat, kMaxFloat - width));
  while (static_cast<double>(rounded) + width > kMaxFloat) {
    rounded = std::nextafter(rounded, -std::numeric_limits<float>::infinity());
  }
  return rounded;
}

ScalarRange PerDimensionRange(const std::vector<DimensionBounds>& bounds, double max_code) {
  ScalarRange range = {.kind = Sq8Range::kPerDimension};
  for (const DimensionBounds& one : bounds) {
    range.lower.push_back(static_cast<float>(one.low));
    range.step.push_back(FiniteStep(one.width() / max_code, one.low, max_code));
  }
  return range;
}

ScalarRange UniformRange(const std::vector<DimensionBounds>& bounds, double wanted,
                         double max_code) {
  ScalarRange range = {.kind = Sq8Range::kUniform};
  const float step = FiniteStep(wanted, -kMaxFloat, max_code);
  const double width = static_cast<double>(step) * max_code;
  for (const DimensionBounds& one : bounds) {
    const double lower = UniformLower(one, static_cast<double>(step), max_code);
    range.lower.push_back(FiniteLower(lower, width));
  }
  range.step.assign(bounds.size(), step);
  return range;
}

// The bounds of every dimension over all rows, or none when a value is no whole number or a
// dimension needs more codes than there are.
absl::StatusOr<std::optional<std::vector<DimensionBounds>>> WholeBounds(
    const ScalarRangeOptions& options, const TrainingRows& rows, const Context& context) {
  const size_t dim = options.dim;
  std::vector<float> low(rows.rows, rows.rows + dim), high = low;
  for (size_t i = 0; i < rows.count; ++i) {
    if (i % kRowsBetweenChecks == 0) VECDB_RETURN_IF_ERROR(context.Check());
    const float* row = rows.rows + i * dim;
    bool whole = true;
    for (size_t d = 0; d < dim; ++d) {
      const float value = std::clamp(row[d], -kMaxWhole, kMaxWhole);
      whole &= static_cast<float>(static_cast<int32_t>(value)) == row[d];
      low[d] = std::min(low[d], value);
      high[d] = std::max(high[d], value);
    }
    if (!whole) return std::nullopt;
  }
  std::vector<DimensionBounds> bounds(dim);
  for (size_t d = 0; d < dim; ++d) {
    bounds[d].low = static_cast<double>(low[d]);
    bounds[d].high = static_cast<double>(high[d]);
    if (bounds[d].width() > options.max_code) return std::nullopt;
  }
  return bounds;
}

// Steps of 1. Where all values are those of an unsigned or of a signed byte the grid is that of the
// bytes, so that other rows of the same kind lose nothing either.
ScalarRange WholeRange(const std::vector<DimensionBounds>& bounds, Sq8Range kind, double max_code) {
  double least = bounds[0].low, greatest = bounds[0].high;
  for (const DimensionBounds& one : bounds) {
    least = std::min(least, one.low);
    greatest = std::max(greatest, one.high);
  }
  ScalarRange range = {.kind = kind};
  range.step.assign(bounds.size(), 1.0f);
  const double signed_least = -std::ceil(max_code / 2);
  for (const DimensionBounds& one : bounds) {
    double lower = one.low - std::floor((max_code - one.width()) / 2);
    if (least >= signed_least && greatest <= signed_least + max_code) lower = signed_least;
    if (least >= 0 && greatest <= max_code) lower = 0;
    range.lower.push_back(static_cast<float>(lower));
  }
  return range;
}

}  // namespace

absl::StatusOr<ScalarRange> LearnScalarRange(const ScalarRangeOptions& options,
                                             const TrainingRows& rows, const Host& host,
                                             const Context& context) {
  const auto max_code = static_cast<double>(options.max_code);
  const bool automatic = options.kind == Sq8Range::kAuto;
  const Sq8Range kind = !automatic                      ? options.kind
                        : options.metric == Metric::kL2 ? Sq8Range::kUniform
                                                        : Sq8Range::kPerDimension;
  if (rows.count == 0) {
    return ScalarRange{kind, std::vector<float>(options.dim), std::vector<float>(options.dim, 1)};
  }
  if (options.metric != Metric::kCosine) {
    VECDB_ASSIGN_OR_RETURN(const auto whole, WholeBounds(options, rows, context));
    if (whole.has_value()) return WholeRange(*whole, kind, max_code);
  }
  const ScalarSample sample = PickScalarSample(options, rows);
  VECDB_ASSIGN_OR_RETURN(auto bounds, AllBounds(sample, max_code, host, context));
  if (rows.count > kSampleRows) {
    VECDB_RETURN_IF_ERROR(WidenBounds(options, rows, host, context, &bounds));
  }
  if (kind == Sq8Range::kPerDimension) return PerDimensionRange(bounds, max_code);
  VECDB_ASSIGN_OR_RETURN(const UniformChoice choice,
                         ChooseUniform(sample, bounds, max_code, host, context));
  if (automatic && choice.uniform_loss > 2 * choice.own_loss) {
    return PerDimensionRange(bounds, max_code);
  }
  return UniformRange(bounds, choice.step, max_code);
}

}  // namespace vecdb::codec
