#include "docsearch/svd.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <random>

#include "docsearch/parallel.h"

namespace docsearch {
namespace {

using Eigen::Index;

// Each row of the product depends on one row of `a`, so the result does not depend on the threads.
DenseMatrix Multiply(const SparseMatrix& a, const DenseMatrix& b) {
  DenseMatrix product(a.rows(), b.cols());
  ForRanges(static_cast<size_t>(a.rows()), [&](size_t begin, size_t end) {
    const auto first = static_cast<Index>(begin);
    const auto count = static_cast<Index>(end - begin);
    product.middleRows(first, count).noalias() = a.middleRows(first, count) * b;
  });
  return product;
}

// Signs of equal chance serve as well as normal numbers, and are the same with every standard
// library.
DenseMatrix RandomSigns(Index rows, Index cols, uint64_t seed) {
  std::mt19937_64 random(seed);
  return DenseMatrix::NullaryExpr(rows, cols, [&] { return (random() & 1) != 0 ? 1.0F : -1.0F; });
}

DenseMatrix Orthonormalized(const DenseMatrix& columns) {
  const Eigen::HouseholderQR<Eigen::MatrixXf> qr(columns);
  return qr.householderQ() * Eigen::MatrixXf::Identity(columns.rows(), columns.cols());
}

}  // namespace

SingularVectors RandomizedSvd(const SparseMatrix& matrix, const SvdOptions& options,
                              const std::function<void(double)>& on_step) {
  const SparseMatrix transposed = matrix.transpose();
  const Index shorter_side = std::min(matrix.rows(), matrix.cols());
  const Index rank = std::min<Index>(options.rank, shorter_side);
  const Index width = std::min<Index>(rank + options.oversampling, shorter_side);

  DenseMatrix basis = RandomSigns(matrix.cols(), width, options.seed);
  for (int step = 0; step <= options.power_iterations; ++step) {
    basis = Orthonormalized(Multiply(transposed, Multiply(matrix, basis)));
    if (on_step) on_step((step + 1.0) / (options.power_iterations + 2.0));
  }

  // Within the basis the problem is small: the eigenvectors of its Gram matrix, smallest first.
  const DenseMatrix image = Multiply(matrix, basis);
  const Eigen::MatrixXd gram = (image.transpose() * image).cast<double>();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(gram);
  const Eigen::MatrixXf leading =
      eigen.eigenvectors().rightCols(rank).rowwise().reverse().cast<float>();
  const Eigen::VectorXd values = eigen.eigenvalues().tail(rank).reverse();
  if (on_step) on_step(1);
  return {.vectors = basis * leading, .values = values.cwiseMax(0).cwiseSqrt().cast<float>()};
}

}  // namespace docsearch
