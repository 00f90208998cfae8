#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "index/hnsw_testing.h"
#include "index/vector_index.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

// Run under ThreadSanitizer: batches of a parallel build, and searches side by side on one index.
TEST(HnswRaceTest, BuildsInParallelAndIsSearchedConcurrently) {
  const TestRows rows = RandomRows(800, 6, 1);
  const auto executor = MakeThreadPool(3);
  const auto index = BuildVectorIndex(
      rows.view(), {.metric = Metric::kCosine, .params = HnswParams{.m = 4, .ef_construction = 20}},
      {.executor = executor.get()}, {});
  ASSERT_OK(index);
  base::DeleteTimes deletes;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t row = t; row < 800; row += 13) {
        const RowQuery query{.vector = rows.view().row(row),
                             .k = 5,
                             .mask = {.num_rows = 800, .deletes = &deletes, .as_of = 10}};
        std::vector<Candidate> found;
        EXPECT_OK((*index)->Search(query, {}, &found));
        EXPECT_EQ(found.size(), 5U);
        EXPECT_EQ(found.front().row, row);
      }
    });
  }
  for (uint32_t row = 0; row < 800; row += 2) deletes.Set(row, 11);  // later than any search looks
  for (std::thread& thread : threads) thread.join();
}

TEST(HnswRaceTest, CancelStopsABuildOnEveryThread) {
  const TestRows rows = RandomRows(3000, 8, 2);
  const auto executor = MakeThreadPool(3);
  const CancelToken token = CancelToken::Make();
  std::thread canceller([&] { token.Cancel(); });
  const auto graph = BuildHnswGraph(rows.view(), Metric::kL2, {.m = 8, .ef_construction = 100},
                                    {.executor = executor.get()}, {.cancel = token});
  canceller.join();
  EXPECT_TRUE(graph.ok() || graph.status().code() == absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
