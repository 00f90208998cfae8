#include "schema/finite.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace vecdb::schema {
namespace {

template <typename T>
class FiniteTest : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FiniteTest, Types);

TYPED_TEST(FiniteTest, FindsNothingAmongFiniteNumbers) {
  using Limits = std::numeric_limits<TypeParam>;
  std::vector<TypeParam> numbers;
  EXPECT_EQ(FindNonFinite(std::span<const TypeParam>(numbers)), std::nullopt);
  for (const TypeParam number : {TypeParam{0}, -TypeParam{0}, TypeParam{1}, Limits::max(),
                                 Limits::lowest(), Limits::min(), Limits::denorm_min()}) {
    numbers.assign(600, number);
    EXPECT_EQ(FindNonFinite(std::span<const TypeParam>(numbers)), std::nullopt) << number;
  }
}

TYPED_TEST(FiniteTest, FindsTheFirstOfEveryKindAtEveryPlace) {
  using Limits = std::numeric_limits<TypeParam>;
  for (const TypeParam bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                              -Limits::quiet_NaN(), Limits::signaling_NaN()}) {
    for (const size_t size : {1u, 255u, 256u, 257u, 600u}) {
      for (const size_t at : {size_t{0}, size / 2, size - 1}) {
        std::vector<TypeParam> numbers(size, TypeParam{1});
        numbers.back() = bad;
        numbers[at] = bad;
        EXPECT_EQ(FindNonFinite(std::span<const TypeParam>(numbers)), at) << size;
      }
    }
  }
}

TEST(FindNonFiniteTest, ReadsFromAnyFloat) {
  std::vector<float> numbers(600, 1.0F);
  numbers[300] = std::numeric_limits<float>::quiet_NaN();
  const std::span<const float> all(numbers);
  EXPECT_EQ(FindNonFinite(all.subspan(1)), 299u);
  EXPECT_EQ(FindNonFinite(all.subspan(301)), std::nullopt);
}

}  // namespace
}  // namespace vecdb::schema
