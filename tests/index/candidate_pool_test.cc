#include "index/candidate_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace vecdb::index {
namespace {

std::vector<uint32_t> Nodes(const CandidatePool& pool) {
  std::vector<uint32_t> nodes;
  for (size_t i = 0; i < pool.size(); ++i) nodes.push_back(pool.node(i));
  return nodes;
}

TEST(CandidatePoolTest, KeepsTheNearestSorted) {
  std::mt19937_64 random(1);
  CandidatePool pool;
  for (const size_t capacity : std::initializer_list<size_t>{1, 2, 7, 100, 300}) {
    pool.Reset(capacity);
    std::vector<Candidate> all;
    for (uint32_t node = 0; node < 200; ++node) {
      all.push_back({static_cast<float>(random() % 1000), node});
      pool.Insert(all.back().distance, node);
    }
    std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
      return a.distance < b.distance;
    });
    ASSERT_EQ(pool.size(), std::min<size_t>(capacity, 200));
    for (size_t i = 0; i < pool.size(); ++i) EXPECT_EQ(pool.distance(i), all[i].distance);
    EXPECT_EQ(pool.worst(), capacity <= 200 ? all[capacity - 1].distance
                                            : std::numeric_limits<float>::infinity());
  }
}

TEST(CandidatePoolTest, FollowsEachNodeOnceNearestFirst) {
  CandidatePool pool;
  pool.Reset(4);
  pool.Insert(5, 50);
  pool.Insert(3, 30);
  EXPECT_EQ(pool.FollowNearest(), 30U);
  pool.Insert(1, 10);
  pool.Insert(4, 40);
  EXPECT_EQ(pool.FollowNearest(), 10U);
  EXPECT_EQ(pool.FollowNearest(), 40U);
  EXPECT_EQ(pool.FollowNearest(), 50U);
  EXPECT_EQ(pool.FollowNearest(), kNoRow);
  EXPECT_EQ(Nodes(pool), (std::vector<uint32_t>{10, 30, 40, 50}));
}

TEST(CandidatePoolTest, EqualDistancesStayInTheOrderTheyCame) {
  CandidatePool pool;
  pool.Reset(3);
  for (uint32_t node = 1; node <= 3; ++node) EXPECT_TRUE(pool.Insert(7, node));
  EXPECT_FALSE(pool.Insert(7, 4));
  EXPECT_TRUE(pool.Insert(6, 5));
  EXPECT_EQ(Nodes(pool), (std::vector<uint32_t>{5, 1, 2}));
}

TEST(CandidatePoolTest, TakesInfinityWhileThereIsRoom) {
  CandidatePool pool;
  pool.Reset(2);
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(pool.Insert(inf, 1));
  EXPECT_TRUE(pool.Insert(inf, 2));
  EXPECT_FALSE(pool.Insert(inf, 3));
  EXPECT_TRUE(pool.Insert(0, 4));
  EXPECT_EQ(Nodes(pool), (std::vector<uint32_t>{4, 1}));
}

TEST(CandidatePoolTest, TellsHowManyOfTheNearestWereFollowed) {
  CandidatePool pool;
  pool.Reset(5);
  EXPECT_EQ(pool.num_followed(), 0U);
  for (uint32_t node = 0; node < 5; ++node) pool.Insert(static_cast<float>(node + 1), node);
  pool.FollowNearest();
  pool.FollowNearest();
  EXPECT_EQ(pool.num_followed(), 2U);
  pool.Insert(1.5F, 7);
  EXPECT_EQ(pool.num_followed(), 1U);
}

}  // namespace
}  // namespace vecdb::index
