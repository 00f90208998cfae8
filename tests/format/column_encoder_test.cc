#include "format/column_encoder.h"

#include <gtest/gtest.h>

#include "format/bloom.h"
#include "format/column_testing.h"
#include "schema/key.h"
#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

// The encoder of a VarChar column of `num_rows` rows, of which row r has string r % distinct.
ColumnEncoder Encode(size_t num_rows, size_t distinct) {
  ColumnEncoder encoder(DataType::kVarChar);
  for (size_t begin = 0; begin < num_rows; begin += schema::kBlockRows) {
    std::vector<std::string> strings;
    for (size_t row = begin; row < std::min<size_t>(num_rows, begin + schema::kBlockRows); ++row) {
      strings.push_back(std::to_string(row % distinct));
    }
    encoder.Add(StringBlock(DataType::kVarChar, strings).block());
  }
  return encoder;
}

TEST(ColumnEncoderTest, TableAndStatisticsHaveAnEntryForEachBlock) {
  const ColumnEncoder encoder = Encode(9000, 9000);
  EXPECT_EQ(encoder.table().size(), 3 * kBlockEntryBytes);
  const auto stats = DecodeStats(DataType::kVarChar, 9000, encoder.Stats());
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->blocks[0].distinct, 4096u);
  EXPECT_EQ(stats->blocks[2].distinct, 9000u - 2 * 4096);
  EXPECT_EQ(stats->segment.min_string, "0");
  EXPECT_EQ(stats->segment.max_string, "999");
  EXPECT_NEAR(stats->segment.distinct, 9000, 9000 * 0.065);
}

TEST(ColumnEncoderTest, DistinctValuesOfOneBlockAreExact) {
  for (const size_t distinct : {1u, 7u, 4000u}) {
    const auto stats = DecodeStats(DataType::kVarChar, 4000, Encode(4000, distinct).Stats());
    ASSERT_TRUE(stats.has_value());
    EXPECT_EQ(stats->segment.distinct, distinct);
  }
}

TEST(ColumnEncoderTest, BloomFilterIsMadeOfManyValuesAndHoldsThem) {
  EXPECT_TRUE(Encode(100, 50).Bloom().empty());
  EXPECT_FALSE(Encode(100, 51).Bloom().empty());
  EXPECT_TRUE(Encode(20000, 3000).Bloom().empty());
  const std::vector<uint32_t> bloom = Encode(20000, 6000).Bloom();
  ASSERT_FALSE(bloom.empty());
  EXPECT_LE(bloom.size(), BloomWords(6000 * 115 / 100));
  int found = 0;
  for (int i = 0; i < 12000; ++i) {
    const bool may = BloomMayContain(bloom, schema::KeyHash(std::string_view(std::to_string(i))));
    if (i < 6000) {
      ASSERT_TRUE(may) << i;
    } else {
      found += may;
    }
  }
  EXPECT_LE(found, 6000 * 3 / 100);
}

TEST(ColumnEncoderTest, NumbersHaveNoBloomFilter) {
  ColumnEncoder encoder(DataType::kInt64);
  std::vector<int64_t> numbers(4096);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  encoder.Add(NumberBlock(DataType::kInt64, numbers));
  EXPECT_TRUE(encoder.Bloom().empty());
}

}  // namespace
}  // namespace vecdb::format
