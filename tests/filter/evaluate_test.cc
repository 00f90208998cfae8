#include "filter/evaluate.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

constexpr size_t kRows = 4096 + 4096 + 5;

MemorySource NumberedSource(const MemorySourceOptions& options) {
  return {naive::RandomFilterSchema(), NumberedRows(kRows), options, 1};
}

absl::Status EvaluateWith(const std::string& text, const ColumnSource& source,
                          const Context& context) {
  std::vector<uint64_t> words((source.num_rows() + 63) / 64);
  return Evaluate(*ProgramOf(text), source, context, words, nullptr);
}

TEST(EvaluateTest, WordsAreOverwrittenBeyondTheLastRowToo) {
  const MemorySource source = NumberedSource({});
  std::vector<uint64_t> words((kRows + 63) / 64 + 3, ~uint64_t{0});
  EXPECT_OK(Evaluate(*ProgramOf("i64 >= 0"), source, {}, words, nullptr));
  EXPECT_EQ(words[kRows / 64], (uint64_t{1} << (kRows % 64)) - 1);
  EXPECT_EQ(words.back(), 0u);
  words.assign(words.size(), ~uint64_t{0});
  EXPECT_OK(Evaluate(*ProgramOf("1 > 2"), source, {}, words, nullptr));
  EXPECT_EQ(words, std::vector<uint64_t>(words.size(), 0));
}

TEST(EvaluateTest, ASegmentWithoutRowsIsFine) {
  const MemorySource source(naive::RandomFilterSchema(), {}, {.indexes = true}, 1);
  for (const char* text : {"i64 == 1", "1 < 2", "exists x"}) {
    EvaluationStats stats;
    EXPECT_OK(Evaluate(*ProgramOf(text), source, {}, {}, &stats));
    EXPECT_EQ(stats.rows_matched, 0u);
  }
}

TEST(EvaluateTest, WhatStatisticsOfTheSegmentDecideReadsNothing) {
  const MemorySource source = NumberedSource({.statistics = true});
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 >= 0", source, &stats).size(), kRows);
  EXPECT_EQ(stats.blocks_pruned, 3u);
  EXPECT_EQ(Evaluated("i64 < 0", source, &stats).size(), 0u);
  EXPECT_EQ(stats.blocks_pruned, 3u);
  EXPECT_EQ(source.num_reads, 0u);
}

TEST(EvaluateTest, OnlyBlocksThatStatisticsLeaveOpenAreRead) {
  const MemorySource source = NumberedSource({.statistics = true});
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 < 4100", source, &stats).size(), 4100u);
  EXPECT_EQ(stats.blocks_pruned, 2u);
  EXPECT_EQ(stats.blocks_evaluated, 1u);
  EXPECT_EQ(stats.blocks_read, 1u);
  EXPECT_EQ(stats.rows_matched, 4100u);
  EXPECT_NEAR(stats.estimated_selectivity, 4100.0 / kRows, 0.01);
  EXPECT_FALSE(stats.used_index);
}

TEST(EvaluateTest, AnIndexThatAnswersAllReadsNothing) {
  const MemorySource source = NumberedSource({.indexes = true});
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 in [5, 8000]", source, &stats), (std::vector<size_t>{5, 8000}));
  EXPECT_TRUE(stats.used_index);
  EXPECT_EQ(stats.blocks_read, 0u);
  EXPECT_EQ(stats.blocks_pruned, 3u);
  EXPECT_EQ(stats.rows_matched, 2u);
}

TEST(EvaluateTest, WhatAnIndexLeavesIsLookedAtInItsBlocksAlone) {
  std::vector<naive::Row> rows = NumberedRows(kRows);
  for (size_t i = 0; i < kRows; ++i) rows[i]["j"] = naive::Json({{"a", i % 2}});
  const MemorySource source(naive::RandomFilterSchema(), rows, {.indexes = true}, 1);
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 in [5, 6, 8000] and j[\"a\"] == 0", source, &stats),
            (std::vector<size_t>{6, 8000}));
  EXPECT_TRUE(stats.used_index);
  EXPECT_EQ(stats.blocks_evaluated, 2u);
  EXPECT_EQ(stats.blocks_pruned, 1u);
  EXPECT_EQ(stats.blocks_read, 2u);
}

TEST(EvaluateTest, SeveralIndexesAreIntersected) {
  std::vector<naive::Row> rows = NumberedRows(kRows);
  for (size_t i = 0; i < kRows; ++i) rows[i]["d"] = i < 100 ? 7.5 : 1.0;
  const MemorySource source(naive::RandomFilterSchema(), rows, {.indexes = true}, 1);
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 in [5, 99, 100, 8000] and d == 7.5", source, &stats),
            (std::vector<size_t>{5, 99}));
  EXPECT_TRUE(stats.used_index);
  EXPECT_EQ(stats.blocks_read, 0u);
  EXPECT_EQ(Evaluated("i64 == 8000 or (d == 7.5 and i8 > 127)", source, &stats),
            std::vector<size_t>{8000});
}

TEST(EvaluateTest, AnIndexThatKnowsOfManyRowsIsNotUsed) {
  const MemorySource source = NumberedSource({.indexes = true});
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 < 1000", source, &stats).size(), 1000u);
  EXPECT_FALSE(stats.used_index);
  EXPECT_EQ(stats.blocks_evaluated, 3u);
}

TEST(EvaluateTest, AnAndStopsWhereNoRowIsLeft) {
  const MemorySource source = NumberedSource({});
  EvaluationStats stats;
  EXPECT_EQ(Evaluated("i64 == 4097 and exists nowhere", source, &stats).size(), 0u);
  EXPECT_EQ(stats.blocks_evaluated, 3u);
  EXPECT_EQ(stats.blocks_read, 4u);
}

TEST(EvaluateTest, AnOrStopsWhereNoRowIsOpen) {
  const MemorySource source = NumberedSource({});
  EvaluationStats stats;
  Evaluated("i64 != 4097 or exists nowhere", source, &stats);
  EXPECT_EQ(stats.blocks_read, 4u);
}

TEST(EvaluateTest, ErrorsOfTheSourceArePassedOn) {
  MemorySource source = NumberedSource({});
  source.read_error = absl::ResourceExhaustedError("budget");
  for (const char* text : {"i64 == 1", "v like \"%a%b\"", "x == 1", "i64 + 1 == 2", "x + 1 == 2",
                           "x < y", "i64 < i8", "i64 == 1 or b", "i64 == 1 and b"}) {
    EXPECT_EQ(EvaluateWith(text, source, {}), source.read_error) << text;
  }
}

TEST(EvaluateTest, ACancelOrADeadlineEndsIt) {
  const MemorySource source = NumberedSource({});
  const Context cancelled{.cancel = CancelToken::Make()};
  cancelled.cancel.Cancel();
  EXPECT_EQ(EvaluateWith("i64 == 1", source, cancelled).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(EvaluateWith("i64 == 1", source, Context::WithTimeout(absl::ZeroDuration())).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(source.num_reads, 0u);
}

TEST(EvaluateTest, ACancelBetweenBlocksIsNoticed) {
  class CancellingSource : public MemorySource {
   public:
    using MemorySource::MemorySource;
    absl::StatusOr<schema::ColumnBlock> Read(size_t column, uint32_t block,
                                             const Context& context) const override {
      if (block == 1) context.cancel.Cancel();
      return MemorySource::Read(column, block, context);
    }
  };
  const CancellingSource source(naive::RandomFilterSchema(), NumberedRows(kRows), {}, 1);
  EXPECT_EQ(EvaluateWith("i64 == 1", source, {.cancel = CancelToken::Make()}).code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(source.num_reads, 2u);
}

TEST(EvaluateTest, ACancelIsNoticedWithinABlockOfManyLeaves) {
  class CancellingSource : public MemorySource {
   public:
    using MemorySource::MemorySource;
    absl::StatusOr<schema::ColumnBlock> Read(size_t column, uint32_t block,
                                             const Context& context) const override {
      context.cancel.Cancel();
      return MemorySource::Read(column, block, context);
    }
  };
  const CancellingSource source(naive::RandomFilterSchema(), NumberedRows(100), {}, 1);
  std::string leaves = "i64 == d";
  std::string sum = "i64";
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&leaves, " or i64 + ", 1000 + i, " == i8");
    absl::StrAppend(&sum, " + ", i);
  }
  for (const std::string& text : {leaves, sum + " < i8"}) {
    EXPECT_EQ(EvaluateWith(text, source, {.cancel = CancelToken::Make()}).code(),
              absl::StatusCode::kCancelled);
  }
}

TEST(EvaluateTest, ThePartThatMatchesIsEstimatedFromStatistics) {
  const MemorySource source = NumberedSource({.statistics = true});
  EXPECT_NEAR(EstimateSelectivity(*ProgramOf("i64 < 3000"), source), 3000.0 / kRows, 0.01);
  EXPECT_EQ(EstimateSelectivity(*ProgramOf("i64 < 0"), source), 0);
  EXPECT_EQ(EstimateSelectivity(*ProgramOf("1 < 2"), source), 1);
  const MemorySource indexed = NumberedSource({.indexes = true});
  EXPECT_EQ(EstimateSelectivity(*ProgramOf("i64 == 3"), indexed), 1.0 / kRows);
}

}  // namespace
}  // namespace vecdb::filter
