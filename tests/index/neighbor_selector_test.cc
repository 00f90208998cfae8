#include "index/neighbor_selector.h"

#include <gtest/gtest.h>

#include "index/index_testing.h"

namespace vecdb::index {
namespace {

// The rows that are chosen as links of row 0, all others being candidates.
std::vector<uint32_t> Choose(const TestRows& rows, size_t limit, bool spreads = false) {
  const simd::DistanceKernels& kernels = simd::KernelsFor(Metric::kL2);
  const QueryDistance distance(rows.view(), Metric::kL2, kernels, 0);
  std::vector<LinkCandidate> candidates;
  for (uint32_t row = 1; row < rows.view().num_rows; ++row) {
    candidates.push_back({distance.One(row), row, row});
  }
  std::sort(candidates.begin(), candidates.end());
  NeighborSelector selector(RowDistance(rows.view(), Metric::kL2, kernels), spreads);
  std::vector<uint32_t> chosen;
  for (const LinkCandidate& choice : selector.Select(candidates, limit))
    chosen.push_back(choice.row);
  return chosen;
}

TEST(NeighborSelectorTest, PassesOverWhatLiesBehindANearerNeighbour) {
  // On a line: 2 lies behind 1; 3 is on the other side.
  EXPECT_EQ(Choose(TestRows({0, 1, 2, -1.5f}, 1), 3), (std::vector<uint32_t>{1, 3}));
}

TEST(NeighborSelectorTest, KeepsCandidatesInDifferentDirectionsUpToTheLimit) {
  const TestRows rows({0, 0, /**/ 1, 0, /**/ 0, 1.1f, /**/ -1.2f, 0, /**/ 0, -1.3f}, 2);
  EXPECT_EQ(Choose(rows, 10), (std::vector<uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(Choose(rows, 2), (std::vector<uint32_t>{1, 2}));
}

TEST(NeighborSelectorTest, ComparesWithEveryChosenNeighbour) {
  // Twelve directions, then a candidate close behind each: more than one group of four to compare
  // with.
  std::vector<float> values(14);
  for (int axis = 0; axis < 12; ++axis) {
    for (const float length : {1.0f, 1.5f}) {
      std::vector<float> row(14);
      row[static_cast<size_t>(axis)] = length;
      values.insert(values.end(), row.begin(), row.end());
    }
  }
  std::vector<uint32_t> expected;
  for (uint32_t axis = 0; axis < 12; ++axis) expected.push_back(1 + 2 * axis);
  EXPECT_EQ(Choose(TestRows(values, 14), 100), expected);
}

TEST(NeighborSelectorTest, EqualRowsTakeHalfOfTheLinksWhereTheseAreSpread) {
  const TestRows rows({0, 0, 0, 0, 0, 0, 1, -1.5f}, 1);
  EXPECT_EQ(Choose(rows, 4), (std::vector<uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(Choose(rows, 4, true), (std::vector<uint32_t>{1, 2, 3, 6}));
  EXPECT_EQ(Choose(rows, 6, true), (std::vector<uint32_t>{1, 2, 3, 4, 6, 7}));
}

TEST(NeighborSelectorTest, NoCandidatesGiveNoLinks) {
  EXPECT_TRUE(Choose(TestRows({1, 2}, 2), 5).empty());
}

}  // namespace
}  // namespace vecdb::index
