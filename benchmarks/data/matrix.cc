#include "data/matrix.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace vecdb::bench {

absl::StatusOr<Matrix> Matrix::Make(uint64_t num_rows, uint64_t dim) {
  constexpr uint64_t kMaxRows = (1ULL << 31) - 1;
  constexpr uint64_t kMaxDim = 65536;
  if (num_rows == 0 || num_rows > kMaxRows || dim == 0 || dim > kMaxDim) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d rows of %d dims are not 1 to %d rows of 1 to %d dims", num_rows, dim,
                        kMaxRows, kMaxDim));
  }
  VECDB_ASSIGN_OR_RETURN(
      base::LargeBuffer buffer,
      base::LargeBuffer::Make(num_rows * dim * sizeof(float), Host{}, "vectors"));
  std::fill(buffer.bytes().begin(), buffer.bytes().end(), std::byte{0});
  return Matrix(std::move(buffer), num_rows, dim);
}

absl::StatusOr<Matrix> Normalized(const Matrix& matrix) {
  VECDB_ASSIGN_OR_RETURN(Matrix result, Matrix::Make(matrix.num_rows(), matrix.dim()));
  for (size_t row = 0; row < matrix.num_rows(); ++row) {
    double squares = 0;
    for (const float value : matrix.row(row)) squares += double{value} * value;
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    std::transform(matrix.row(row).begin(), matrix.row(row).end(), result.row(row).begin(),
                   [scale](float value) { return static_cast<float>(value * scale); });
  }
  return result;
}

}  // namespace vecdb::bench
