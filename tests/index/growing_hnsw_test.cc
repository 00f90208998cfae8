#include "index/growing_hnsw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "index/growing_hnsw_testing.h"
#include "support/store_testing.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr int32_t kGrowingDim = 12;
constexpr HnswParams kGrowingParams = {.m = 8, .ef_construction = 60};

std::unique_ptr<GrowingHnsw> GrowingOver(const TestRows& rows, Metric metric = Metric::kL2,
                                         const Host& host = {}) {
  return std::make_unique<GrowingHnsw>(metric, rows.view().dim, kGrowingParams,
                                       std::make_unique<ArrayReader>(rows), host);
}

TestRows GrowingRows(uint32_t num_rows, uint64_t seed = 1) {
  return MixedRows(num_rows, kGrowingDim, 20, seed);
}

TestRows GrowingQueries(uint64_t seed = 100) { return MixedRows(40, kGrowingDim, 20, seed); }

TEST(GrowingHnswTest, FindsNearlyAllUnderEveryMetric) {
  const TestRows rows = GrowingRows(3000);
  for (const Metric metric : kAllMetrics) {
    const auto index = GrowingOver(rows, metric);
    ASSERT_OK(index->Extend(3000, {}));
    EXPECT_EQ(index->num_rows(), 3000U);
    const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 3000}};
    EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95) << MetricName(metric);
    SearchCounts counts;
    RowQuery counted = query;
    counted.vector = rows.view().row(7);
    counted.counts = &counts;
    EXPECT_EQ(FindGrowing(*index, rows, counted).size(), 10U);
    EXPECT_EQ(counts.plan, SearchPlan::kWalk);
    EXPECT_LT(counts.distances, 2000U);
  }
}

TEST(GrowingHnswTest, RowsThatAreLinkedInOddStepsAreFoundAfterEach) {
  const TestRows rows = GrowingRows(5000);
  const auto index = GrowingOver(rows);
  uint32_t linked = 0;
  for (const uint32_t step : {1U, 1U, 5U, 64U, 129U, 800U, 1U, 2000U, 1500U, 7U}) {
    linked += step;
    ASSERT_OK(index->Extend(linked, {}));
    ASSERT_OK(index->Extend(linked / 2, {}));  // nothing to do
    EXPECT_EQ(index->num_rows(), linked);
    const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = linked + 50}};
    EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95) << linked;
  }
}

TEST(GrowingHnswTest, NoRowAndOneRowAreFine) {
  const TestRows rows = GrowingRows(3);
  const auto index = GrowingOver(rows);
  std::vector<Candidate> found(3);
  const RowQuery query{.vector = rows.view().row(0), .mask = {.num_rows = 1}};
  const auto none = index->Search(query, {}, &found);
  ASSERT_OK(none);
  EXPECT_EQ(*none, 0U);
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(index->memory_bytes(), 0U);
  ASSERT_OK(index->Extend(1, {}));
  const auto one = index->Search(query, {}, &found);
  ASSERT_OK(one);
  EXPECT_EQ(*one, 1U);
  EXPECT_EQ(found, (std::vector<Candidate>{{0, 0}}));
}

TEST(GrowingHnswTest, CapacityDoubles) {
  const TestRows rows = GrowingRows(9000);
  const auto index = GrowingOver(rows, Metric::kCosine);
  ASSERT_OK(index->Extend(4096, {}));
  const uint64_t bytes = index->memory_bytes();
  EXPECT_GT(bytes, 4096U * (2 * kGrowingDim + 4 * 2 * 8));
  ASSERT_OK(index->Extend(4097, {}));
  EXPECT_GT(index->memory_bytes(), 2 * bytes - bytes / 10);
  EXPECT_LT(index->memory_bytes(), 2 * bytes + bytes / 10);
  ASSERT_OK(index->Extend(9000, {}));
  EXPECT_GT(index->memory_bytes(), 4 * bytes - bytes / 5);
  const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 9000}};
  EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95);
}

TEST(GrowingHnswTest, FiltersAreExact) {
  const TestRows rows = GrowingRows(4000);
  const auto index = GrowingOver(rows);
  ASSERT_OK(index->Extend(3900, {}));
  const struct {
    double share;
    std::vector<uint64_t> bits;
  } cases[] = {{0.95, RandomBitmap(4000, 0.95, 1)},
               {0.5, RandomBitmap(4000, 0.5, 2)},
               {0.01, RandomBitmap(4000, 0.01, 3)},
               {0, RandomBitmap(4000, 0, 4)}};
  for (const auto& c : cases) {
    // With the number of bits and without, rows of the tail or without.
    for (const uint32_t visible : {4000U, 3900U, 3000U}) {
      RowQuery query{.params = HnswSearchParams{.ef = 64},
                     .mask = {.num_rows = visible, .allowed = c.bits.data()}};
      EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95) << c.share;
      query.num_set_bits = base::CountBits(c.bits.data(), visible);
      EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95) << c.share;
    }
  }
}

TEST(GrowingHnswTest, DeletedRowsAreNotFound) {
  const TestRows rows = GrowingRows(3000);
  const auto index = GrowingOver(rows);
  ASSERT_OK(index->Extend(3000, {}));
  base::DeleteTimes deletes;
  for (uint32_t row = 0; row < 3000; row += 3) deletes.Set(row, 1 + row % 2);
  for (const uint64_t as_of : {1U, 2U}) {
    const RowQuery query{.params = HnswSearchParams{.ef = 64},
                         .mask = {.num_rows = 3000, .deletes = &deletes, .as_of = as_of}};
    EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95);
  }
}

TEST(GrowingHnswTest, LimitsOfDistanceAreKept) {
  const TestRows rows = GrowingRows(3000);
  const auto index = GrowingOver(rows);
  ASSERT_OK(index->Extend(2900, {}));
  for (const RowLimits limits : {RowLimits{.max_distance = 4.0f}, RowLimits{.min_distance = 6.0f},
                                 RowLimits{.min_distance = 3.0f, .max_distance = 3.5f}}) {
    const RowQuery query{.k = 20,
                         .params = HnswSearchParams{.ef = 64},
                         .mask = {.num_rows = 3000},
                         .limits = limits};
    EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95);
  }
}

TEST(GrowingHnswTest, EqualDistancesAreInTheOrderThatIsAsked) {
  const TestRows rows = GridRows(2000, 3, 4, 1);
  const auto index = GrowingOver(rows);
  ASSERT_OK(index->Extend(2000, {}));
  const ReverseOrder order;
  const RowQuery query{.k = 30, .mask = {.num_rows = 2000}, .order = &order};
  EXPECT_GE(RecallOfGrowing(*index, rows, GridRows(40, 3, 4, 2), query), 0.95);
}

TEST(GrowingHnswTest, ReadersWhoSeeFewerRowsThanAreLinkedGetThoseAlone) {
  const TestRows rows = GrowingRows(3000);
  const auto index = GrowingOver(rows);
  ASSERT_OK(index->Extend(3000, {}));
  for (const uint32_t visible : {2999U, 2881U, 2880U, 2000U, 1500U}) {
    const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = visible}};
    EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95) << visible;
    std::vector<Candidate> found;
    RowQuery one = query;
    one.vector = rows.view().row(0);
    EXPECT_EQ(*index->Search(one, {}, &found), visible);
  }
  const RowQuery few{.vector = rows.view().row(0), .mask = {.num_rows = 1499}};
  std::vector<Candidate> found(2);
  EXPECT_EQ(*index->Search(few, {}, &found), 0U);
  EXPECT_TRUE(found.empty());
}

TEST(GrowingHnswTest, ParametersOfOtherIndexesMeanTheDefault) {
  const TestRows rows = GrowingRows(2000);
  const auto index = GrowingOver(rows);
  ASSERT_OK(index->Extend(2000, {}));
  const RowQuery query{.vector = rows.view().row(3), .mask = {.num_rows = 2000}};
  RowQuery lists = query;
  lists.params = IvfSearchParams{.nprobe = 1, .refine_k = 1};
  RowQuery refined = query;
  refined.params = HnswSearchParams{.ef = 64, .refine_k = 1};
  EXPECT_EQ(FindGrowing(*index, rows, query), FindGrowing(*index, rows, lists));
  EXPECT_EQ(FindGrowing(*index, rows, query), FindGrowing(*index, rows, refined));
}

TEST(GrowingHnswTest, TheSameAnswersAtEveryNumberOfThreads) {
  const TestRows rows = GrowingRows(3000);
  const auto alone = GrowingOver(rows);
  ASSERT_OK(alone->Extend(3000, {}));
  const auto executor = MakeThreadPool(3);
  const auto index = GrowingOver(rows, Metric::kL2, {.executor = executor.get()});
  ASSERT_OK(index->Extend(3000, {}));
  for (uint32_t row = 0; row < 3000; row += 100) {
    const RowQuery query{.vector = rows.view().row(row), .mask = {.num_rows = 3000}};
    EXPECT_EQ(FindGrowing(*index, rows, query), FindGrowing(*alone, rows, query));
  }
}

TEST(GrowingHnswTest, RowsThatHaveNoMemoryAreLeftToTheCaller) {
  const TestRows rows = GrowingRows(6000);
  MemoryBudget none(1000);
  {
    const auto index = GrowingOver(rows, Metric::kL2, {.budget = &none});
    EXPECT_EQ(CodeOf(index->Extend(6000, {})), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(index->num_rows(), 0U);
    const RowQuery query{.mask = {.num_rows = 6000}};
    EXPECT_EQ(RecallOfGrowing(*index, rows, GrowingQueries(), query), 1);
  }
  EXPECT_EQ(none.used_bytes(), 0U);
  MemoryBudget small(700 << 10);  // for the first capacity, not for the second beside it
  {
    const auto index = GrowingOver(rows, Metric::kL2, {.budget = &small});
    ASSERT_OK(index->Extend(4000, {}));
    EXPECT_GE(small.used_bytes(), index->memory_bytes());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(CodeOf(index->Extend(6000, {})), absl::StatusCode::kResourceExhausted);
    }
    EXPECT_GE(index->num_rows(), 4000U);
    EXPECT_LE(index->num_rows(), 4096U);
    const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 6000}};
    EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95);
  }
  EXPECT_EQ(small.used_bytes(), 0U);
}

// Cancels when so many rows have been read.
class CancellingReader final : public RowReader {
 public:
  CancellingReader(const TestRows& rows, uint64_t after, CancelToken token)
      : reader_(rows), after_(after), token_(std::move(token)) {}
  absl::Status Read(std::span<const uint32_t> rows, float* out,
                    const Context& context) const override {
    VECDB_RETURN_IF_ERROR(reader_.Read(rows, out, context));
    if (reader_.num_read() >= after_) token_.Cancel();
    return absl::OkStatus();
  }

 private:
  const ArrayReader reader_;
  const uint64_t after_;
  const CancelToken token_;
};

TEST(GrowingHnswTest, WhatWasCancelledGoesOnAsIfItHadNotBeen) {
  const TestRows rows = GrowingRows(5000);
  const auto whole = GrowingOver(rows);
  ASSERT_OK(whole->Extend(5000, {}));
  for (const uint64_t after : {1U, 2500U, 5500U, 9000U}) {
    const CancelToken token = CancelToken::Make();
    GrowingHnsw index(Metric::kL2, kGrowingDim, kGrowingParams,
                      std::make_unique<CancellingReader>(rows, after, token), {});
    EXPECT_EQ(CodeOf(index.Extend(5000, {.cancel = token})), absl::StatusCode::kCancelled);
    EXPECT_LT(index.num_rows(), 5000U);
    const RowQuery all{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 5000}};
    EXPECT_GE(RecallOfGrowing(index, rows, GrowingQueries(), all), 0.95);
    ASSERT_OK(index.Extend(5000, {}));
    for (uint32_t row = 0; row < 5000; row += 250) {
      const RowQuery query{.vector = rows.view().row(row), .mask = {.num_rows = 5000}};
      EXPECT_EQ(FindGrowing(index, rows, query), FindGrowing(*whole, rows, query));
    }
  }
}

TEST(GrowingHnswTest, LateExtendsAndSearchesSaySo) {
  const TestRows rows = GrowingRows(2000);
  const auto index = GrowingOver(rows);
  const Context late = Context::WithTimeout(absl::ZeroDuration());
  EXPECT_EQ(CodeOf(index->Extend(2000, late)), absl::StatusCode::kDeadlineExceeded);
  ASSERT_OK(index->Extend(2000, {}));
  std::vector<Candidate> found;
  const RowQuery query{.vector = rows.view().row(3), .mask = {.num_rows = 2000}};
  EXPECT_EQ(CodeOf(index->Search(query, late, &found)), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(index->Search(query, support::CancelledContext(), &found)),
            absl::StatusCode::kCancelled);
}

// Of one kind first, then of the other.
TestRows RowsOfTwoScales(uint32_t num_rows, float first, float second) {
  std::vector<float> values = GrowingRows(num_rows).values();
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] *= i < values.size() / 2 ? first : second;
  }
  return {std::move(values), kGrowingDim};
}

TEST(GrowingHnswTest, NumbersBeyondFloat16ArePossible) {
  const struct {
    float first;
    float second;
  } cases[] = {{1, 1e6f}, {1e-6f, 1}, {1e6f, 1e9f}, {0, 1e-7f}, {1e30f, 1e36f}};
  for (const auto& c : cases) {
    SCOPED_TRACE(std::to_string(c.first) + " " + std::to_string(c.second));
    const TestRows rows = RowsOfTwoScales(3000, c.first, c.second);
    for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
      const auto index = GrowingOver(rows, metric);
      for (const uint32_t linked : {700U, 1500U, 1501U, 1700U, 3000U}) {
        ASSERT_OK(index->Extend(linked, {}));
      }
      std::vector<float> values = GrowingQueries().values();
      for (float& value : values) value *= c.second;
      const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 3000}};
      EXPECT_GE(RecallOfGrowing(*index, rows, {values, kGrowingDim}, query), 0.95)
          << MetricName(metric);
    }
  }
}

TEST(GrowingHnswTest, ARowFarOutsideLeavesTheOthersToBeFound) {
  std::vector<float> values = GrowingRows(3000).values();
  for (const size_t row : {1200U, 1300U, 2900U}) {
    values[row * kGrowingDim] = 1e20f * static_cast<float>(row);
  }
  const TestRows rows(std::move(values), kGrowingDim);
  const auto index = GrowingOver(rows);
  for (const uint32_t linked : {1000U, 1250U, 2000U, 3000U}) ASSERT_OK(index->Extend(linked, {}));
  const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 3000}};
  EXPECT_GE(RecallOfGrowing(*index, rows, GrowingQueries(), query), 0.95);
}

TEST(GrowingHnswTest, EqualAndZeroRowsAreFound) {
  const TestRows different = GrowingRows(100);
  std::vector<float> groups;  // of 30 equal rows
  for (uint32_t i = 0; i < 3000; ++i) {
    const float* const row = different.view().row(i % 100);
    groups.insert(groups.end(), row, row + kGrowingDim);
  }
  const struct {
    std::string name;
    TestRows rows;
  } cases[] = {{"zeros", TestRows(std::vector<float>(3000 * kGrowingDim), kGrowingDim)},
               {"equal", TestRows(std::vector<float>(3000 * kGrowingDim, 1.5f), kGrowingDim)},
               {"groups", TestRows(std::move(groups), kGrowingDim)}};
  for (const auto& c : cases) {
    for (const Metric metric : kAllMetrics) {
      const auto index = GrowingOver(c.rows, metric);
      ASSERT_OK(index->Extend(3000, {}));
      const RowQuery query{.params = HnswSearchParams{.ef = 64}, .mask = {.num_rows = 3000}};
      EXPECT_GE(RecallOfGrowing(*index, c.rows, GrowingQueries(), query), 0.9)
          << c.name << " " << MetricName(metric);
    }
  }
}

// What a row becomes that is written over and over with the same vector.
TEST(GrowingHnswTest, TheNewestOfManyEqualRowsIsFound) {
  std::vector<float> values = GrowingRows(3000).values();
  for (size_t row = 1000; row < 3000; row += 5) {
    std::copy_n(values.begin() + 1000 * kGrowingDim, kGrowingDim,
                values.begin() + static_cast<std::ptrdiff_t>(row * kGrowingDim));
  }
  const TestRows rows(std::move(values), kGrowingDim);
  const auto index = GrowingOver(rows);
  base::DeleteTimes deletes;
  for (uint32_t row = 1000; row < 3000; row += 5) {
    ASSERT_OK(index->Extend(row + 1, {}));
    const RowQuery query{.vector = rows.view().row(1000),
                         .k = 1,
                         .params = HnswSearchParams{.ef = 64},
                         .mask = {.num_rows = row + 1, .deletes = &deletes}};
    EXPECT_EQ(FindGrowing(*index, rows, query), (std::vector<Candidate>{{0, row}}));
    deletes.Set(row, 1);
  }
}

TEST(GrowingHnswTest, AReaderThatFailsStopsExtendAndSearch) {
  const TestRows rows = GrowingRows(2000);
  GrowingHnsw index(Metric::kL2, kGrowingDim, kGrowingParams,
                    std::make_unique<ArrayReader>(rows, absl::DataLossError("no rows")), {});
  EXPECT_EQ(CodeOf(index.Extend(2000, {})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(index.num_rows(), 0U);
}

}  // namespace
}  // namespace vecdb::index
