#include "filter/key_set.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "support/seeded_random.h"

namespace vecdb::filter {
namespace {

KeySet SetOf(const std::set<uint64_t>& keys) {
  return KeySet(std::vector<uint64_t>(keys.begin(), keys.end()));
}

TEST(KeySetTest, NothingIsInAnEmptySet) {
  for (const KeySet& set : {KeySet(), SetOf({})}) {
    for (const uint64_t key : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
      EXPECT_FALSE(set.Contains(key)) << key;
    }
  }
}

TEST(KeySetTest, TheKeysThatMightStandForEmptySlotsAreToldApart) {
  EXPECT_TRUE(SetOf({0}).Contains(0));
  EXPECT_FALSE(SetOf({0}).Contains(1));
  EXPECT_FALSE(SetOf({1, 2}).Contains(0));
  EXPECT_TRUE(SetOf({0, 1, 2, 3}).Contains(3));
  EXPECT_FALSE(SetOf({0, 1, 2, 3}).Contains(4));
  EXPECT_TRUE(
      SetOf({std::numeric_limits<uint64_t>::max()}).Contains(std::numeric_limits<uint64_t>::max()));
}

TEST(KeySetTest, RandomKeysAreFoundAndNoOthers) {
  const uint64_t seed = support::TestSeed("KeySetTest");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int round = 0; round < 60; ++round) {
    // From all the same hash to spread out.
    const uint64_t range = uint64_t{1} << (1 + random.Below(63));
    const uint64_t step = random.OneIn(2) ? 1 : uint64_t{1} << random.Below(50);
    std::set<uint64_t> keys;
    for (uint64_t left = random.Below(400); left > 0; --left) {
      keys.insert(random.Below(range) * step);
    }
    const KeySet set = SetOf(keys);
    for (const uint64_t key : keys) EXPECT_TRUE(set.Contains(key)) << key;
    for (int i = 0; i < 400; ++i) {
      const uint64_t key = random.Below(range) * step;
      EXPECT_EQ(set.Contains(key), keys.contains(key)) << key;
    }
  }
}

// Those of a Fibonacci number lay beside each other under a multiplication by the golden ratio.
TEST(KeySetTest, KeysAtEqualDistancesAreLookedUpLikeRandomOnes) {
  const uint64_t seed = support::TestSeed("KeySetTest.Distances");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  constexpr uint64_t kSteps[] = {1,
                                 121393,
                                 514229,
                                 832040,
                                 3524578,
                                 1'700'000'121'393,
                                 uint64_t{1} << 20,
                                 uint64_t{1} << 44,
                                 0x9e3779b97f4a7c15,
                                 0xf1de83e19937733d};  // the inverse of the one before
  const std::pair<uint64_t, uint64_t> kCases[] = {{20'000, 0}, {100'000, 1'700'000'000'000}};
  for (const auto& [num_keys, first] : kCases) {
    std::set<uint64_t> others;
    while (others.size() < num_keys) others.insert(random.Next());
    const size_t bound = 4 * SetOf(others).MostProbes();
    EXPECT_LT(bound, 1000u);
    for (const uint64_t step : kSteps) {
      std::set<uint64_t> keys;
      for (uint64_t i = 0; i < num_keys; ++i) keys.insert(first + i * step);
      const KeySet set = SetOf(keys);
      EXPECT_LE(set.MostProbes(), bound) << num_keys << " keys " << step << " apart";
      size_t passed = 0;
      for (uint64_t i = num_keys; i < 2 * num_keys; ++i) {
        const uint64_t other = first + i * step;
        if (keys.contains(other)) continue;  // it went all round
        EXPECT_FALSE(set.Contains(other)) << other;
        if (set.MayContain(other)) ++passed;
      }
      EXPECT_LT(passed, num_keys / 10) << num_keys << " keys " << step << " apart";
    }
  }
}

}  // namespace
}  // namespace vecdb::filter
