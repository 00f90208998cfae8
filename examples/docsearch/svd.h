#ifndef DOCSEARCH_SVD_H_
#define DOCSEARCH_SVD_H_

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <cstdint>
#include <functional>

namespace docsearch {

using SparseMatrix = Eigen::SparseMatrix<float, Eigen::RowMajor>;
using DenseMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The leading right singular vectors of a matrix, one per column, and their singular values,
/// largest first.
struct SingularVectors {
  DenseMatrix vectors;
  Eigen::VectorXf values;
};

struct SvdOptions {
  int rank = 256;         ///< vectors wanted; fewer come back when a side of the matrix is shorter
  int oversampling = 16;  ///< more columns than wanted make the last ones better
  int power_iterations = 3;  ///< more of them separate close singular values better
  uint64_t seed = 1;         ///< the same seed gives the same vectors
};

/// Finds the leading right singular vectors of a large sparse matrix approximately: randomised
/// subspace iteration, Halko, Martinsson and Tropp, "Finding structure with randomness", 2011,
/// algorithm 4.4 on the transposed matrix. `on_step` is told how much of the work is done, from 0
/// to 1.
SingularVectors RandomizedSvd(const SparseMatrix& matrix, const SvdOptions& options,
                              const std::function<void(double)>& on_step = {});

}  // namespace docsearch

#endif  // DOCSEARCH_SVD_H_
