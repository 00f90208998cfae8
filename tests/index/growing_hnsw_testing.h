#ifndef VECDB_TESTS_INDEX_GROWING_HNSW_TESTING_H_
#define VECDB_TESTS_INDEX_GROWING_HNSW_TESTING_H_

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "index/coded_testing.h"
#include "index/growing_hnsw.h"
#include "index/top_rows.h"

namespace vecdb::index {

// Distances from a query to the first `num_rows` rows.
inline std::vector<float> DistancesTo(const TestRows& rows, uint32_t num_rows, Metric metric,
                                      const float* query) {
  std::vector<float> distances(num_rows);
  QueryDistance(rows.view(), metric, query).Block(0, num_rows, distances.data());
  return distances;
}

// What a caller does: searches, and compares the rows that the index did not cover.
inline std::vector<Candidate> FindGrowing(const GrowingHnsw& index, const TestRows& rows,
                                          const RowQuery& query) {
  std::vector<Candidate> found;
  const auto covered = index.Search(query, {}, &found);
  EXPECT_OK(covered);
  const QueryDistance distance(rows.view(), index.spec().metric, query.vector);
  TopRows top(query.k, query.order, query.limits);
  for (const Candidate& one : found) top.Offer(one.distance, one.row);
  for (uint32_t row = *covered; row < query.mask.num_rows; ++row) {
    if (query.mask.Contains(row)) top.Offer(distance.One(row), row);
  }
  top.Finish(&found);
  return found;
}

// Looks at every answer, and returns the mean recall: distances count, for rows may be equal.
inline double RecallOfGrowing(const GrowingHnsw& index, const TestRows& rows,
                              const TestRows& queries, RowQuery query) {
  double sum = 0;
  for (uint32_t i = 0; i < queries.view().num_rows; ++i) {
    query.vector = queries.view().row(i);
    const std::vector<float> distances =
        DistancesTo(rows, query.mask.num_rows, index.spec().metric, query.vector);
    const std::vector<Candidate> found = FindGrowing(index, rows, query);
    ExpectAnswers(found, distances, query);
    const std::vector<Candidate> expected = NaiveAnswers(distances, query);
    size_t hits = 0;
    for (const Candidate& one : found) {
      hits += !expected.empty() && one.distance <= expected.back().distance;
    }
    sum += expected.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(expected.size());
  }
  return sum / queries.view().num_rows;
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_GROWING_HNSW_TESTING_H_
