#ifndef VECDB_INDEX_CODE_BOUNDS_H_
#define VECDB_INDEX_CODE_BOUNDS_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "format/section_file.h"
#include "index/row_codes.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

// The section of CodeBounds.
//
//   CBND  the largest error float32, the largest norm of a row float32 (1 under COSINE), then for
//         each row u8: its error is at most so many 255ths of the largest

inline constexpr uint32_t kCodeBoundsTag = format::Tag("CBND");

/// The least float that is not below `value`.
inline float UpToFloat(double value) {
  const auto rounded = static_cast<float>(value);
  if (double{rounded} >= value) return rounded;
  return std::nextafter(rounded, std::numeric_limits<float>::infinity());
}

/// Between which two numbers the distance of a row lies.
struct DistanceBounds {
  double least = 0;
  double most = 0;
};

/// How far each row is from what its code stands for, rounded up to a byte; under kCosine, the row
/// of length 1. By the triangle inequality a distance of codes then bounds that of the rows, so
/// that a search can tell which rows it need not read (as in the VA-file: Weber, Schek and Blott
/// 1998). Immutable, thread-safe.
class CodeBounds {
 public:
  /// Of the rows of a view, in memory, that `codes` are of. None where they cannot be told, for
  /// rows near the ends of float32. The same for any number of threads of host.executor.
  /// ResourceExhausted, Cancelled, DeadlineExceeded.
  static absl::StatusOr<CodeBounds> Build(const VectorView& view, const RowCodes& codes,
                                          const Host& host, const Context& context);

  /// Reads what Write wrote; none, where there is no such section. DataLoss for what cannot be;
  /// ResourceExhausted.
  static absl::StatusOr<CodeBounds> Read(const format::SectionFile& file, uint32_t num_rows,
                                         const Host& host, const Context& context);

  /// Bytes for so many rows.
  static uint64_t BytesFor(uint64_t num_rows) { return kHeadBytes + num_rows; }

  CodeBounds() = default;

  /// Adds the section; nothing where there are none.
  absl::Status Write(format::SectionWriter& writer, const Context& context) const;

  bool empty() const { return bytes_.size() == 0; }
  uint64_t bytes() const { return bytes_.size(); }

  /// The bounds for one query. Borrows the CodeBounds.
  class OfQuery {
   public:
    OfQuery(const CodeBounds& bounds, const codec::CodecSpec& codec, const float* query);

    /// Of the distance that a search computes from `row`, when codes say `distance`.
    DistanceBounds Of(uint32_t row, float distance) const;

   private:
    const uint8_t* const errors_;
    const Metric metric_;
    double step_ = 0;      ///< of an error, in terms of a distance that is not squared
    double slack_ = 0;     ///< for rounding, of either distance
    bool is_any_ = false;  ///< nothing can be said
  };

 private:
  static constexpr uint64_t kHeadBytes = 2 * sizeof(float);

  float largest_error() const { return bytes_.as<const float>()[0]; }
  float largest_norm() const { return bytes_.as<const float>()[1]; }
  const uint8_t* errors() const {
    return reinterpret_cast<const uint8_t*>(bytes_.data()) + kHeadBytes;
  }

  base::LargeBuffer bytes_;  // the section
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_CODE_BOUNDS_H_
