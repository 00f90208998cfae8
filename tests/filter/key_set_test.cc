#include "filter/key_set.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

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

}  // namespace
}  // namespace vecdb::filter
