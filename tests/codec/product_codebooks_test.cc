#include "codec/product_codebooks.h"

#include <gtest/gtest.h>

#include <memory>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

TEST(ProductCodebooksTest, EachPartIsAssignedByItself) {
  const std::vector<float> rows = NormalRows(600, 6, 1);
  auto books = TrainProduct({rows.data(), 6, 600}, 6, {.m = 3, .words = 8}, {}, {});
  ASSERT_OK(books);
  EXPECT_EQ(books->m(), 3U);
  EXPECT_EQ(books->part_dim(), 2U);
  EXPECT_EQ(books->words(), 8U);
  std::vector<uint32_t> words(3 * 600);
  std::vector<float> distances(3 * 600);
  books->Assign({rows.data(), 6, 600}, words.data(), distances.data());
  double sum = 0;
  for (size_t j = 0; j < 3; ++j) {
    for (size_t i = 0; i < 600; ++i) {
      const float* part = &rows[i * 6 + j * 2];
      const double distance = SquaredDistance(part, books->parts[j].vector(words[j * 600 + i]), 2);
      EXPECT_NEAR(distances[j * 600 + i], distance, 1e-5);
      for (size_t w = 0; w < 8; ++w) {
        EXPECT_GE(SquaredDistance(part, books->parts[j].vector(w), 2), distance - 1e-5);
      }
      sum += distance;
    }
  }
  EXPECT_NEAR(books->error, sum / 600, 0.02 * books->error);
}

TEST(ProductCodebooksTest, ThreadsDoNotChangeTheWords) {
  const std::vector<float> rows = NormalRows(800, 12, 2);
  const std::unique_ptr<Executor> pool = MakeThreadPool(3);
  const ProductTraining training{.m = 6, .words = 16, .seed = 5};
  auto alone = TrainProduct({rows.data(), 12, 800}, 12, training, {}, {});
  auto shared =
      TrainProduct({rows.data(), 12, 800}, 12, training, Host{.executor = pool.get()}, {});
  ASSERT_OK(alone);
  ASSERT_OK(shared);
  EXPECT_EQ(alone->error, shared->error);
  for (size_t j = 0; j < 6; ++j) {
    const auto a = alone->parts[j].vectors();
    const auto b = shared->parts[j].vectors();
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

}  // namespace
}  // namespace vecdb::codec
