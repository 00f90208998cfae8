// Indexes of few rows, of rows that are alike, and of the longest.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "index/coded_testing.h"
#include "index/diskann_testing.h"

namespace vecdb::index {
namespace {

constexpr int32_t kEdgeDim = 8;

// Its rows are in its pages alone.
std::unique_ptr<VectorIndex> StoredIndex(const TestRows& rows, Metric metric) {
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(metric));
  const auto store = WriteFile(*built);
  auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
  EXPECT_OK(loaded);
  return *std::move(loaded);
}

// min(k, allowed rows) rows, each once, the nearest of which are as near as there are.
void ExpectAsManyAsThereAre(const VectorIndex& index, const TestRows& rows, Metric metric,
                            uint32_t k, double share) {
  const uint32_t num_rows = rows.view().num_rows;
  const auto allowed = RandomBitmap(num_rows, share, 5);
  const base::RowMask mask{.num_rows = num_rows, .allowed = share < 1 ? allowed.data() : nullptr};
  const RowQuery query{.vector = rows.view().row(0), .k = k, .mask = mask};
  std::vector<Candidate> found;
  ASSERT_OK(index.Search(query, {}, &found));
  const auto expected = NaiveSearch(rows.view(), metric, query.vector, mask, k);
  ASSERT_EQ(found.size(), expected.size()) << num_rows << " rows, k " << k << ", " << share;
  std::set<uint32_t> different;
  for (const Candidate& one : found) {
    EXPECT_TRUE(mask.Contains(one.row));
    EXPECT_TRUE(different.insert(one.row).second);
  }
  if (!found.empty()) {
    EXPECT_EQ(found[0].distance, expected[0].distance);
  }
}

// So many rows, of which so many are different.
TestRows Repeated(uint32_t num_rows, uint32_t num_different) {
  std::vector<float> values;
  for (uint32_t row = 0; row < num_rows; ++row) {
    for (uint32_t i = 0; i < kEdgeDim; ++i) {
      values.push_back(static_cast<float>((row % num_different + 1) * (i + 1) % 7) + 0.5F);
    }
  }
  return TestRows(std::move(values), kEdgeDim);
}

TEST(DiskannEdgeTest, FewerRowsThanTheDegreeAndRowsThatAreAlike) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (const uint32_t num_rows : {1U, 2U, 10U, 16U, 17U, 1000U}) {
      for (const uint32_t num_different : {1U, 2U, 6U}) {
        const TestRows rows = Repeated(num_rows, num_different);
        const auto index = StoredIndex(rows, metric);
        for (const uint32_t k : {1U, 3U, 10U, 500U, 5000U}) {
          for (const double share : {0.0, 0.01, 0.3, 0.95, 1.0}) {
            ExpectAsManyAsThereAre(*index, rows, metric, k, share);
          }
        }
      }
    }
  }
}

TEST(DiskannEdgeTest, DuplicatesOfTheNearestDoNotHideTheRowsBehindThem) {
  // Half of the rows lie on one point, from which all links could be spent on each other.
  TestRows rows = RandomRows(1200, kEdgeDim, 3);
  std::vector<float> values(rows.view().rows, rows.view().rows + 1200 * kEdgeDim);
  for (size_t row = 0; row < 1200; row += 2) {
    std::copy_n(values.begin(), kEdgeDim, values.begin() + static_cast<ptrdiff_t>(row) * kEdgeDim);
  }
  const TestRows half(std::move(values), kEdgeDim);
  const auto index = StoredIndex(half, Metric::kL2);
  double recall = 0;
  for (uint32_t i = 1; i < 100; i += 2) {
    const RowQuery query{.vector = half.view().row(i),
                         .k = 10,
                         .params = DiskannSearchParams{.search_list = 50},
                         .mask = {.num_rows = 1200}};
    std::vector<Candidate> found;
    ASSERT_OK(index->Search(query, {}, &found));
    recall += RecallOf(found, NaiveSearch(half.view(), Metric::kL2, query.vector, query.mask, 10));
  }
  EXPECT_GE(recall / 50, 0.9);
}

TEST(DiskannEdgeTest, TheLongestRows) {
  constexpr int32_t kMostDim = 32768;
  const TestRows rows = RandomRows(4, kMostDim, 4);
  const auto index = StoredIndex(rows, Metric::kL2);
  EXPECT_EQ(PartsOf(*index).layout.page_bytes % 4096, 0U);
  EXPECT_GT(PartsOf(*index).layout.page_bytes, kMostDim * sizeof(float));
  ExpectAsManyAsThereAre(*index, rows, Metric::kL2, 4, 1.0);
}

}  // namespace
}  // namespace vecdb::index
