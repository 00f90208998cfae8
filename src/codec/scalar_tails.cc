#include "codec/scalar_tails.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "simd/row_norm.h"

namespace vecdb::codec {
namespace {

constexpr size_t kTailRowsPerPiece = 8192;

/// What lies beyond one bound of a dimension.
struct Tail {
  double farthest = 0;  ///< beyond the bound
  double loss = 0;      ///< squared distances from the bound, each held to the cap

  void Add(double beyond, double cap) {
    if (!(beyond > 0)) return;
    farthest = std::max(farthest, beyond);
    const double error = std::min(beyond, cap);
    loss += error * error;
  }
  void Join(const Tail& other) {
    farthest = std::max(farthest, other.farthest);
    loss += other.loss;
  }
};

struct Tails {
  Tail below, above;
};

void AddRow(const float* row, float scale, std::span<const SampledBounds> bounds, Tails* tails) {
  for (size_t d = 0; d < bounds.size(); ++d) {
    const double value = static_cast<double>(row[d] * scale);
    if (value < bounds[d].low) tails[d].below.Add(bounds[d].low - value, bounds[d].cap);
    if (value > bounds[d].high) tails[d].above.Add(value - bounds[d].high, bounds[d].cap);
  }
}

// What `num_rows` values lose by being rounded to steps of a grid as wide as this.
double RoundingLoss(double width, double num_steps, double num_rows) {
  const double step = width / num_steps;
  return num_rows * step * step / 12;
}

void Widen(const Tails& tails, double num_steps, double num_rows, SampledBounds* bounds) {
  const double width = bounds->high - bounds->low;
  double least = RoundingLoss(width, num_steps, num_rows) + tails.below.loss + tails.above.loss;
  double best_below = 0;
  double best_above = 0;
  for (const double below : {0.0, tails.below.farthest}) {
    for (const double above : {0.0, tails.above.farthest}) {
      const double loss = RoundingLoss(width + below + above, num_steps, num_rows) +
                          (below > 0 ? 0 : tails.below.loss) + (above > 0 ? 0 : tails.above.loss);
      if (!(loss < least)) continue;
      least = loss;
      best_below = below;
      best_above = above;
    }
  }
  bounds->low -= best_below;
  bounds->high += best_above;
}

}  // namespace

absl::Status WidenToTails(const TrainingRows& rows, bool normalised, double num_steps,
                          std::span<SampledBounds> bounds, const Host& host,
                          const Context& context) {
  const size_t dim = bounds.size();
  const size_t pieces = (rows.count + kTailRowsPerPiece - 1) / kTailRowsPerPiece;
  std::vector<Tails> found(pieces * dim);
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      host.executor, Priority::kBackground, pieces, context,
      [&](size_t piece, size_t) -> absl::Status {
        const size_t begin = piece * kTailRowsPerPiece;
        const size_t end = std::min(rows.count, begin + kTailRowsPerPiece);
        for (size_t i = begin; i < end; ++i) {
          const float* row = rows.rows + i * dim;
          AddRow(row, normalised ? simd::InverseNorm(row, dim) : 1, bounds, &found[piece * dim]);
        }
        return absl::OkStatus();
      }));
  for (size_t d = 0; d < dim; ++d) {
    Tails all;
    for (size_t piece = 0; piece < pieces; ++piece) {
      all.below.Join(found[piece * dim + d].below);
      all.above.Join(found[piece * dim + d].above);
    }
    Widen(all, num_steps, static_cast<double>(rows.count), &bounds[d]);
  }
  return absl::OkStatus();
}

}  // namespace vecdb::codec
