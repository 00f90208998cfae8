#include "index/top_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "index/index_testing.h"

namespace vecdb::index {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<Candidate> Sorted(std::vector<Candidate> rows, size_t k, const RowOrder* order) {
  std::sort(rows.begin(), rows.end(),
            [&](const Candidate& a, const Candidate& b) { return IsNearer(a, b, order); });
  if (rows.size() > k) rows.resize(k);
  return rows;
}

TEST(TopRowsTest, KeepsTheNearestWhateverTheOrderOfOffers) {
  const ReverseOrder reverse;
  std::mt19937_64 random(1);
  for (const RowOrder* order :
       {static_cast<const RowOrder*>(nullptr), static_cast<const RowOrder*>(&reverse)}) {
    for (const size_t k : std::initializer_list<size_t>{1, 2, 10, 99, 100, 101}) {
      std::vector<Candidate> rows;  // few distances, so that ties fall on the last place kept
      for (uint32_t i = 0; i < 100; ++i) rows.push_back({static_cast<float>(random() % 7), i});
      const std::vector<Candidate> expected = Sorted(rows, k, order);
      std::shuffle(rows.begin(), rows.end(), random);
      TopRows top(k, order);
      for (const Candidate& row : rows) top.Offer(row.distance, row.row);
      std::vector<Candidate> found;
      top.Finish(&found);
      EXPECT_EQ(found, expected) << k;
    }
  }
}

TEST(TopRowsTest, TakesInfinityWhileThereIsRoom) {
  TopRows top(2);
  top.Offer(kInfinity, 5);
  EXPECT_EQ(top.worst(), kInfinity);
  top.Offer(kInfinity, 4);
  top.Offer(kInfinity, 3);
  top.Offer(1, 9);
  std::vector<Candidate> found;
  top.Finish(&found);
  EXPECT_EQ(found, (std::vector<Candidate>{{1, 9}, {kInfinity, 3}}));
}

TEST(TopRowsTest, IsEmptyAfterFinishAndReset) {
  TopRows top(3);
  top.Offer(1, 1);
  std::vector<Candidate> found;
  top.Finish(&found);
  EXPECT_EQ(top.size(), 0U);
  top.Offer(2, 2);
  top.Reset(1);
  top.Finish(&found);
  EXPECT_TRUE(found.empty());
}

TEST(TopRowsTest, TakesOnlyWhatTheLimitsContain) {
  const Behind behind({2, 5});
  TopRows top(3, nullptr, {.min_distance = 1, .max_distance = 4, .after = &behind});
  EXPECT_EQ(top.worst(), std::nextafter(4.0f, 0.0f));
  top.Offer(4, 1);     // too far
  top.Offer(0.5f, 2);  // too near
  top.Offer(1, 3);     // before the position
  top.Offer(2, 5);     // at it
  top.Offer(2, 6);
  top.Offer(3.5f, 7);
  std::vector<Candidate> found;
  top.Finish(&found);
  EXPECT_EQ(found, (std::vector<Candidate>{{2, 6}, {3.5f, 7}}));
  top.Offer(4, 8);  // the limits stay
  EXPECT_EQ(top.size(), 0U);
}

TEST(TopRowsTest, KOfZeroTakesNothing) {
  TopRows top(0);
  top.Offer(-kInfinity, 1);
  EXPECT_EQ(top.size(), 0U);
}

}  // namespace
}  // namespace vecdb::index
