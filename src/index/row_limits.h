#ifndef VECDB_INDEX_ROW_LIMITS_H_
#define VECDB_INDEX_ROW_LIMITS_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/status/statusor.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// A place in the total order of results, from which a search goes on: behind the last row that was
/// returned before. That row may be another index's, so that only the caller can compare.
/// Implementations must be thread-safe.
class RowPosition {
 public:
  virtual ~RowPosition() = default;
  /// True when a row at this distance comes behind the position.
  virtual bool IsBefore(float distance, uint32_t row) const = 0;
};

/// Which distances count: min_distance <= distance < max_distance, and behind a position. A value;
/// borrows the position. The default lets every row pass, those infinitely far away too.
struct RowLimits {
  static constexpr float kUnbounded = std::numeric_limits<float>::infinity();

  float min_distance = -kUnbounded;
  float max_distance = kUnbounded;  ///< kUnbounded takes rows at infinity too
  const RowPosition* after = nullptr;

  bool any() const {
    return min_distance != -kUnbounded || max_distance != kUnbounded || after != nullptr;
  }

  /// The largest distance that is let pass.
  float farthest() const {
    return max_distance == kUnbounded ? kUnbounded : std::nextafter(max_distance, -kUnbounded);
  }

  bool Contains(float distance, uint32_t row) const {
    return distance >= min_distance && distance <= farthest() &&
           (after == nullptr || after->IsBefore(distance, row));
  }
};

/// The limits that a range of scores means: `range_filter` <= score < `radius` under kL2, `radius`
/// < score <= `range_filter` under the other metrics; either may be left out. InvalidArgument for
/// NaN and for bounds the wrong way round, between which no score lies.
absl::StatusOr<RowLimits> LimitsOfScores(Metric metric, std::optional<float> radius,
                                         std::optional<float> range_filter);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROW_LIMITS_H_
