#include "codec/centroids.h"

#include <gtest/gtest.h>

#include "codec/codec_testing.h"

namespace vecdb::codec {
namespace {

size_t NaiveNearest(const Centroids& centroids, const float* row, Nearness nearness) {
  size_t best = 0;
  double least = 0;
  for (size_t i = 0; i < centroids.count(); ++i) {
    const double distance = nearness == Nearness::kL2
                                ? SquaredDistance(row, centroids.vector(i), centroids.dim())
                                : -DotProduct(row, centroids.vector(i), centroids.dim());
    if (i == 0 || distance < least) {
      best = i;
      least = distance;
    }
  }
  return best;
}

TEST(CentroidsTest, TheNearestAndItsDistanceAreThoseOfANaiveSearch) {
  for (const Nearness nearness : {Nearness::kL2, Nearness::kDot}) {
    for (const size_t dim : std::initializer_list<size_t>{1, 5, 33}) {
      const Centroids centroids(NormalRows(50, dim, 1), dim, nearness);
      const std::vector<float> rows = NormalRows(200, dim, 2);
      std::vector<uint32_t> nearest(200);
      std::vector<float> distances(200);
      centroids.Assign({rows.data(), dim, 200}, nearest.data(), distances.data());
      std::vector<float> all(50);
      for (size_t i = 0; i < 200; ++i) {
        const float* row = &rows[i * dim];
        EXPECT_EQ(nearest[i], NaiveNearest(centroids, row, nearness));
        const float* vector = centroids.vector(nearest[i]);
        const double distance = nearness == Nearness::kL2 ? SquaredDistance(row, vector, dim)
                                                          : -DotProduct(row, vector, dim);
        EXPECT_NEAR(distances[i], distance, 1e-4);
        centroids.Compare(row, all.data());
        EXPECT_NEAR(all[nearest[i]], distance, 1e-4);
      }
    }
  }
}

TEST(CentroidsTest, FarFromZeroTheOriginKeepsTheDigits) {
  constexpr size_t kDim = 16;
  std::vector<float> vectors = NormalRows(40, kDim, 1);
  std::vector<float> rows = NormalRows(300, kDim, 2);
  for (float& value : vectors) value += 1000;
  for (float& value : rows) value += 1000;
  const Centroids centroids(vectors, kDim, Nearness::kL2, std::vector<float>(kDim, 1000));
  std::vector<uint32_t> nearest(300);
  std::vector<float> distances(300);
  centroids.Assign({rows.data(), kDim, 300}, nearest.data(), distances.data());
  for (size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(nearest[i], NaiveNearest(centroids, &rows[i * kDim], Nearness::kL2));
    EXPECT_NEAR(distances[i], SquaredDistance(&rows[i * kDim], centroids.vector(nearest[i]), kDim),
                1e-3);
  }
  std::vector<float> dots(40);
  centroids.Dots(rows.data(), dots.data());
  for (size_t j = 0; j < 40; ++j) {
    EXPECT_NEAR(dots[j] / DotProduct(rows.data(), centroids.vector(j), kDim), 1, 1e-6);
  }
}

TEST(CentroidsTest, CentredOnesFindWhatOthersFind) {
  const std::vector<float> vectors = NormalRows(30, 6, 4);
  const std::vector<float> rows = NormalRows(100, 6, 5);
  for (const Nearness nearness : {Nearness::kL2, Nearness::kDot}) {
    const Centroids plain(vectors, 6, nearness);
    const Centroids centred = Centroids::Centred(vectors, 6, nearness);
    std::vector<uint32_t> expected(100), found(100);
    plain.Assign({rows.data(), 6, 100}, expected.data(), nullptr);
    centred.Assign({rows.data(), 6, 100}, found.data(), nullptr);
    EXPECT_EQ(found, expected);
  }
}

TEST(CentroidsTest, RowsMayBePartsOfLongerOnes) {
  const Centroids centroids({0, 0, 10, 10}, 2, Nearness::kL2);
  const std::vector<float> rows = {0, 1, 9, 9, 0, 0, 0, 8, 9, 1};
  std::vector<uint32_t> nearest(2);
  centroids.Assign({rows.data() + 2, 5, 2}, nearest.data(), nullptr);
  EXPECT_EQ(nearest, (std::vector<uint32_t>{1, 1}));
}

}  // namespace
}  // namespace vecdb::codec
