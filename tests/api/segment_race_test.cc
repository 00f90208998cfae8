#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "support/status_testing.h"
#include "support/store_testing.h"
#include "vecdb/segment.h"

namespace vecdb {
namespace {

TEST(SegmentRaceTest, FirstSearchesOfAFreshSegmentMayCollide) {
  const Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                                 {.name = "a", .type = DataType::kFloatVector, .dim = 1},
                                 {.name = "b", .type = DataType::kFloatVector, .dim = 1}}};
  std::vector<int64_t> ids(200);
  std::iota(ids.begin(), ids.end(), int64_t{0});
  const std::vector<float> values(ids.begin(), ids.end());
  RowBatch batch(schema);
  batch.SetInt64("id", ids).SetFloatVectors("a", values).SetFloatVectors("b", values);
  auto builder = SegmentBuilder::Make(schema);
  ASSERT_OK(builder);
  ASSERT_OK((*builder)->Add(batch));
  ASSERT_OK((*builder)->AddIndex("a", {.metric = Metric::kL2, .params = HnswParams{.m = 4}}));
  const auto store = MakeMemoryObjectStore();
  const auto info = (*builder)->Finish(*store, support::PathOf("s"));
  ASSERT_OK(info);
  const auto segment = Segment::Open(*store, *info);
  ASSERT_OK(segment);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint32_t row = thread; row < 200; row += 4) {
        const std::vector<float> query = {static_cast<float>(row)};
        const auto found = (*segment)->Search(
            {.field = row % 8 < 4 ? "a" : "b", .vectors = query, .k = 1, .metric = Metric::kL2});
        if (!found.ok() || found->rows.at(0).row != row) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace vecdb
