#include "docsearch/lsa.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "docsearch/parallel.h"

namespace docsearch {
namespace {

using Eigen::Index;

// One row per text, one column per term.
SparseMatrix WeightMatrix(std::span<const std::string> texts, const Vocabulary& vocabulary) {
  std::vector<std::vector<TermWeight>> rows(texts.size());
  ForRanges(texts.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) rows[i] = vocabulary.Weigh(texts[i]);
  });

  SparseMatrix matrix(static_cast<Index>(texts.size()), static_cast<Index>(vocabulary.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    matrix.startVec(static_cast<Index>(i));
    for (const TermWeight& weight : rows[i]) {
      matrix.insertBack(static_cast<Index>(i), static_cast<Index>(weight.term)) = weight.weight;
    }
  }
  matrix.finalize();
  return matrix;
}

}  // namespace

LsaModel LsaModel::Fit(std::span<const std::string> texts, int dim, uint64_t seed,
                       const std::function<void(double)>& on_step) {
  Vocabulary vocabulary = Vocabulary::Learn(texts);
  const SingularVectors svd =
      RandomizedSvd(WeightMatrix(texts, vocabulary), {.rank = dim, .seed = seed}, on_step);
  DenseMatrix projection = DenseMatrix::Zero(static_cast<Index>(vocabulary.size()), dim);
  const char* p = std::getenv("P");
  const float power = p ? (float)std::atof(p) : 0.0f;
  for (Index i = 0; i < svd.values.size(); ++i) {
    projection.col(i) = svd.vectors.col(i) * std::pow(svd.values(i), -power);
  }
  if (std::getenv("DROP")) projection.col(0).setZero();
  if (const char* a = std::getenv("ALPHA")) {
    for (Index t = 0; t < projection.rows(); ++t) {
      const float norm = projection.row(t).norm();
      if (norm > 1e-6f) projection.row(t) *= std::pow(norm, -(float)std::atof(a));
    }
  }
  return LsaModel(std::move(vocabulary), std::move(projection));
}

LsaModel::LsaModel(Vocabulary vocabulary, DenseMatrix projection)
    : vocabulary_(std::move(vocabulary)), projection_(std::move(projection)) {}

std::vector<float> LsaModel::Embed(std::string_view text) const {
  Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(projection_.cols());
  for (const TermWeight& weight : vocabulary_.Weigh(text)) {
    sum += weight.weight * projection_.row(static_cast<Index>(weight.term));
  }
  sum.normalize();
  return {sum.begin(), sum.end()};
}

}  // namespace docsearch
