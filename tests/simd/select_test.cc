#include "simd/select.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "hwy/highway.h"
#include "support/seeded_random.h"

namespace vecdb::simd {
namespace {

// Runs each test once for each instruction set that was compiled and that this machine has.
class SelectTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

template <typename T>
T RandomValue(support::SeededRandom& random) {
  using Limits = std::numeric_limits<T>;
  switch (random.Below(6)) {
    case 0:
      return Limits::lowest();
    case 1:
      return Limits::max();
    case 2:
      if constexpr (std::is_floating_point_v<T>) {
        const T odd[] = {Limits::infinity(), -Limits::infinity(), Limits::denorm_min(), -T{0},
                         Limits::quiet_NaN()};
        return odd[random.Below(5)];
      }
      return static_cast<T>(random.Next());
    default:
      return static_cast<T>(random.Below(9)) - static_cast<T>(4);
  }
}

// The values lie one past an aligned address and end where their allocation ends.
template <typename T>
void ExpectAsScalarLoop(support::SeededRandom& random, size_t count) {
  std::vector<T> memory(count + 1);
  for (T& value : memory) value = RandomValue<T>(random);
  const T* values = memory.data() + 1;
  const T low = RandomValue<T>(random);
  const T high = RandomValue<T>(random);
  const size_t num_words = (count + 63) / 64;
  std::vector<uint64_t> expected(num_words);
  for (size_t i = 0; i < count; ++i) {
    expected[i / 64] |= uint64_t{low <= values[i] && values[i] <= high} << (i % 64);
  }
  std::vector<uint64_t> words(num_words + 1, ~uint64_t{0});
  expected.push_back(~uint64_t{0});  // which is not to be touched
  InRange(values, count, low, high, words.data());
  EXPECT_EQ(words, expected) << count;
}

TEST_P(SelectTest, EveryTypeAndCountIsAsAScalarLoopHasIt) {
  const uint64_t seed = support::TestSeed("SelectTest");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(200); i > 0; --i) {
    const size_t count = random.OneIn(4) ? random.Below(5) * 64 : random.Below(300);
    ExpectAsScalarLoop<int8_t>(random, count);
    ExpectAsScalarLoop<int16_t>(random, count);
    ExpectAsScalarLoop<int32_t>(random, count);
    ExpectAsScalarLoop<int64_t>(random, count);
    ExpectAsScalarLoop<uint8_t>(random, count);
    ExpectAsScalarLoop<uint16_t>(random, count);
    ExpectAsScalarLoop<float>(random, count);
    ExpectAsScalarLoop<double>(random, count);
  }
}

TEST_P(SelectTest, ARangeTheWrongWayRoundHoldsNothing) {
  const std::vector<int64_t> values(130, 5);
  std::vector<uint64_t> words(3, ~uint64_t{0});
  InRange<int64_t>(values.data(), values.size(), 6, 4, words.data());
  EXPECT_EQ(words, std::vector<uint64_t>(3, 0));
}

TEST_P(SelectTest, BitsOfAnyNumberOfWordsAreCounted) {
  const uint64_t seed = support::TestSeed("SelectTest.Bits");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (size_t count = 0; count < 70; ++count) {
    std::vector<uint64_t> words(count);
    uint64_t expected = 0;
    for (uint64_t& word : words) {
      word = random.OneIn(8) ? ~uint64_t{0} : random.Next() & random.Next();
      expected += static_cast<uint64_t>(std::popcount(word));
    }
    EXPECT_EQ(CountBits(words.data(), count), expected) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, SelectTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

}  // namespace
}  // namespace vecdb::simd
