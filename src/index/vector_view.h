#ifndef VECDB_INDEX_VECTOR_VIEW_H_
#define VECDB_INDEX_VECTOR_VIEW_H_

#include <cstdint>
#include <limits>
#include <span>

#include "absl/status/status.h"
#include "vecdb/context.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// No row, and the padding of link lists.
inline constexpr uint32_t kNoRow = std::numeric_limits<uint32_t>::max();

/// Rows number 2^31 - 1 at most: the highest bit of a row number is free for marks.
inline constexpr uint32_t kMaxRows = 0x7fffffff;

/// Reads rows that are not in memory. Implementations must be thread-safe.
class RowReader {
 public:
  virtual ~RowReader() = default;

  /// Reads `rows` one after the other into `out`, dim floats each, all finite. Fastest for rows
  /// that ascend. What the store returns; DataLoss for damaged rows.
  virtual absl::Status Read(std::span<const uint32_t> rows, float* out,
                            const Context& context) const = 0;
};

/// The rows that an index is about: float32, row-major, owned elsewhere and unchanged meanwhile.
struct VectorView {
  const float* rows = nullptr;  ///< nullptr: `reader` has them
  uint32_t num_rows = 0;
  int32_t dim = 0;
  const float* inverse_norms =
      nullptr;  ///< simd::InverseNorm of each row; for kCosine, where the rows are in memory
  const RowReader* reader = nullptr;

  const float* row(uint32_t index) const {
    return rows + static_cast<size_t>(index) * static_cast<size_t>(dim);
  }
};

/// A row and how far it is: the smaller the nearer, under every metric.
struct Candidate {
  float distance = 0;
  uint32_t row = 0;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// The raw score that users see, as Metric says.
constexpr float ScoreOf(Metric metric, float distance) {
  return metric == Metric::kL2 ? distance : 0.0f - distance;  // never -0
}

/// Decides between rows of equal distance: by key in a segment. Implementations must be
/// thread-safe.
class RowOrder {
 public:
  virtual ~RowOrder() = default;
  virtual bool Less(uint32_t a, uint32_t b) const = 0;
};

/// The total order of every result: distance, then `order`, by row where that is nullptr.
inline bool IsNearer(const Candidate& a, const Candidate& b, const RowOrder* order) {
  if (a.distance != b.distance) return a.distance < b.distance;
  return order == nullptr ? a.row < b.row : order->Less(a.row, b.row);
}

}  // namespace vecdb::index

#endif  // VECDB_INDEX_VECTOR_VIEW_H_
