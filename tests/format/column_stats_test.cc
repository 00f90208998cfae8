#include "format/column_stats.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "format/column_testing.h"
#include "format/format_testing.h"
#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

using schema::ColumnStats;

template <typename T>
ColumnStats StatsOf(DataType type, const std::vector<T>& numbers) {
  const auto block = NumberBlock(type, numbers);
  return StatsOfBlock(block, DistinctOf(block));
}
ColumnStats StatsOf(DataType type, const std::vector<std::string>& strings) {
  const StringBlock views(type, strings);
  return StatsOfBlock(views.block(), DistinctOf(views.block()));
}

TEST(ColumnStatsTest, NumbersReachTheirBounds) {
  const ColumnStats integers = StatsOf<int64_t>(DataType::kInt64, {3, INT64_MIN, 3, INT64_MAX, 0});
  EXPECT_TRUE(integers.has_bounds);
  EXPECT_EQ(integers.min_integer, INT64_MIN);
  EXPECT_EQ(integers.max_integer, INT64_MAX);
  EXPECT_EQ(integers.num_rows, 5u);
  EXPECT_EQ(integers.distinct, 4u);
  const ColumnStats bools = StatsOf<uint8_t>(DataType::kBool, {1, 1});
  EXPECT_EQ(bools.min_integer, 1);
  EXPECT_EQ(bools.max_integer, 1);
  const ColumnStats reals = StatsOf<float>(DataType::kFloat, {0.1f, -2.5f});
  EXPECT_EQ(reals.min_real, -2.5);
  EXPECT_EQ(reals.max_real, static_cast<double>(0.1f));
}

TEST(ColumnStatsTest, NumbersThatAreNotFiniteHaveNoBounds) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    const ColumnStats stats = StatsOf<double>(DataType::kDouble, {1, bad});
    EXPECT_FALSE(stats.has_bounds);
    EXPECT_EQ(stats.distinct, 2u);
  }
}

TEST(ColumnStatsTest, LongStringsAreCutToBounds) {
  const std::string s64(64, 'm');
  EXPECT_EQ(StatsOf(DataType::kVarChar, {s64}).max_string, s64);
  EXPECT_EQ(StatsOf(DataType::kVarChar, {s64}).min_string, s64);
  const ColumnStats cut = StatsOf(DataType::kVarChar, {s64 + "m"});
  EXPECT_EQ(cut.min_string, s64);
  EXPECT_EQ(cut.max_string, std::string(63, 'm') + "n");
  const ColumnStats high = StatsOf(DataType::kVarChar, {"a" + std::string(70, '\xff')});
  EXPECT_EQ(high.max_string, "b");
  const ColumnStats unknown = StatsOf(DataType::kVarChar, {std::string(65, '\xff'), "a"});
  EXPECT_TRUE(unknown.has_bounds);
  EXPECT_FALSE(unknown.max_string_known);
  EXPECT_EQ(unknown.max_string, "");
  EXPECT_EQ(unknown.min_string, "a");
  EXPECT_TRUE(StatsOf(DataType::kVarChar, {std::string(64, '\xff')}).max_string_known);
}

TEST(ColumnStatsTest, JsonHasCountsAlone) {
  const ColumnStats stats = StatsOf(DataType::kJson, {"1", "2", "1"});
  EXPECT_FALSE(stats.has_bounds);
  EXPECT_EQ(stats.distinct, 2u);
}

TEST(ColumnStatsTest, BoundsOfStringsHoldForEveryString) {
  support::SeededRandom random(support::TestSeed("Bounds"));
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> strings(1 + random.Below(5));
    for (std::string& string : strings) {
      string.assign(random.Below(80), random.OneIn(2) ? '\xff' : 'q');
      if (!string.empty()) string.back() = static_cast<char>(random.Next());
    }
    const ColumnStats stats = StatsOf(DataType::kVarChar, strings);
    for (const std::string& string : strings) {
      ASSERT_LE(stats.min_string, string);
      ASSERT_TRUE(!stats.max_string_known || stats.max_string >= string);
    }
  }
}

TEST(ColumnStatsTest, StatsOfBlocksAddUp) {
  ColumnStats all;
  AddStats(StatsOf<int32_t>(DataType::kInt32, {5, 9}), &all);
  EXPECT_EQ(all.min_integer, 5);
  AddStats(StatsOf<int32_t>(DataType::kInt32, {-7}), &all);
  EXPECT_EQ(all.min_integer, -7);
  EXPECT_EQ(all.max_integer, 9);
  EXPECT_EQ(all.num_rows, 3u);
  EXPECT_EQ(all.distinct, 0u);
  ColumnStats reals;
  AddStats(StatsOf<double>(DataType::kDouble, {5}), &reals);
  AddStats(StatsOf<double>(DataType::kDouble, {std::numeric_limits<double>::infinity()}), &reals);
  AddStats(StatsOf<double>(DataType::kDouble, {7}), &reals);
  EXPECT_FALSE(reals.has_bounds);
  EXPECT_EQ(reals.num_rows, 3u);
  ColumnStats strings;
  AddStats(StatsOf(DataType::kVarChar, {"m"}), &strings);
  AddStats(StatsOf(DataType::kVarChar, {std::string(65, '\xff')}), &strings);
  AddStats(StatsOf(DataType::kVarChar, {"a"}), &strings);
  EXPECT_EQ(strings.min_string, "a");
  EXPECT_FALSE(strings.max_string_known);
}

// Two blocks, of 4096 rows and of one.
template <typename T>
std::string Section(DataType type, const std::vector<T>& first, const std::vector<T>& second) {
  SegmentStats stats;
  stats.blocks = {StatsOf(type, first), StatsOf(type, second)};
  for (const ColumnStats& block : stats.blocks) AddStats(block, &stats.segment);
  stats.segment.distinct = 2;
  return EncodeStats(type, stats);
}

struct StatsEdit {
  const char* what;
  std::function<void(std::string*)> edit;
};

void ExpectRefused(DataType type, const std::string& good, const std::vector<StatsEdit>& edits) {
  ASSERT_TRUE(DecodeStats(type, 4097, good).has_value());
  for (const StatsEdit& edit : edits) {
    std::string bad = good;
    edit.edit(&bad);
    EXPECT_FALSE(DecodeStats(type, 4097, bad).has_value()) << edit.what;
  }
}

TEST(ColumnStatsTest, SectionsComeBack) {
  const std::string section =
      Section(DataType::kVarChar, std::vector<std::string>(4096, "b"), {std::string(100, 'a')});
  EXPECT_LE(section.size(), MaxStatsBytes(2));
  const auto stats = DecodeStats(DataType::kVarChar, 4097, section);
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->segment.num_rows, 4097u);
  EXPECT_EQ(stats->segment.distinct, 2u);
  EXPECT_EQ(stats->segment.min_string, std::string(64, 'a'));
  EXPECT_EQ(stats->segment.max_string, "b");
  ASSERT_EQ(stats->blocks.size(), 2u);
  EXPECT_EQ(stats->blocks[0].min_string, "b");
  EXPECT_EQ(stats->blocks[1].max_string, std::string(63, 'a') + "b");
  EXPECT_EQ(EncodeStats(DataType::kVarChar, *stats), section);
  const std::string none = EncodeStats(DataType::kInt8, {});
  EXPECT_TRUE(DecodeStats(DataType::kInt8, 0, none).has_value());
}

// Each entry: rows u32, distinct u32, flags u8, two i64.
TEST(ColumnStatsTest, ImpossibleStatisticsOfIntegersAreRefused) {
  const std::string good = Section<int8_t>(DataType::kInt8, std::vector<int8_t>(4096, -128), {127});
  ASSERT_EQ(good.size(), 3 * 25u);
  ExpectRefused(DataType::kInt8, good,
                {{"rows of the segment", [](std::string* b) { PutAt(b, 0, uint32_t{4096}); }},
                 {"rows of a block", [](std::string* b) { PutAt(b, 25, uint32_t{4095}); }},
                 {"too many distinct", [](std::string* b) { PutAt(b, 4, uint32_t{4098}); }},
                 {"too many in a block", [](std::string* b) { PutAt(b, 54, uint32_t{2}); }},
                 {"unknown flag", [](std::string* b) { PutAt(b, 8, uint8_t{5}); }},
                 {"flag of strings", [](std::string* b) { PutAt(b, 8, uint8_t{3}); }},
                 {"unknown without bounds", [](std::string* b) { PutAt(b, 8, uint8_t{2}); }},
                 {"below the type", [](std::string* b) { PutAt(b, 9, int64_t{-129}); }},
                 {"above the type", [](std::string* b) { PutAt(b, 17, int64_t{128}); }},
                 {"wrong way round", [](std::string* b) { PutAt(b, 34, int64_t{-127}); }},
                 {"block below the segment", [](std::string* b) { PutAt(b, 9, int64_t{-127}); }},
                 {"block above the segment", [](std::string* b) { PutAt(b, 17, int64_t{126}); }},
                 {"cut", [](std::string* b) { b->pop_back(); }},
                 {"longer", [](std::string* b) { b->push_back('\0'); }},
                 {"empty", [](std::string* b) { b->clear(); }}});
  EXPECT_FALSE(DecodeStats(DataType::kJson, 4097, good).has_value());
  EXPECT_FALSE(DecodeStats(DataType::kInt8, 4096, good).has_value());
  EXPECT_FALSE(DecodeStats(DataType::kInt8, 0x7fffffff, good).has_value());
}

TEST(ColumnStatsTest, ImpossibleStatisticsOfOtherTypesAreRefused) {
  const std::string bools = Section<uint8_t>(DataType::kBool, std::vector<uint8_t>(4096, 0), {1});
  ExpectRefused(DataType::kBool, bools,
                {{"two", [](std::string* b) { PutAt(b, 17, int64_t{2}); }},
                 {"minus one", [](std::string* b) { PutAt(b, 9, int64_t{-1}); }}});
  const std::string reals = Section<double>(DataType::kDouble, std::vector<double>(4096, 1), {2});
  ExpectRefused(
      DataType::kDouble, reals,
      {{"NaN", [](std::string* b) { PutAt(b, 9, std::numeric_limits<double>::quiet_NaN()); }},
       {"infinite", [](std::string* b) { PutAt(b, 17, std::numeric_limits<double>::infinity()); }},
       {"order", [](std::string* b) { PutAt(b, 9, 3.0); }}});
  // Lengths u8 of "a" at 9 and "b" at 11.
  const std::string strings =
      Section<std::string>(DataType::kVarChar, std::vector<std::string>(4096, "a"), {"b"});
  ExpectRefused(DataType::kVarChar, strings,
                {{"order", [](std::string* b) { PutAt(b, 10, 'c'); }},
                 {"unknown, yet there", [](std::string* b) { PutAt(b, 8, uint8_t{3}); }},
                 {"long", [](std::string* b) { PutAt(b, 9, uint8_t{65}); }},
                 {"longest", [](std::string* b) { PutAt(b, 9, uint8_t{255}); }}});
}

}  // namespace
}  // namespace vecdb::format
