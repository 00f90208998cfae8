#include "base/row_mask.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace vecdb::base {
namespace {

using Visited = std::vector<std::pair<uint32_t, uint64_t>>;

Visited VisitAll(const DeleteTimes& deletes, uint64_t num_rows, uint64_t as_of) {
  Visited visited;
  deletes.ForEach(num_rows, as_of,
                  [&](uint32_t row, uint64_t time) { visited.emplace_back(row, time); });
  return visited;
}

TEST(DeleteTimesTest, RowsLiveUntilTheyAreDeleted) {
  DeleteTimes deletes;
  EXPECT_EQ(deletes.at(5), 0u);
  EXPECT_TRUE(deletes.Set(5, 100));
  EXPECT_EQ(deletes.at(5), 100u);
  EXPECT_FALSE(deletes.DeletedAt(5, 99));
  EXPECT_TRUE(deletes.DeletedAt(5, 100));
  EXPECT_TRUE(deletes.DeletedAt(5, 101));
  EXPECT_FALSE(deletes.DeletedAt(4, 1000));
  EXPECT_EQ(deletes.count(), 1u);
}

TEST(DeleteTimesTest, SecondDeleteOfARowChangesNothing) {
  DeleteTimes deletes;
  EXPECT_TRUE(deletes.Set(5, 100));
  EXPECT_FALSE(deletes.Set(5, 50));
  EXPECT_FALSE(deletes.Set(5, 200));
  EXPECT_EQ(deletes.at(5), 100u);
  EXPECT_EQ(deletes.count(), 1u);
}

TEST(DeleteTimesTest, ForEachVisitsInOrderWithinRowsAndTime) {
  DeleteTimes deletes;
  const Visited all = {{0, 9}, {4095, 7}, {4096, 8}, {3 * 4096 + 1, 7}, {1u << 30, 1}};
  for (auto it = all.rbegin(); it != all.rend(); ++it) deletes.Set(it->first, it->second);
  EXPECT_EQ(VisitAll(deletes, (1u << 30) + 1, 100), all);
  EXPECT_EQ(VisitAll(deletes, 3 * 4096 + 2, 7), (Visited{{4095, 7}, {3 * 4096 + 1, 7}}));
  EXPECT_EQ(VisitAll(deletes, 3 * 4096 + 1, 100), (Visited{{0, 9}, {4095, 7}, {4096, 8}}));
  EXPECT_EQ(VisitAll(deletes, 4096, 100), (Visited{{0, 9}, {4095, 7}}));
  EXPECT_TRUE(VisitAll(deletes, 0, 100).empty());
  EXPECT_TRUE(VisitAll(deletes, 1 << 20, 0).empty());
}

TEST(DeleteTimesTest, AgreesWithAMap) {
  std::mt19937 random(7);
  DeleteTimes deletes;
  std::map<uint32_t, uint64_t> oracle;
  for (int i = 0; i < 20000; ++i) {
    const uint32_t row = static_cast<uint32_t>(random() % 30000);
    const uint64_t time = 1 + random() % 1000;
    EXPECT_EQ(deletes.Set(row, time), oracle.emplace(row, time).second);
  }
  EXPECT_EQ(deletes.count(), oracle.size());
  EXPECT_EQ(VisitAll(deletes, 30000, 1000), Visited(oracle.begin(), oracle.end()));
}

TEST(CountBitsTest, CountsTheFirstBitsAlone) {
  std::mt19937_64 random(3);
  std::vector<uint64_t> words(4);
  for (uint64_t& word : words) word = random();
  uint64_t expected = 0;
  for (uint64_t bits = 0; bits <= 256; ++bits) {
    EXPECT_EQ(CountBits(words.data(), bits), expected) << bits;
    if (bits < 256) expected += words[bits / 64] >> bits % 64 & 1;
  }
}

TEST(RowMaskTest, HoldsAllByDefault) {
  const RowMask mask{.num_rows = 100};
  EXPECT_TRUE(mask.all());
  EXPECT_TRUE(mask.Contains(99));
  EXPECT_EQ(mask.Estimate(), 100u);
}

TEST(RowMaskTest, ContainsWhatIsAllowedThereAndAlive) {
  std::mt19937_64 random(5);
  constexpr uint32_t kRows = 300;
  std::vector<uint64_t> allowed(5);
  for (uint64_t& word : allowed) word = random();
  std::vector<uint64_t> times(kRows);
  DeleteTimes deletes;
  for (uint32_t row = 0; row < kRows; ++row) {
    times[row] = 1 + row / 10;
    if (random() % 3 == 0) deletes.Set(row, times[row] + random() % 20);
  }
  for (const uint64_t as_of : {0u, 1u, 15u, 30u, 100u}) {
    const RowMask mask{.num_rows = kRows,
                       .allowed = allowed.data(),
                       .deletes = &deletes,
                       .row_times = times.data(),
                       .as_of = as_of};
    EXPECT_FALSE(mask.all());
    for (uint32_t row = 0; row < kRows; ++row) {
      const bool expected = (allowed[row / 64] >> row % 64 & 1) != 0 && times[row] <= as_of &&
                            (deletes.at(row) == 0 || deletes.at(row) > as_of);
      EXPECT_EQ(mask.Contains(row), expected) << row << " at " << as_of;
    }
  }
}

TEST(RowMaskTest, RowsWrittenBeforeTheyWouldBeAliveAreNotContained) {
  const std::vector<uint64_t> times = {9, 10, 11, 20, 21};
  const RowMask mask{.num_rows = 5, .row_times = times.data(), .as_of = 20, .alive_from = 10};
  for (uint32_t row = 0; row < 5; ++row) {
    EXPECT_EQ(mask.Contains(row), row >= 1 && row <= 3) << row;
  }
}

TEST(RowMaskTest, EachPartAloneMakesItLessThanAll) {
  const uint64_t word = ~uint64_t{0};
  const uint64_t time = 1;
  DeleteTimes none;
  DeleteTimes one;
  one.Set(0, 5);
  EXPECT_TRUE((RowMask{.num_rows = 1, .deletes = &none}).all());
  EXPECT_FALSE((RowMask{.num_rows = 1, .deletes = &one}).all());
  EXPECT_FALSE((RowMask{.num_rows = 1, .allowed = &word}).all());
  EXPECT_FALSE((RowMask{.num_rows = 1, .row_times = &time}).all());
}

TEST(RowMaskTest, AllowedFromIsTheBitmapOfTheRowsFromOneOn) {
  const std::vector<uint64_t> some = {0x0123456789abcdef, 0xfedcba9876543210, 0x5555555555555555};
  for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), some.data()}) {
    for (const uint32_t num_rows : {0u, 1u, 63u, 64u, 65u, 128u, 150u}) {
      const RowMask mask{.num_rows = num_rows, .allowed = allowed};
      for (const uint32_t first : {0u, 1u, 63u, 64u, 100u, 128u, 149u, 150u}) {
        for (const uint32_t num_bits : {num_rows, num_rows + 1, 192u}) {
          const std::vector<uint64_t> words = AllowedFrom(mask, first, num_bits);
          ASSERT_EQ(words.size(), (num_bits + 63) / 64);
          for (uint32_t row = 0; row < words.size() * 64; ++row) {
            const bool is_set = ((words[row / 64] >> (row % 64)) & 1) != 0;
            const bool is_allowed = row >= first && row < num_rows && mask.Contains(row);
            EXPECT_EQ(is_set, is_allowed) << row << " of " << num_rows << " from " << first;
          }
        }
      }
    }
  }
}

TEST(RowMaskTest, EstimateSpreadsDeletesEvenly) {
  const std::vector<uint64_t> half(16, 0x5555555555555555);
  DeleteTimes deletes;
  for (uint32_t row = 0; row < 256; ++row) deletes.Set(row, 1);
  EXPECT_EQ((RowMask{.num_rows = 1024, .allowed = half.data()}).Estimate(), 512u);
  EXPECT_EQ((RowMask{.num_rows = 1024, .deletes = &deletes}).Estimate(), 768u);
  EXPECT_EQ((RowMask{.num_rows = 1024, .allowed = half.data(), .deletes = &deletes}).Estimate(),
            384u);
  EXPECT_EQ((RowMask{.num_rows = 100, .deletes = &deletes}).Estimate(), 0u);
  EXPECT_EQ((RowMask{.num_rows = 0, .deletes = &deletes}).Estimate(), 0u);
}

}  // namespace
}  // namespace vecdb::base
