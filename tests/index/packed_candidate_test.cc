#include "index/packed_candidate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace vecdb::index {
namespace {

TEST(PackedCandidateTest, TheOrderIsThatOfDistanceAndRow) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float rising[] = {-kInfinity, -3e38f, -1, -1e-45f, 0,        1e-45f,
                          1e-38f,     1,      2,  3e38f,   kInfinity};
  const uint32_t rows[] = {0, 1, 0x7fffffff, 0xffffffff};
  PackedCandidate last = 0;
  for (const float distance : rising) {
    for (const uint32_t row : rows) {
      const PackedCandidate packed = PackCandidate(distance, row);
      EXPECT_TRUE(last < packed || last == 0);
      EXPECT_EQ(UnpackCandidate(packed), (Candidate{distance, row}));
      last = packed;
    }
  }
  EXPECT_EQ(PackCandidate(-0.0f, 5), PackCandidate(0.0f, 5));
}

TEST(PackedCandidateTest, TheSmallestAreSelected) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    const size_t count = 2 + random() % 600;
    const size_t most = 1 + random() % (count - 1);
    const size_t least = 1 + random() % most;
    std::vector<PackedCandidate> numbers(count);
    for (size_t i = 0; i < count; ++i) {
      const auto distance = static_cast<float>(random() % (round % 3 == 0 ? 4 : 100000));
      numbers[i] = PackCandidate(distance, static_cast<uint32_t>(i));
    }
    if (round % 5 == 1) std::sort(numbers.begin(), numbers.end());
    if (round % 5 == 2) std::sort(numbers.rbegin(), numbers.rend());
    std::vector<PackedCandidate> sorted = numbers;
    std::sort(sorted.begin(), sorted.end());
    const size_t kept = SelectSmallest(numbers.data(), count, least, most);
    ASSERT_GE(kept, least);
    ASSERT_LE(kept, most);
    std::sort(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(kept));
    ASSERT_TRUE(std::equal(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(kept),
                           sorted.begin()));
    std::sort(numbers.begin(), numbers.end());
    ASSERT_EQ(numbers, sorted);  // none is lost
  }
}

}  // namespace
}  // namespace vecdb::index
