#include "format/bit_packing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

template <typename U>
class BitPackingTest : public ::testing::Test {};

using Unsigned = ::testing::Types<uint8_t, uint16_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(BitPackingTest, Unsigned);

template <typename U>
constexpr uint32_t kBits = std::numeric_limits<U>::digits;

// Values of `width` bits, the largest among them.
template <typename U>
std::vector<U> Values(size_t count, uint32_t width, support::SeededRandom* random) {
  std::vector<U> values(count);
  if (width == 0) return values;
  for (U& value : values)
    value = static_cast<U>(static_cast<U>(random->Next()) >> (kBits<U> - width));
  if (count > 1)
    values[count - 1] = static_cast<U>(std::numeric_limits<U>::max() >> (kBits<U> - width));
  return values;
}

// Bit `bit` of value `v`, found as docs/formats.md tells it.
template <typename U>
bool BitOf(std::string_view packed, uint32_t width, size_t v, uint32_t bit) {
  constexpr size_t kLanes = 1024 / kBits<U>;
  const size_t in_chunk = v % 1024;
  const size_t at = in_chunk / kLanes * width + bit;
  const size_t word = at / kBits<U> * kLanes + in_chunk % kLanes;
  U value = 0;
  std::memcpy(&value, packed.data() + v / 1024 * 128 * width + word * sizeof(U), sizeof(U));
  return (value >> (at % kBits<U>)&1) != 0;
}

TYPED_TEST(BitPackingTest, EveryWidthAndLengthComesBack) {
  support::SeededRandom random(support::TestSeed("BitPacking"));
  for (uint32_t width = 0; width <= kBits<TypeParam>; ++width) {
    for (const size_t count : {1u, 2u, 1023u, 1024u, 1025u, 4096u}) {
      const auto values = Values<TypeParam>(count, width, &random);
      std::string packed;
      PackBits<TypeParam>(values, width, &packed);
      ASSERT_EQ(packed.size(), PackedBytes(count, width));
      std::vector<TypeParam> unpacked(count, TypeParam{77});
      UnpackBits<TypeParam>(packed, width, TypeParam{0}, unpacked);
      ASSERT_EQ(unpacked, values) << "width " << width << ", count " << count;
    }
  }
}

TYPED_TEST(BitPackingTest, BitsLieWhereTheFormatSays) {
  support::SeededRandom random(support::TestSeed("BitsLie"));
  for (uint32_t width = 1; width <= kBits<TypeParam>; width += 3) {
    const auto values = Values<TypeParam>(1100, width, &random);
    std::string packed;
    PackBits<TypeParam>(values, width, &packed);
    for (size_t v = 0; v < values.size(); ++v) {
      for (uint32_t bit = 0; bit < width; ++bit) {
        ASSERT_EQ(BitOf<TypeParam>(packed, width, v, bit), (values[v] >> bit & 1) != 0)
            << "width " << width << ", value " << v << ", bit " << bit;
      }
    }
  }
}

TYPED_TEST(BitPackingTest, BaseIsAddedAndWrapsAround) {
  const auto max = std::numeric_limits<TypeParam>::max();
  const std::vector<TypeParam> values = {0, 1, max};
  std::string packed;
  PackBits<TypeParam>(values, kBits<TypeParam>, &packed);
  std::vector<TypeParam> unpacked(3);
  UnpackBits<TypeParam>(packed, kBits<TypeParam>, max, unpacked);
  EXPECT_EQ(unpacked, (std::vector<TypeParam>{max, 0, static_cast<TypeParam>(max - 1)}));
  UnpackBits<TypeParam>("", 0, max, unpacked);
  EXPECT_EQ(unpacked, std::vector<TypeParam>(3, max));
}

}  // namespace
}  // namespace vecdb::format
