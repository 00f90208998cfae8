#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "filter/build.h"
#include "filter/evaluate.h"
#include "filter/memory_source.h"
#include "filter/naive_node.h"
#include "filter/parse.h"
#include "filter/program.h"
#include "filter/random_filter.h"
#include "filter/random_row.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"

namespace vecdb::filter {
namespace {

using naive::Row;
using Steps = std::vector<PathStep>;

// Rows and the source that shows them.
struct Data {
  std::vector<Row> rows;
  std::unique_ptr<MemorySource> source;
};

DataType RandomPathType(support::SeededRandom& random) {
  constexpr DataType kTypes[] = {DataType::kBool, DataType::kInt64, DataType::kDouble,
                                 DataType::kVarChar};
  return kTypes[random.Below(4)];
}

// An index is of use only where there are many rows.
MemorySourceOptions RandomOptions(support::SeededRandom& random, size_t num_rows) {
  MemorySourceOptions options;
  options.form = static_cast<MemorySourceOptions::Form>(random.Below(4));
  options.constants = random.OneIn(2);
  options.statistics = random.OneIn(2);
  options.bloom = random.OneIn(2);
  options.indexes = num_rows > 64 || random.OneIn(3);
  options.some_elsewhere = random.OneIn(3);
  const std::vector<Steps> paths = {{"x"},      {"a"},    {"b"},         {"y"},        {"x", "a"},
                                    {"a", "b"}, {"x", 0}, {"a", 1, "a"}, {"it's \"\\"}};
  for (const Steps& path : paths) {
    if (random.OneIn(2)) options.paths.emplace_back(path, RandomPathType(random));
  }
  return options;
}

// In half of all sources most rows are the same, so that statistics and indexes have their say.
Data RandomData(support::SeededRandom& random, size_t num_rows) {
  Data data;
  naive::RandomRow source(random);
  const Row usual = source.Next();
  const bool skewed = random.OneIn(2);
  while (data.rows.size() < num_rows) {
    data.rows.push_back(skewed && !random.OneIn(200) ? usual : source.Next());
  }
  data.source = std::make_unique<MemorySource>(naive::RandomFilterSchema(), data.rows,
                                               RandomOptions(random, num_rows), random.Next());
  return data;
}

class EvaluateRandomTest : public testing::Test {
 protected:
  // False when the filter does not fit the schema.
  bool Check(const std::string& text, const Data& data) {
    SCOPED_TRACE("filter: " + text);
    const auto expr = ParseFilter(text);
    EXPECT_OK(expr);
    if (!expr.ok()) return false;
    const auto node = BuildNode(*expr, text, schema_, &parameters_);
    if (!node.ok()) return false;
    const auto program = Program::Make(*node);
    const size_t num_rows = data.rows.size();
    std::vector<uint64_t> words((num_rows + 63) / 64, ~uint64_t{0});
    EvaluationStats stats;
    EXPECT_OK(Evaluate(*program, *data.source, Context(), words, &stats));
    uint64_t matched = 0;
    for (size_t row = 0; row < words.size() * 64; ++row) {
      const bool expected = row < num_rows && naive::EvaluateNode(*node, data.rows[row]);
      matched += expected ? 1 : 0;
      EXPECT_EQ((words[row / 64] >> (row % 64) & 1) != 0, expected)
          << "row " << row << " of " << num_rows
          << (row < num_rows ? naive::Json(data.rows[row]).dump() : "");
      if (HasFailure()) return true;
    }
    EXPECT_EQ(stats.rows_matched, matched);
    EXPECT_EQ(stats.blocks_pruned + stats.blocks_evaluated, data.source->num_blocks());
    const double estimate = EstimateSelectivity(*program, *data.source);
    EXPECT_TRUE(estimate >= 0 && estimate <= 1) << estimate;
    num_indexed_ += stats.used_index ? 1 : 0;
    num_pruned_ += stats.blocks_evaluated == 0 ? 1 : 0;
    num_matched_ += matched;
    num_rows_ += num_rows;
    return true;
  }

  const Schema schema_ = naive::RandomFilterSchema();
  const FilterParameters parameters_ = naive::RandomFilterParameters();
  uint64_t num_indexed_ = 0;
  uint64_t num_pruned_ = 0;
  uint64_t num_matched_ = 0;
  uint64_t num_rows_ = 0;
};

TEST_F(EvaluateRandomTest, RandomFiltersMatchTheRowsThatTheNaiveEvaluatorSays) {
  const uint64_t seed = support::TestSeed("EvaluateRandomTest");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  const int filters = support::ScaledCount(21'500);
  int accepted = 0;
  Data data;
  for (int i = 0; i < filters && !HasFailure(); ++i) {
    if (i % 20 == 0) data = RandomData(random, random.OneIn(15) ? 700 : 1 + random.Below(40));
    naive::RandomFilter filter(random);
    accepted += Check(filter.Condition(i % 5), data) ? 1 : 0;
  }
  RecordProperty("seed", std::to_string(seed));
  RecordProperty("accepted", accepted);
  RecordProperty("indexed", std::to_string(num_indexed_));
  RecordProperty("pruned", std::to_string(num_pruned_));
  if (HasFailure() || filters < 10'000) return;
  EXPECT_GE(accepted, filters * 6 / 10);
  EXPECT_GE(num_indexed_, static_cast<uint64_t>(filters) / 1000);
  EXPECT_GE(num_pruned_, static_cast<uint64_t>(filters) / 20);
  EXPECT_GE(num_matched_, num_rows_ / 5);
  EXPECT_LE(num_matched_, num_rows_ * 4 / 5);
}

TEST_F(EvaluateRandomTest, RowsOnBothSidesOfABlockAreFound) {
  const uint64_t seed = support::TestSeed("EvaluateRandomTest.Blocks");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (const size_t num_rows : {4095u, 4096u, 4097u, 8193u}) {
    const Data data = RandomData(random, num_rows);
    naive::RandomFilter filter(random);
    for (int i = support::ScaledCount(6); i > 0 && !HasFailure(); --i) {
      Check(filter.Condition(i % 4), data);
    }
  }
}

}  // namespace
}  // namespace vecdb::filter
