#include "codec/kmeans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

using support::CodeOf;

KMeans TrainAlone(const std::vector<float>& rows, size_t dim, const KMeansParams& params,
                  const Host& host = {}) {
  auto trained = TrainKMeans({rows.data(), dim, rows.size() / dim}, dim, params, host, {});
  EXPECT_OK(trained);
  return *std::move(trained);
}

std::vector<float> VectorsOf(const KMeans& trained) {
  const auto vectors = trained.centroids.vectors();
  return {vectors.begin(), vectors.end()};
}

TEST(KMeansTest, ClustersThatLieApartAreFound) {
  constexpr size_t kDim = 8;
  const std::vector<float> rows = ClusteredRows(3000, kDim, 10, 1);
  const KMeans trained = TrainAlone(rows, kDim, {.k = 80});
  // Each row lies about sqrt(dim) from its centre; two centres for one centroid would cost
  // hundreds.
  EXPECT_LT(trained.error, kDim);
  EXPECT_GT(trained.error, kDim / 2.0);
}

TEST(KMeansTest, TheErrorIsThatOfTheAssignment) {
  const std::vector<float> rows = NormalRows(500, 6, 3);
  const KMeans trained = TrainAlone(rows, 6, {.k = 20});
  std::vector<uint32_t> nearest(500);
  trained.centroids.Assign({rows.data(), 6, 500}, nearest.data(), nullptr);
  double sum = 0;
  for (size_t i = 0; i < 500; ++i) {
    sum += SquaredDistance(&rows[i * 6], trained.centroids.vector(nearest[i]), 6);
  }
  EXPECT_NEAR(trained.error, sum / 500, 0.02 * trained.error);
  EXPECT_GT(trained.rounds, 2);
}

TEST(KMeansTest, ThreadsDoNotChangeTheCentroidsAndTheSeedDoes) {
  const std::vector<float> rows = NormalRows(5000, 12, 4);
  const KMeans alone = TrainAlone(rows, 12, {.k = 40, .seed = 9});
  for (const int threads : {1, 3}) {
    const std::unique_ptr<Executor> pool = MakeThreadPool(threads);
    const KMeans trained = TrainAlone(rows, 12, {.k = 40, .seed = 9}, Host{.executor = pool.get()});
    EXPECT_EQ(VectorsOf(trained), VectorsOf(alone));
    EXPECT_EQ(trained.error, alone.error);
  }
  EXPECT_NE(VectorsOf(TrainAlone(rows, 12, {.k = 40, .seed = 10})), VectorsOf(alone));
}

TEST(KMeansTest, NoCentroidIsLeftWithoutRowsWhereRowsDiffer) {
  // Nine tenths of the rows are equal, so most of the first centroids are, too.
  std::vector<float> rows(9000 * 2, 1);
  const std::vector<float> others = NormalRows(1000, 2, 5, 100);
  rows.insert(rows.end(), others.begin(), others.end());
  const KMeans trained = TrainAlone(rows, 2, {.k = 30});
  std::vector<uint32_t> nearest(10000);
  trained.centroids.Assign({rows.data(), 2, 10000}, nearest.data(), nullptr);
  EXPECT_EQ(std::set<uint32_t>(nearest.begin(), nearest.end()).size(), 30U);
}

TEST(KMeansTest, EqualRowsGiveTheirOwnValueExactly) {
  for (const float value : {0.0f, 0.1f, -1234.5678f, 1e30f, 1e-30f}) {
    const std::vector<float> rows(400 * 3, value);
    const KMeans trained = TrainAlone(rows, 3, {.k = 4});
    uint32_t nearest = 9;
    trained.centroids.Assign({rows.data(), 3, 1}, &nearest, nullptr);
    EXPECT_EQ(trained.centroids.vector(nearest)[0], value);
  }
}

TEST(KMeansTest, FewerRowsThanCentroidsAreTheCentroids) {
  const std::vector<float> rows = NormalRows(3, 4, 6);
  const KMeans trained = TrainAlone(rows, 4, {.k = 5});
  ASSERT_EQ(trained.centroids.count(), 5U);
  for (size_t i = 0; i < 3; ++i) {
    uint32_t nearest = 9;
    trained.centroids.Assign({&rows[i * 4], 4, 1}, &nearest, nullptr);
    EXPECT_NEAR(SquaredDistance(trained.centroids.vector(nearest), &rows[i * 4], 4), 0, 1e-9);
  }
  EXPECT_EQ(TrainAlone({}, 4, {.k = 2}).centroids.vectors()[7], 0);
}

TEST(KMeansTest, SphericalCentroidsHaveLengthOne) {
  const std::vector<float> rows = NormalRows(1000, 5, 7);
  const KMeans trained = TrainAlone(rows, 5, {.k = 12, .nearness = Nearness::kDot});
  for (size_t i = 0; i < 12; ++i) {
    const float* vector = trained.centroids.vector(i);
    EXPECT_NEAR(DotProduct(vector, vector, 5), 1, 1e-5);
  }
  EXPECT_LT(trained.error, 0);
}

TEST(KMeansTest, AStartIsGoneOnFrom) {
  const std::vector<float> rows = NormalRows(2000, 4, 8);
  const KMeans first = TrainAlone(rows, 4, {.k = 16, .max_rounds = 3});
  const KMeans second =
      TrainAlone(rows, 4, {.k = 16, .max_rounds = 3, .start = first.centroids.vectors()});
  EXPECT_LT(second.error, first.error);
}

TEST(KMeansTest, MemoryIsReservedAndGivenBack) {
  const std::vector<float> rows = NormalRows(1000, 16, 9);
  MemoryBudget enough(10 << 20);
  TrainAlone(rows, 16, {.k = 8}, Host{.budget = &enough});
  EXPECT_EQ(enough.used_bytes(), 0U);
  MemoryBudget small(1000);
  const Host host{.budget = &small};
  EXPECT_EQ(CodeOf(TrainKMeans({rows.data(), 16, 1000}, 16, {.k = 8}, host, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(small.used_bytes(), 0U);
}

TEST(KMeansTest, ACancelledCallEnds) {
  const std::vector<float> rows = NormalRows(1000, 16, 9);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  const Context context{.cancel = token};
  EXPECT_EQ(CodeOf(TrainKMeans({rows.data(), 16, 1000}, 16, {.k = 8}, {}, context)),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::codec
