#include "index/calibrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "codec/sampling.h"
#include "index/flat_index.h"
#include "index/index_testing.h"
#include "schema/target_recall.h"
#include "support/status_testing.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr int32_t kMeasuredDim = 16;

std::unique_ptr<VectorIndex> BuildMeasured(const VectorView& view, const IndexSpec& spec,
                                           const Host& host = {}) {
  auto built = BuildVectorIndex(view, spec, host, {});
  EXPECT_OK(built);
  return *std::move(built);
}

std::vector<IndexSpec> MeasuredSpecs() {
  const HnswParams coded{.m = 4, .ef_construction = 20, .codec = HnswCodec::kSq8};
  return {{.metric = Metric::kL2, .params = HnswParams{.m = 4, .ef_construction = 20}},
          {.metric = Metric::kIp, .params = coded},
          {.metric = Metric::kCosine, .params = coded},
          {.metric = Metric::kIp, .params = IvfFlatParams{.nlist = 40}},
          {.metric = Metric::kCosine, .params = IvfSq8Params{.nlist = 40}},
          {.metric = Metric::kL2, .params = IvfPqParams{.nlist = 40, .m = 8, .nbits = 4}}};
}

std::vector<RecallPoint> PointsOf(const std::vector<RecallPoint>& points, uint32_t k) {
  std::vector<RecallPoint> of_k;
  std::copy_if(points.begin(), points.end(), std::back_inserter(of_k),
               [k](const RecallPoint& point) { return point.k == k; });
  return of_k;
}

// The share of the true nearest k rows of `rows`, themselves left out, that searches find.
double NaiveRecall(const VectorView& view, const VectorIndex& index,
                   const std::vector<uint32_t>& rows, uint32_t k, uint32_t effort) {
  const FlatIndex exact(view, {.metric = index.spec().metric});
  size_t found = 0;
  for (const uint32_t row : rows) {
    const auto find = [&](const VectorIndex& in, const SearchParams& params) {
      std::vector<Candidate> answer;
      EXPECT_OK(in.Search({.vector = view.row(row),
                           .k = k + 1,
                           .params = params,
                           .mask = {.num_rows = view.num_rows},
                           .left_out = row},
                          {}, &answer));
      std::erase_if(answer, [row](const Candidate& one) { return one.row == row; });
      if (answer.size() > k) answer.resize(k);
      return answer;
    };
    const auto nearest = find(exact, {});
    const auto answer = find(index, schema::ParamsOfEffort(index.spec(), effort, k + 1));
    for (const Candidate& one : answer) {
      found += std::any_of(nearest.begin(), nearest.end(),
                           [&](const Candidate& other) { return other.row == one.row; });
    }
  }
  return static_cast<double>(found) / static_cast<double>(rows.size() * k);
}

TEST(CalibrateTest, PointsAreWhatSearchesFind) {
  const TestRows rows = MixedRows(2000, kMeasuredDim, 20, 1);
  for (const IndexSpec& spec : MeasuredSpecs()) {
    SCOPED_TRACE(spec.ToJson());
    const auto index = BuildMeasured(rows.view(), spec);
    const auto points = CalibrateRecall(rows.view(), *index, {}, {});
    ASSERT_OK(points);
    EXPECT_TRUE(schema::IsCalibration(spec, *points));
    const bool is_graph = std::holds_alternative<HnswParams>(spec.params);
    for (const uint32_t k : {10U, 100U}) {
      const auto all = codec::SampleRows(2000, is_graph ? 256 : 128, 0);
      const size_t stride = k == 10 ? 1 : 4;
      std::vector<uint32_t> sample;
      for (size_t i = 0; i < all.size(); i += stride) sample.push_back(all[i]);
      const std::vector<RecallPoint> of_k = PointsOf(*points, k);
      ASSERT_FALSE(of_k.empty());
      EXPECT_EQ(of_k.front().effort, is_graph ? k : 1);
      EXPECT_GT(of_k.back().recall, 0.98);
      for (const RecallPoint& point : of_k) {
        // What a smaller effort found counts as found.
        EXPECT_NEAR(point.recall, NaiveRecall(rows.view(), *index, sample, k, point.effort), 0.005)
            << k << " " << point.effort;
      }
    }
  }
}

TEST(CalibrateTest, TheSameWhateverTheThreads) {
  const TestRows rows = MixedRows(1500, kMeasuredDim, 20, 2);
  const auto pool = MakeThreadPool(3);
  for (const IndexSpec& spec : MeasuredSpecs()) {
    const auto index = BuildMeasured(rows.view(), spec);
    const auto alone = CalibrateRecall(rows.view(), *index, {}, {});
    const auto together = CalibrateRecall(rows.view(), *index, {.executor = pool.get()}, {});
    ASSERT_OK(alone);
    ASSERT_OK(together);
    EXPECT_EQ(*alone, *together) << spec.ToJson();
  }
}

TEST(CalibrateTest, FewRowsAndExactIndexesAreNotMeasured) {
  const IndexSpec graph{.metric = Metric::kL2, .params = HnswParams{.m = 4, .ef_construction = 20}};
  for (const uint32_t count : {0U, 1U, 1023U, 1024U}) {
    const TestRows rows = RandomRows(count, 4, 3);
    const auto points = CalibrateRecall(rows.view(), *BuildMeasured(rows.view(), graph), {}, {});
    ASSERT_OK(points);
    EXPECT_EQ(points->empty(), count < 1024) << count;
  }
  const TestRows rows = RandomRows(2000, 4, 4);
  const auto points =
      CalibrateRecall(rows.view(), *BuildMeasured(rows.view(), {.metric = Metric::kL2}), {}, {});
  ASSERT_OK(points);
  EXPECT_TRUE(points->empty());
}

TEST(CalibrateTest, RowsAsNearAsTheLastAreAsRight) {
  // All rows are equal, or in a few heaps of equal ones.
  for (const int values : {1, 2}) {
    const TestRows rows = GridRows(1200, 4, values, 5);
    for (const IndexSpec& spec : MeasuredSpecs()) {
      const IndexParams params = std::holds_alternative<IvfPqParams>(spec.params)
                                     ? IndexParams(IvfPqParams{.nlist = 8, .m = 2, .nbits = 4})
                                     : spec.params;
      const auto index = BuildMeasured(rows.view(), {.metric = spec.metric, .params = params});
      const auto points = CalibrateRecall(rows.view(), *index, {}, {});
      ASSERT_OK(points);
      if (std::holds_alternative<IvfFlatParams>(spec.params)) {
        EXPECT_EQ(points->back().recall, 1) << spec.ToJson() << values;
      }
      if (values == 1) {
        EXPECT_EQ(points->front().recall, 1) << spec.ToJson();
      }
    }
  }
}

TEST(CalibrateTest, StopsWhenItIsToldTo) {
  const TestRows rows = MixedRows(2000, kMeasuredDim, 20, 6);
  const auto index =
      BuildMeasured(rows.view(), {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 20}});
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(CalibrateRecall(rows.view(), *index, {}, {.cancel = token})),
            absl::StatusCode::kCancelled);
}

TEST(CalibrateTest, MemoryIsCountedAndGivenBack) {
  const TestRows rows = MixedRows(2000, kMeasuredDim, 20, 7);
  const auto index =
      BuildMeasured(rows.view(), {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 20}});
  MemoryBudget roomy(64 << 20);
  ASSERT_OK(CalibrateRecall(rows.view(), *index, {.budget = &roomy}, {}));
  EXPECT_EQ(roomy.used_bytes(), 0U);
  MemoryBudget tight(1000);
  EXPECT_EQ(CodeOf(CalibrateRecall(rows.view(), *index, {.budget = &tight}, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(tight.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
