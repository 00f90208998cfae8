#include "schema/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int32_t kShardCounts[] = {1, 2, 7, 64};

// The expected shards come from another implementation of MurmurHash3_x86_32, which gives the
// published values for "test", "Hello, world!" and the quick brown fox.
TEST(KeyTest, RoutesInt64KeysAsMilvusDoes) {
  const struct {
    int64_t key;
    std::array<int32_t, 4> shards;
  } cases[] = {{0, {0, 0, 1, 60}},
               {1, {0, 0, 5, 4}},
               {-1, {0, 0, 5, 40}},
               {42, {0, 0, 3, 62}},
               {kMin, {0, 1, 4, 37}},
               {kMax, {0, 1, 5, 63}},
               {1234567890123, {0, 0, 5, 30}}};
  for (const auto& c : cases) {
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(ShardOf(c.key, kShardCounts[i]), c.shards[i]) << c.key;
    }
  }
}

// The expected shards come from zlib's crc32.
TEST(KeyTest, RoutesVarCharKeysAsMilvusDoes) {
  const struct {
    std::string key;
    std::array<int32_t, 4> shards;
  } cases[] = {{"", {0, 0, 0, 0}},
               {"a", {0, 1, 4, 3}},
               {"doc-1", {0, 1, 6, 41}},
               {"\xC3\xA9", {0, 0, 4, 62}},
               {std::string(99, 'x'), {0, 0, 6, 38}},
               {std::string(100, 'x'), {0, 1, 0, 15}}};
  for (const auto& c : cases) {
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(ShardOf(c.key, kShardCounts[i]), c.shards[i]) << c.key;
    }
  }
}

TEST(KeyTest, RoutesVarCharKeysByTheirFirst100Bytes) {
  const std::string head(100, 'x');
  EXPECT_EQ(ShardOf(head + "a", 64), ShardOf(head, 64));
  EXPECT_EQ(ShardOf(head + std::string(65435, 'b'), 64), ShardOf(head, 64));
}

// The expected hashes come from the XXH3_64bits of libxxhash over the bytes of the key.
TEST(KeyTest, HashesStayWhatFilesHold) {
  EXPECT_EQ(KeyHash(int64_t{0}), 0xc77b3abb6f87acd9U);
  EXPECT_EQ(KeyHash(int64_t{1}), 0x2fbc593564db792eU);
  EXPECT_EQ(KeyHash(int64_t{-1}), 0x5111c7e47d784413U);
  EXPECT_EQ(KeyHash(int64_t{42}), 0xd5a6f8c838df27c8U);
  EXPECT_EQ(KeyHash(std::string_view("doc-1")), 0xc11d9f2deee2f041U);
}

TEST(KeyTest, AKeyHashesAndRoutesAsItsValue) {
  EXPECT_EQ(Key(int64_t{42}).Hash(), KeyHash(int64_t{42}));
  EXPECT_EQ(Key("doc-1").Hash(), KeyHash(std::string_view("doc-1")));
  EXPECT_EQ(Key(int64_t{42}).Shard(64), 62);
  EXPECT_EQ(Key("doc-1").Shard(64), 41);
}

TEST(KeyTest, OrdersNumbersAsNumbersAndTextAsUnsignedBytes) {
  EXPECT_LT(Key(kMin), Key(int64_t{-1}));
  EXPECT_LT(Key(int64_t{9}), Key(int64_t{10}));
  EXPECT_EQ(Key(int64_t{9}), Key(int64_t{9}));
  EXPECT_LT(Key(""), Key("a"));
  EXPECT_LT(Key("a"), Key("aa"));
  EXPECT_LT(Key("10"), Key("9"));
  EXPECT_LT(Key("z"), Key("\xC3\xA9"));
  EXPECT_EQ(Key("a"), Key(std::string("a")));
}

TEST(KeyTest, KeysOfDifferentTypesAreNeverEqual) {
  EXPECT_NE(Key(int64_t{0}), Key(""));
  EXPECT_LT(Key(kMax), Key(""));
  EXPECT_GT(Key(""), Key(kMax));
}

TEST(KeyTest, GivesItsValueAndNothingForTheOtherType) {
  EXPECT_TRUE(Key().is_int64());
  EXPECT_EQ(Key(int64_t{5}).int64(), 5);
  EXPECT_EQ(Key(int64_t{5}).varchar(), "");
  EXPECT_FALSE(Key("x").is_int64());
  EXPECT_EQ(Key("x").int64(), 0);
  EXPECT_EQ(Key("x").varchar(), "x");
}

TEST(KeyTest, PrintsForMessagesAndAsJson) {
  EXPECT_EQ(Key(kMin).ToString(), "-9223372036854775808");
  EXPECT_EQ(Key(kMax).ToJson(), "9223372036854775807");
  EXPECT_EQ(Key("a\"b").ToString(), "\"a\\\"b\"");
  EXPECT_EQ(Key("a\"b\n").ToJson(), "\"a\\\"b\\n\"");
  const std::string long_key(100, 'k');
  EXPECT_LT(Key(long_key).ToString().size(), 80u);
  EXPECT_EQ(Key(long_key).ToJson(), '"' + long_key + '"');
}

TEST(KeyTest, FitsAbslHashContainers) {
  absl::flat_hash_set<Key> keys = {Key(int64_t{1}), Key("1"), Key(int64_t{1})};
  EXPECT_EQ(keys.size(), 2u);
  EXPECT_TRUE(keys.contains(Key("1")));
}

TEST(KeyColumnTest, ReadsKeysWhereverTheyLie) {
  const std::vector<std::string> strings = {"a", "", "bc"};
  const std::vector<uint64_t> ends = {1, 1, 3};
  const Column column(DataType::kVarChar, 0, Column::Strings{.bytes = "abc", .ends = ends});
  for (const KeyColumn& keys :
       {KeyColumn(std::span<const std::string>(strings)), KeyColumn(Keys(strings)),
        KeyColumn(KeyColumn::Strings{.bytes = "abc", .ends = ends}), KeyColumn(column)}) {
    ASSERT_EQ(keys.size(), 3u);
    EXPECT_FALSE(keys.is_int64());
    EXPECT_TRUE(keys.int64s().empty());
    EXPECT_EQ(keys[0], Key("a"));
    EXPECT_EQ(keys[1], Key(""));
    EXPECT_EQ(keys[2], Key("bc"));
  }
}

TEST(KeyColumnTest, ReadsInt64KeysWhereverTheyLie) {
  const std::vector<int64_t> numbers = {3, -4};
  const Column column(DataType::kInt64, 0, numbers);
  for (const KeyColumn& keys : {KeyColumn(std::span<const int64_t>(numbers)),
                                KeyColumn(Keys(numbers)), KeyColumn(column)}) {
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_TRUE(keys.is_int64());
    EXPECT_EQ(keys.int64s()[1], -4);
    EXPECT_EQ(keys[0], Key(int64_t{3}));
  }
}

TEST(KeyColumnTest, IsEmptyByDefault) {
  EXPECT_EQ(KeyColumn().size(), 0u);
  EXPECT_EQ(KeysOf(RowBatch(DocsSchema())).size(), 0u);
  EXPECT_EQ(KeysOf(RowBatch(Schema())).size(), 0u);
}

TEST(KeyColumnTest, FindsTheKeysOfABatch) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 2>{7, 8});
  EXPECT_EQ(KeysOf(batch)[1], Key(int64_t{8}));
}

TEST(KeyTest, ABatchOfDistinctKeysHasNoDuplicates) {
  RowBatch batch(DocsSchema());
  EXPECT_OK(CheckNoDuplicateKeys(batch));
  batch.SetInt64("id", std::array<int64_t, 3>{1, 2, kMin});
  EXPECT_OK(CheckNoDuplicateKeys(batch));
}

TEST(KeyTest, DuplicateKeysAreNamedWithBothRows) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 4>{5, 6, 7, 6});
  EXPECT_TRUE(IsInvalid(CheckNoDuplicateKeys(batch), {"key 6 ", "rows 1 and 3"}));

  Schema schema = DocsSchema();
  schema.fields[0] = {
      .name = "id", .type = DataType::kVarChar, .primary_key = true, .max_length = 8};
  RowBatch strings(schema);
  strings.SetVarChar("id", std::array<std::string, 3>{"a", "b", "a"});
  EXPECT_TRUE(IsInvalid(CheckNoDuplicateKeys(strings), {"key \"a\"", "rows 0 and 2"}));
}

}  // namespace
}  // namespace vecdb::schema
