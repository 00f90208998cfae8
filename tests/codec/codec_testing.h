#ifndef VECDB_CODEC_CODEC_TESTING_H_
#define VECDB_CODEC_CODEC_TESTING_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace vecdb::codec {

/// Rows of `dim` normal numbers, row-major.
inline std::vector<float> NormalRows(size_t count, size_t dim, uint64_t seed, float scale = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> rows(count * dim);
  for (float& value : rows) value = normal(random);
  return rows;
}

/// Rows about `clusters` centres that lie ten times as far from each other as the rows from them.
inline std::vector<float> ClusteredRows(size_t count, size_t dim, size_t clusters, uint64_t seed) {
  const std::vector<float> centres = NormalRows(clusters, dim, seed, 10);
  std::vector<float> rows = NormalRows(count, dim, seed + 1);
  for (size_t i = 0; i < count; ++i) {
    for (size_t d = 0; d < dim; ++d) rows[i * dim + d] += centres[i % clusters * dim + d];
  }
  return rows;
}

inline double SquaredDistance(const float* a, const float* b, size_t dim) {
  double sum = 0;
  for (size_t d = 0; d < dim; ++d) {
    const double difference = static_cast<double>(a[d]) - static_cast<double>(b[d]);
    sum += difference * difference;
  }
  return sum;
}

inline double DotProduct(const float* a, const float* b, size_t dim) {
  double sum = 0;
  for (size_t d = 0; d < dim; ++d) sum += static_cast<double>(a[d]) * static_cast<double>(b[d]);
  return sum;
}

/// The mean squared distance of rows to others of the same number.
inline double MeanError(const std::vector<float>& a, const std::vector<float>& b, size_t dim) {
  const size_t count = a.size() / dim;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += SquaredDistance(&a[i * dim], &b[i * dim], dim);
  return sum / static_cast<double>(count);
}

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_CODEC_TESTING_H_
