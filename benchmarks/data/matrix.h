#ifndef VECDB_BENCHMARKS_DATA_MATRIX_H_
#define VECDB_BENCHMARKS_DATA_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"

namespace vecdb::bench {

/// Vectors of one length, row-major float32: the host's array that indexes copy from or look at.
/// Lies on huge pages where the system has them. Movable; thread-compatible.
class Matrix {
 public:
  /// Zeros. ResourceExhausted when there is not enough memory; InvalidArgument without rows or dim,
  /// or with more than 2^31 - 1 rows or 65536 dims.
  static absl::StatusOr<Matrix> Make(uint64_t num_rows, uint64_t dim);

  Matrix() = default;

  size_t num_rows() const { return num_rows_; }
  size_t dim() const { return dim_; }
  uint64_t num_bytes() const { return uint64_t{sizeof(float)} * num_rows_ * dim_; }

  std::span<float> values() { return buffer_.as<float>(); }
  std::span<const float> values() const { return buffer_.as<float>(); }
  std::span<float> row(size_t row) { return values().subspan(row * dim_, dim_); }
  std::span<const float> row(size_t row) const { return values().subspan(row * dim_, dim_); }

 private:
  Matrix(base::LargeBuffer buffer, size_t num_rows, size_t dim)
      : buffer_(std::move(buffer)), num_rows_(num_rows), dim_(dim) {}

  base::LargeBuffer buffer_;
  size_t num_rows_ = 0;
  size_t dim_ = 0;
};

/// A copy with every row scaled to length 1; zero rows stay zero.
absl::StatusOr<Matrix> Normalized(const Matrix& matrix);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_MATRIX_H_
