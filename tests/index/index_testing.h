#ifndef VECDB_TESTS_INDEX_INDEX_TESTING_H_
#define VECDB_TESTS_INDEX_INDEX_TESTING_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "base/row_mask.h"
#include "index/query_distance.h"
#include "index/row_limits.h"
#include "index/vector_view.h"
#include "simd/row_norm.h"

namespace vecdb::index {

// Rows with their norms, and the view of them.
class TestRows {
 public:
  TestRows(std::vector<float> values, int32_t dim) : dim_(dim), values_(std::move(values)) {
    for (size_t i = 0; i < values_.size(); i += static_cast<size_t>(dim)) {
      norms_.push_back(simd::InverseNorm(&values_[i], static_cast<size_t>(dim)));
    }
  }

  VectorView view() const {
    return {.rows = values_.data(),
            .num_rows = static_cast<uint32_t>(norms_.size()),
            .dim = dim_,
            .inverse_norms = norms_.data()};
  }
  const std::vector<float>& values() const { return values_; }
  const std::vector<float>& norms() const { return norms_; }

 private:
  int32_t dim_;
  std::vector<float> values_;
  std::vector<float> norms_;
};

inline std::vector<float> RandomValues(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

inline TestRows RandomRows(uint32_t num_rows, int32_t dim, uint64_t seed) {
  return {RandomValues(size_t{num_rows} * static_cast<size_t>(dim), seed), dim};
}

// Small whole numbers: many rows at equal distances, and many equal rows.
inline TestRows GridRows(uint32_t num_rows, int32_t dim, int values, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> rows(size_t{num_rows} * static_cast<size_t>(dim));
  for (float& value : rows) value = static_cast<float>(random() % static_cast<uint64_t>(values));
  return {std::move(rows), dim};
}

// Clusters far apart, one after another in the order of rows.
inline TestRows ClusteredRows(uint32_t num_rows, int32_t dim, uint32_t clusters, uint64_t seed) {
  std::vector<float> rows = RandomValues(size_t{num_rows} * static_cast<size_t>(dim), seed);
  const std::vector<float> centers =
      RandomValues(size_t{clusters} * static_cast<size_t>(dim), seed + 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t row = i / static_cast<size_t>(dim);
    const size_t cluster = row * clusters / num_rows;
    rows[i] = rows[i] * 0.01f +
              100 * centers[cluster * static_cast<size_t>(dim) + i % static_cast<size_t>(dim)];
  }
  return {std::move(rows), dim};
}

// Rows in the reverse order, to tell an order that is asked from one that is not.
class ReverseOrder final : public RowOrder {
 public:
  bool Less(uint32_t a, uint32_t b) const override { return a > b; }
};

// Clusters that overlap, one row of each after another; the same clusters for every seed.
inline TestRows MixedRows(uint32_t num_rows, int32_t dim, uint32_t clusters, uint64_t seed) {
  std::vector<float> rows = RandomValues(size_t{num_rows} * static_cast<size_t>(dim), seed);
  const std::vector<float> centers =
      RandomValues(size_t{clusters} * static_cast<size_t>(dim), 1000);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t cluster = i / static_cast<size_t>(dim) % clusters;
    rows[i] =
        0.5f * rows[i] + centers[cluster * static_cast<size_t>(dim) + i % static_cast<size_t>(dim)];
  }
  return {std::move(rows), dim};
}

// The rows of which `allow(row)` is true.
template <typename Allow>
std::vector<uint64_t> BitmapWhere(uint32_t num_rows, Allow allow) {
  std::vector<uint64_t> words((num_rows + 63) / 64);
  for (uint32_t row = 0; row < num_rows; ++row) {
    if (allow(row)) words[row / 64] |= uint64_t{1} << (row % 64);
  }
  return words;
}

// A position in the order of IsNearer: behind `last`.
class Behind final : public RowPosition {
 public:
  explicit Behind(const Candidate& last, const RowOrder* order = nullptr)
      : last_(last), order_(order) {}
  bool IsBefore(float distance, uint32_t row) const override {
    return IsNearer(last_, {distance, row}, order_);
  }

 private:
  const Candidate last_;
  const RowOrder* const order_;
};

// A bitmap of `num_rows` rows in which each is allowed with this probability.
inline std::vector<uint64_t> RandomBitmap(uint32_t num_rows, double share, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution allow(share);
  std::vector<uint64_t> words((num_rows + 63) / 64);
  for (uint32_t row = 0; row < num_rows; ++row) {
    if (allow(random)) words[row / 64] |= uint64_t{1} << (row % 64);
  }
  return words;
}

// The oracle: every allowed row within the limits, sorted by the total order, cut at k.
inline std::vector<Candidate> NaiveSearch(const VectorView& view, Metric metric, const float* query,
                                          const base::RowMask& mask, size_t k,
                                          const RowOrder* order = nullptr,
                                          const RowLimits& limits = {}) {
  const QueryDistance distance(view, metric, query);
  std::vector<Candidate> all;
  for (uint32_t row = 0; row < view.num_rows; ++row) {
    if (!mask.Contains(row)) continue;
    const Candidate candidate{distance.One(row), row};
    if (limits.Contains(candidate.distance, row)) all.push_back(candidate);
  }
  std::sort(all.begin(), all.end(),
            [&](const Candidate& a, const Candidate& b) { return IsNearer(a, b, order); });
  if (all.size() > k) all.resize(k);
  return all;
}

// The share of `expected` that `found` has too.
inline double RecallOf(const std::vector<Candidate>& found,
                       const std::vector<Candidate>& expected) {
  if (expected.empty()) return 1;
  size_t hits = 0;
  for (const Candidate& candidate : expected) {
    hits += std::find(found.begin(), found.end(), candidate) != found.end();
  }
  return static_cast<double>(hits) / static_cast<double>(expected.size());
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_INDEX_TESTING_H_
