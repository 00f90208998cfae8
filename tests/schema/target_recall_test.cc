#include "schema/target_recall.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "schema/schema_testing.h"
#include "schema/search_params.h"

namespace vecdb::schema {
namespace {

const IndexSpec kGraph{.params = HnswParams{}};
const IndexSpec kLists{.params = IvfSq8Params{.nlist = 320}};
const IndexSpec kOnDisk{.params = DiskannParams{}};
const IndexSpec kExact{.params = FlatParams{}};

int32_t EffortOf(const SearchParams& params) {
  if (const auto* hnsw = std::get_if<HnswSearchParams>(&params)) return hnsw->ef;
  if (const auto* ivf = std::get_if<IvfSearchParams>(&params)) return ivf->nprobe;
  return 0;
}

// Misses of 0.4, 0.1, 0.025 and none, 0.002 being added for those that are not seen; aimed at are
// 0.7 of those that a target allows.
const std::vector<RecallPoint> kPoints = {{10, 16, 0.602},  {10, 64, 0.902},   {10, 256, 0.977},
                                          {10, 1024, 1.0},  {100, 100, 0.902}, {100, 400, 0.977},
                                          {100, 800, 0.982}};

// The target for which so many misses are aimed at.
TargetRecall Missing(double share) { return {.recall = 1 - share / 0.7}; }

TEST(TargetRecallTest, RunsFromAHalfTo999Thousandths) {
  for (const double recall : {0.5, 0.95, 0.999}) {
    EXPECT_OK(CheckTargetRecall({.recall = recall}));
  }
  for (const double recall :
       {std::nextafter(0.5, 0.0), std::nextafter(0.999, 1.0), 0.0, -0.9, 1.0,
        std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_TRUE(
        IsInvalid(CheckTargetRecall({.recall = recall}), {"target_recall is ", "0.5 to 0.999"}))
        << recall;
  }
}

TEST(TargetRecallTest, TheLeastEffortThatFindsSoMuchIsTaken) {
  const struct {
    double misses;
    uint32_t k;
    int32_t least;  // what a rounding may make of it
    int32_t most;
  } cases[] = {
      {0.35, 100, 100, 100},
      {0.2, 10, 32, 33},     // half way from 0.4 to 0.1, and from 16 to 64
      {0.1001, 10, 63, 65},  // at a point
      {0.0999, 10, 64, 66},  // behind it
      {0.05, 10, 128, 129},
      {0.05, 1, 128, 129},  // for fewer rows no less
      {0.05, 9, 128, 129},
      {0.05, 100, 200, 201},
      {0.001, 100, 800, 800},  // nothing found so much
      {0.05, 200, 400, 401},   // candidates grow with k
      {0.05, 1000, 2000, 2004},
      {0.05, 32, 160, 164},  // half way between 10 and 100, as powers go
      {0.025, 16384, 65536, 65536},
  };
  for (const auto& c : cases) {
    const SearchParams params = ParamsForTarget(kGraph, kPoints, Missing(c.misses), c.k);
    EXPECT_GE(EffortOf(params), c.least) << c.misses << " " << c.k;
    EXPECT_LE(EffortOf(params), c.most) << c.misses << " " << c.k;
    EXPECT_EQ(std::get<HnswSearchParams>(params).refine_k, 0);
  }
}

TEST(TargetRecallTest, WhatNoSampleCanTellTakesTheLargestEffort) {
  const std::vector<RecallPoint> points = {{10, 16, 0.5}, {10, 4096, 1.0}};
  EXPECT_EQ(EffortOf(ParamsForTarget(kGraph, points, {.recall = 0.999}, 10)), 4096);
  EXPECT_LT(EffortOf(ParamsForTarget(kGraph, points, {.recall = 0.997}, 10)), 4096);
}

TEST(TargetRecallTest, ListsGrowWithTheSquareRootOfK) {
  const std::vector<RecallPoint> points = {{10, 2, 0.95}, {100, 4, 0.95}};
  EXPECT_EQ(EffortOf(ParamsForTarget(kLists, points, {.recall = 0.9}, 10)), 2);
  EXPECT_EQ(EffortOf(ParamsForTarget(kLists, points, {.recall = 0.9}, 100)), 4);
  EXPECT_EQ(EffortOf(ParamsForTarget(kLists, points, {.recall = 0.9}, 400)), 8);
  EXPECT_EQ(EffortOf(ParamsForTarget(kLists, points, {.recall = 0.9}, 401)), 9);
}

TEST(TargetRecallTest, EffortNeverFallsWithTargetNorWithRowsWanted) {
  for (const IndexSpec* spec : {&kGraph, &kLists}) {
    for (const auto& points : {kPoints, std::vector<RecallPoint>{}}) {
      for (uint32_t k = 1; k <= 3000; k += 1 + k / 3) {
        int32_t before = 0;
        for (double recall = 0.5; recall <= 0.999; recall += 0.001) {
          const SearchParams params = ParamsForTarget(*spec, points, {.recall = recall}, k);
          EXPECT_GE(EffortOf(params), before) << k << " " << recall;
          EXPECT_GE(EffortOf(ParamsForTarget(*spec, points, {.recall = recall}, k + 1)),
                    EffortOf(params))
              << k << " " << recall;
          EXPECT_OK(ValidateSearchParams(*spec, params, static_cast<int32_t>(k)));
          before = EffortOf(params);
        }
      }
    }
  }
}

TEST(TargetRecallTest, WithoutACalibrationARuleHolds) {
  const struct {
    const IndexSpec* spec;
    double recall;
    uint32_t k;
    int32_t effort;
  } cases[] = {
      {&kGraph, 0.5, 10, 14},         {&kGraph, 0.875, 10, 26},  {&kGraph, 0.875, 100, 116},
      {&kGraph, 0.875, 1, 17},        {&kLists, 0.75, 10, 4},    {&kLists, 0.875, 10, 8},
      {&kLists, 0.99609375, 10, 256}, {&kLists, 0.999, 10, 320}, {&kLists, 0.5, 10, 2}};
  for (const auto& c : cases) {
    EXPECT_EQ(EffortOf(ParamsForTarget(*c.spec, {}, {.recall = c.recall}, c.k)), c.effort)
        << c.recall << " " << c.k;
  }
  EXPECT_EQ(ParamsForTarget(kExact, {}, {}, 10), SearchParams());
}

TEST(TargetRecallTest, LaddersRiseToTheMostThatMakesADifference) {
  using Ladder = std::vector<uint32_t>;
  EXPECT_EQ(EffortLadder(kExact, 10, 0), Ladder());
  EXPECT_EQ(EffortLadder(kLists, 10, 1), Ladder({1}));
  EXPECT_EQ(EffortLadder(kLists, 10, 2), Ladder({1, 2}));
  EXPECT_EQ(EffortLadder(kLists, 10, 15), Ladder({1, 2, 4, 8, 15}));
  EXPECT_EQ(EffortLadder(kLists, 10, 16), Ladder({1, 2, 4, 8, 16}));
  EXPECT_EQ(EffortLadder(kGraph, 10, 8), Ladder({8}));
  EXPECT_EQ(EffortLadder(kGraph, 10, 100), Ladder({10, 16, 32, 64}));
  EXPECT_EQ(EffortLadder(kGraph, 100, 1 << 16), Ladder({100, 128, 256, 512, 1024, 2048, 4096}));
  EXPECT_EQ(EffortLadder(kLists, 10, 1 << 16).back(), 1U << 16);
}

TEST(TargetRecallTest, CalibrationsAreInOrderAndWithinRanges) {
  const std::vector<std::vector<RecallPoint>> good = {
      {}, {{1, 1, 0}}, {{1, 1, 1}}, kPoints, {{1, 65536, 0.5}}, {{1, 9, 0.9}, {2, 1, 0.1}}};
  for (const auto& points : good) EXPECT_TRUE(IsCalibration(kGraph, points));
  std::vector<RecallPoint> many;
  for (uint32_t i = 1; i <= kMaxRecallPoints + 1; ++i) many.push_back({i, 1, 0.5});
  const std::vector<std::vector<RecallPoint>> bad = {
      {{0, 1, 0.5}},
      {{1, 0, 0.5}},
      {{1, 65537, 0.5}},
      {{1, 1, -0.1}},
      {{1, 1, 1.1}},
      {{1, 1, std::numeric_limits<double>::quiet_NaN()}},
      {{1, 1, 0.5}, {1, 1, 0.6}},
      {{1, 2, 0.5}, {1, 1, 0.6}},
      {{1, 1, 0.5}, {1, 2, 0.5}},
      {{1, 1, 0.5}, {1, 2, 0.4}},
      {{2, 1, 0.5}, {1, 2, 0.6}},
      many};
  for (const auto& points : bad) {
    EXPECT_FALSE(IsCalibration(kGraph, points)) << points[0].k << " " << points[0].effort;
    EXPECT_FALSE(IsCalibration(kLists, points)) << points[0].k << " " << points[0].effort;
  }
  many.pop_back();
  EXPECT_TRUE(IsCalibration(kGraph, many));
  // Only where there is an effort to choose.
  EXPECT_TRUE(IsCalibration(kExact, {}));
  for (const IndexParams& params :
       {IndexParams(FlatParams{}), IndexParams(InvertedParams{}), IndexParams(SortedParams{})}) {
    EXPECT_FALSE(IsCalibration({.params = params}, good[1]));
  }
}

TEST(TargetRecallTest, AGraphOnDiskIsSearchedWithASearchList) {
  EXPECT_EQ(ParamsOfEffort(kOnDisk, 40, 10), SearchParams(DiskannSearchParams{.search_list = 40}));
  EXPECT_EQ(ParamsOfEffort(kOnDisk, 4, 10), SearchParams(DiskannSearchParams{.search_list = 10}));
  EXPECT_EQ(EffortLadder(kOnDisk, 10, 100), EffortLadder(kGraph, 10, 100));
  EXPECT_EQ(ParamsForTarget(kOnDisk, {}, {.recall = 0.75}, 10),
            SearchParams(DiskannSearchParams{.search_list = 18}));
}

}  // namespace
}  // namespace vecdb::schema
