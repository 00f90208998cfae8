#include "format/block_encoder.h"

#include <gtest/gtest.h>

#include <limits>

#include "format/bit_packing.h"
#include "format/column_testing.h"
#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

constexpr BlockEncoding kEncodings[] = {BlockEncoding::kConstant, BlockEncoding::kPlain,
                                        BlockEncoding::kPacked, BlockEncoding::kDictionary};

constexpr size_t kLengths[] = {1, 2, 1023, 1024, 1025, 4095, 4096};

template <typename T>
class NumberEncoderTest : public ::testing::Test {
 public:
  static constexpr DataType kType = std::is_same_v<T, int8_t>    ? DataType::kInt8
                                    : std::is_same_v<T, int16_t> ? DataType::kInt16
                                    : std::is_same_v<T, int32_t> ? DataType::kInt32
                                    : std::is_same_v<T, int64_t> ? DataType::kInt64
                                    : std::is_same_v<T, float>   ? DataType::kFloat
                                    : std::is_same_v<T, double>  ? DataType::kDouble
                                                                 : DataType::kBool;

  static bool CanBe(BlockEncoding encoding, const DistinctValues& distinct) {
    if (encoding == BlockEncoding::kConstant) return distinct.count() == 1;
    if (encoding == BlockEncoding::kDictionary) return kType != DataType::kBool;
    return encoding == BlockEncoding::kPlain || std::is_integral_v<T>;
  }

  // Each encoding gives the numbers back, and the one that is chosen is the shortest of them.
  static void ExpectRoundTrips(const std::vector<T>& numbers) {
    const auto block = NumberBlock(kType, numbers);
    const DistinctValues distinct = DistinctOf(block);
    size_t shortest = std::numeric_limits<size_t>::max();
    for (const BlockEncoding encoding : kEncodings) {
      if (!CanBe(encoding, distinct)) continue;
      const EncodedBlock encoded = EncodeBlockAs(encoding, block, distinct);
      ExpectGives(encoded, numbers);
      shortest = std::min(shortest, encoded.bytes.size());
    }
    const EncodedBlock chosen = EncodeBlock(block, distinct);
    ExpectGives(chosen, numbers);
    ASSERT_EQ(chosen.entry.raw_bytes, shortest);
    if (chosen.entry.compressed) {
      ASSERT_LE(chosen.bytes.size(), shortest - shortest / 8);
      ASSERT_GE(shortest, 512u);
    }
  }

  static void ExpectGives(const EncodedBlock& encoded, const std::vector<T>& numbers) {
    ASSERT_EQ(encoded.entry.size_bytes, encoded.bytes.size());
    ASSERT_EQ(encoded.entry.num_rows, numbers.size());
    const auto decoded = Decode(encoded, kType);
    ASSERT_TRUE(decoded.has_value());
    // As bytes: NaNs and the sign of zeros are kept.
    const auto out = NumbersOf<T>(decoded->block);
    ASSERT_EQ(std::memcmp(out.data(), numbers.data(), numbers.size() * sizeof(T)), 0);
    ASSERT_EQ(decoded->block.constant, encoded.entry.encoding == BlockEncoding::kConstant);
    ASSERT_LE(decoded->memory_bytes, DecodedBytes(encoded.entry, kType));
    ASSERT_EQ(ColumnBytes(encoded.entry, kType), numbers.size() * sizeof(T));
  }
};

using NumberTypes = ::testing::Types<uint8_t, int8_t, int16_t, int32_t, int64_t, float, double>;
TYPED_TEST_SUITE(NumberEncoderTest, NumberTypes);

TYPED_TEST(NumberEncoderTest, NumbersOfEverySpreadComeBack) {
  using T = TypeParam;
  support::SeededRandom random(support::TestSeed("Spread"));
  const uint32_t max_bits = TestFixture::kType == DataType::kBool ? 1 : 8 * sizeof(T);
  for (uint32_t bits = 0; bits <= max_bits; ++bits) {
    std::vector<T> numbers(kLengths[bits % std::size(kLengths)]);
    for (T& number : numbers) {
      const uint64_t value = bits == 0 ? 0 : random.Next() >> (64 - bits);
      number = static_cast<T>(static_cast<BitsOf<T>>(value));
    }
    ASSERT_NO_FATAL_FAILURE(TestFixture::ExpectRoundTrips(numbers)) << bits << " bits";
  }
}

TYPED_TEST(NumberEncoderTest, EveryLengthComesBack) {
  using T = TypeParam;
  for (const size_t length : kLengths) {
    std::vector<T> numbers(length);
    for (size_t i = 0; i < length; ++i) numbers[i] = static_cast<T>(i % 2);
    ASSERT_NO_FATAL_FAILURE(TestFixture::ExpectRoundTrips(numbers)) << length;
  }
}

TYPED_TEST(NumberEncoderTest, LimitsOfATypeLieInOneBlock) {
  using T = TypeParam;
  if (TestFixture::kType == DataType::kBool) return;
  std::vector<T> numbers = {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max(), T{0},
                            std::numeric_limits<T>::min()};
  if constexpr (std::is_floating_point_v<T>) {
    numbers.insert(numbers.end(),
                   {-T{0}, std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::infinity(),
                    std::numeric_limits<T>::denorm_min()});
  }
  TestFixture::ExpectRoundTrips(numbers);
  while (numbers.size() < 4096) numbers.push_back(numbers[numbers.size() % 4]);
  TestFixture::ExpectRoundTrips(numbers);
}

TEST(BlockEncoderTest, ChoiceFollowsTheData) {
  const auto chosen = [](const std::vector<int64_t>& numbers) {
    const auto block = NumberBlock(DataType::kInt64, numbers);
    return EncodeBlock(block, DistinctOf(block)).entry.encoding;
  };
  support::SeededRandom random(support::TestSeed("Choice"));
  std::vector<int64_t> any(4096), small(4096), few(4096);
  for (int64_t& number : any) number = static_cast<int64_t>(random.Next());
  for (int64_t& number : small) number = static_cast<int64_t>(random.Below(1000));
  for (int64_t& number : few) number = any[random.Below(10)];
  EXPECT_EQ(chosen(any), BlockEncoding::kPlain);
  EXPECT_EQ(chosen(small), BlockEncoding::kPacked);
  EXPECT_EQ(chosen(few), BlockEncoding::kDictionary);
  EXPECT_EQ(chosen(std::vector<int64_t>(4096, -5)), BlockEncoding::kConstant);
}

std::vector<std::vector<std::string>> StringSets() {
  support::SeededRandom random(support::TestSeed("Strings"));
  std::vector<std::vector<std::string>> sets = {
      {""},
      {"", ""},
      {std::string(65535, 'x'), "", std::string(65536, 'y'), std::string("\0\xff", 2), ""},
      std::vector<std::string>(4096, "same"),
      std::vector<std::string>(4096, "")};
  for (const size_t length : kLengths) {
    std::vector<std::string> few(length), many(length), texts(length);
    for (size_t i = 0; i < length; ++i) {
      few[i] = "value " + std::to_string(random.Below(50));
      many[i] = std::to_string(random.Next());
      texts[i] = "{\"number\":" + std::to_string(random.Below(100000)) + ",\"flag\":true}";
    }
    sets.insert(sets.end(), {few, many, texts});
  }
  return sets;
}

void ExpectStrings(const EncodedBlock& encoded, DataType type,
                   const std::vector<std::string>& strings) {
  const auto decoded = Decode(encoded, type);
  ASSERT_TRUE(decoded.has_value());
  ASSERT_TRUE(StringsOf(decoded->block) == strings);
  ASSERT_LE(decoded->memory_bytes, DecodedBytes(encoded.entry, type));
  uint64_t bytes = 0;
  for (const std::string& string : strings) bytes += string.size() + sizeof(uint64_t);
  ASSERT_EQ(ColumnBytes(encoded.entry, type), bytes);
  const bool is_dictionary = encoded.entry.encoding == BlockEncoding::kDictionary;
  ASSERT_EQ(decoded->block.codes != nullptr, is_dictionary);
  for (uint32_t i = 1; is_dictionary && i < decoded->block.num_strings; ++i) {
    ASSERT_LT(decoded->block.text(i - 1), decoded->block.text(i));
  }
}

TEST(BlockEncoderTest, StringsComeBackInEveryEncodingAndTheShortestIsChosen) {
  for (const auto& strings : StringSets()) {
    const StringBlock views(DataType::kVarChar, strings);
    const DistinctValues distinct = DistinctOf(views.block());
    size_t shortest = std::numeric_limits<size_t>::max();
    for (const BlockEncoding encoding : kEncodings) {
      if (encoding == BlockEncoding::kConstant && distinct.count() > 1) continue;
      const EncodedBlock encoded = EncodeBlockAs(encoding, views.block(), distinct);
      ASSERT_NO_FATAL_FAILURE(ExpectStrings(encoded, DataType::kVarChar, strings));
      shortest = std::min(shortest, encoded.bytes.size());
    }
    const EncodedBlock chosen = EncodeBlock(views.block(), distinct);
    ASSERT_NO_FATAL_FAILURE(ExpectStrings(chosen, DataType::kVarChar, strings));
    ASSERT_EQ(chosen.entry.raw_bytes, shortest);
  }
}

TEST(BlockEncoderTest, TextIsCompressedFromFiveHundredTwelveBytesOn) {
  // Plain, as the first string is so short that lengths take many bits.
  const auto encode = [](size_t raw_bytes) {
    const std::vector<std::string> strings = {std::string(raw_bytes - 8, 'a'), ""};
    const StringBlock views(DataType::kJson, strings);
    return EncodeBlock(views.block(), DistinctOf(views.block())).entry;
  };
  EXPECT_FALSE(encode(511).compressed);
  EXPECT_TRUE(encode(512).compressed);
  EXPECT_EQ(encode(512).raw_bytes, 512u);
  EXPECT_LT(encode(512).size_bytes, 100u);
}

}  // namespace
}  // namespace vecdb::format
