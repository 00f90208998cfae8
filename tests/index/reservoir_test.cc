#include "index/reservoir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace vecdb::index {
namespace {

TEST(ReservoirTest, TheNearestRowsAreKeptWhateverTheirOrder) {
  std::mt19937_64 random(1);
  Reservoir reservoir;
  for (const size_t wanted : std::initializer_list<size_t>{1, 2, 255, 257, 400}) {
    for (const size_t count : std::initializer_list<size_t>{0, 1, 32, 511, 512, 513, 5000}) {
      std::vector<Candidate> offered;
      for (uint32_t row = 0; row < count; ++row) {
        offered.push_back({static_cast<float>(random() % 50), row});
      }
      std::shuffle(offered.begin(), offered.end(), random);
      reservoir.Reset(wanted);
      for (const Candidate& candidate : offered) reservoir.Offer(candidate.distance, candidate.row);
      EXPECT_GE(reservoir.size(), std::min(wanted, count));
      std::vector<Candidate> kept;
      for (const PackedCandidate packed : reservoir.Finish()) {
        kept.push_back(UnpackCandidate(packed));
      }
      const auto nearer = [](const Candidate& a, const Candidate& b) {
        return IsNearer(a, b, nullptr);
      };
      std::sort(kept.begin(), kept.end(), nearer);
      std::sort(offered.begin(), offered.end(), nearer);
      offered.resize(std::min(wanted, count));
      EXPECT_EQ(kept, offered) << wanted << " of " << count;
    }
  }
}

TEST(ReservoirTest, TheWorstFallsAsRowsCome) {
  Reservoir reservoir;
  reservoir.Reset(40);
  EXPECT_EQ(reservoir.worst(), std::numeric_limits<float>::infinity());
  for (uint32_t row = 0; row < 512; ++row) reservoir.Offer(static_cast<float>(512 - row), row);
  EXPECT_GE(reservoir.worst(), 40);
  EXPECT_LE(reservoir.worst(), 60);
  const size_t size = reservoir.size();
  EXPECT_LE(size, 60U);
  reservoir.Offer(61, 1000);
  reservoir.Offer(std::numeric_limits<float>::infinity(), 1001);
  EXPECT_EQ(reservoir.size(), size);
}

TEST(ReservoirTest, RowsInfinitelyFarAwayCount) {
  Reservoir reservoir;
  reservoir.Reset(3);
  for (uint32_t row = 0; row < 5000; ++row) {
    reservoir.Offer(std::numeric_limits<float>::infinity(), row);
  }
  EXPECT_EQ(reservoir.Finish().size(), 3U);
}

}  // namespace
}  // namespace vecdb::index
