#include "format/distinct_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "format/column_testing.h"
#include "schema/key.h"
#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

TEST(DistinctValuesTest, ValuesAreNumberedInTheOrderInWhichTheyCome) {
  const std::vector<int32_t> numbers = {7, -1, 7, INT32_MIN, -1, 0};
  const DistinctValues distinct = DistinctOf(NumberBlock(DataType::kInt32, numbers));
  EXPECT_EQ(distinct.count(), 4u);
  EXPECT_TRUE(std::ranges::equal(distinct.codes(), std::vector<uint16_t>{0, 1, 0, 2, 1, 3}));
  EXPECT_TRUE(std::ranges::equal(distinct.rows(), std::vector<uint16_t>{0, 1, 3, 5}));
}

TEST(DistinctValuesTest, NumbersDifferByTheirBits) {
  const std::vector<double> numbers = {0.0, -0.0, std::nan("1"), std::nan("2"), 0.0, std::nan("1")};
  const DistinctValues distinct = DistinctOf(NumberBlock(DataType::kDouble, numbers));
  EXPECT_TRUE(std::ranges::equal(distinct.codes(), std::vector<uint16_t>{0, 1, 2, 3, 0, 2}));
}

TEST(DistinctValuesTest, StringsDifferByTheirBytesAndAreHashedAsKeys) {
  const std::vector<std::string> strings = {"", "a", std::string("a\0", 2), "a", ""};
  const StringBlock block(DataType::kVarChar, strings);
  const DistinctValues distinct = DistinctOf(block.block());
  EXPECT_TRUE(std::ranges::equal(distinct.codes(), std::vector<uint16_t>{0, 1, 2, 1, 0}));
  EXPECT_EQ(distinct.hashes()[1], schema::KeyHash(std::string_view("a")));
}

TEST(DistinctValuesTest, AFullBlockOfDifferentValuesIsCountedAndThenForgotten) {
  std::vector<int64_t> numbers(schema::kBlockRows);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i) << 32;
  DistinctValues distinct = DistinctOf(NumberBlock(DataType::kInt64, numbers));
  EXPECT_EQ(distinct.count(), schema::kBlockRows);
  const std::vector<int64_t> one = {5};
  distinct.Find(NumberBlock(DataType::kInt64, one));
  EXPECT_EQ(distinct.count(), 1u);
  EXPECT_EQ(distinct.codes().size(), 1u);
}

TEST(DistinctEstimateTest, EstimatesAreWithinFourStandardDeviations) {
  support::SeededRandom random(support::TestSeed("DistinctEstimate"));
  DistinctEstimate estimate;
  EXPECT_EQ(estimate.Estimate(), 0u);
  uint64_t added = 0;
  for (const uint64_t count : {1u, 100u, 2000u, 10000u, 50000u, 300000u}) {
    for (; added < count; ++added) estimate.Add(random.Next());
    const double error =
        std::abs(static_cast<double>(estimate.Estimate()) / static_cast<double>(count) - 1);
    EXPECT_LE(error, 4 * 1.04 / 64) << count;
  }
}

TEST(DistinctEstimateTest, WhatComesAgainIsNotCounted) {
  DistinctEstimate estimate;
  for (int i = 0; i < 1000; ++i) estimate.Add(schema::KeyHash(int64_t{i % 3}));
  EXPECT_EQ(estimate.Estimate(), 3u);
}

}  // namespace
}  // namespace vecdb::format
