#include "codec/rotation.h"

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <cmath>
#include <new>
#include <utility>

#include "simd/panels.h"

namespace vecdb::codec {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> SquareOf(std::span<const float> matrix, size_t dim) {
  const auto size = static_cast<Eigen::Index>(dim);
  return {matrix.data(), size, size};
}

std::vector<float> ToVector(const RowMajor& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

absl::Status NoMemoryForAlgebra() {
  return absl::ResourceExhaustedError("no memory to decompose a matrix");
}

std::vector<float> PackSquare(const float* rows, size_t dim) {
  std::vector<float> panels(simd::PanelFloats(dim, dim));
  simd::PackPanels(rows, dim, dim, panels.data());
  return panels;
}

}  // namespace

Rotation::Rotation(std::vector<float> matrix, size_t dim) : matrix_(std::move(matrix)), dim_(dim) {
  panels_ = PackSquare(matrix_.data(), dim);
  std::vector<float> transposed(matrix_.size());
  for (size_t i = 0; i < dim; ++i) {
    for (size_t j = 0; j < dim; ++j) transposed[j * dim + i] = matrix_[i * dim + j];
  }
  back_panels_ = PackSquare(transposed.data(), dim);
}

void Rotation::Turn(const float* rows, size_t count, float* out) const {
  simd::PanelDots({rows, dim_, count}, {panels_.data(), dim_, dim_}, out);
}

void Rotation::TurnBack(const float* rows, size_t count, float* out) const {
  simd::PanelDots({rows, dim_, count}, {back_panels_.data(), dim_, dim_}, out);
}

bool IsOrthogonal(std::span<const float> matrix, size_t dim) {
  if (matrix.size() != dim * dim) return false;
  const Rotation rotation(std::vector<float>(matrix.begin(), matrix.end()), dim);
  std::vector<float> products(dim);
  for (size_t i = 0; i < dim; ++i) {
    rotation.Turn(matrix.data() + i * dim, 1, products.data());
    products[i] -= 1;
    for (const float product : products) {
      if (!(std::abs(product) < 1e-3f)) return false;
    }
  }
  return true;
}

absl::StatusOr<std::vector<float>> NearestOrthogonal(std::span<const float> matrix, size_t dim) {
  try {
    const Eigen::BDCSVD<Eigen::MatrixXf> svd(SquareOf(matrix, dim),
                                             Eigen::ComputeFullU | Eigen::ComputeFullV);
    return ToVector(svd.matrixU() * svd.matrixV().transpose());
  } catch (const std::bad_alloc&) {
    return NoMemoryForAlgebra();
  }
}

absl::StatusOr<std::vector<float>> PrincipalAxes(std::span<const float> matrix, size_t dim,
                                                 std::vector<float>* variances) {
  try {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(SquareOf(matrix, dim));
    const Eigen::VectorXf values = solver.eigenvalues().reverse();
    variances->assign(values.data(), values.data() + values.size());
    return ToVector(solver.eigenvectors().rowwise().reverse().transpose());
  } catch (const std::bad_alloc&) {
    return NoMemoryForAlgebra();
  }
}

}  // namespace vecdb::codec
