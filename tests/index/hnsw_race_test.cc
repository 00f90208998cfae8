#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "index/coded_testing.h"
#include "index/file_testing.h"
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

// Refined by copies, by rows, and by rows that are read.
TEST(HnswRaceTest, GraphsOfCodesAreBuiltInParallelAndSearchedConcurrently) {
  constexpr uint32_t kRows = 400;
  const TestRows rows = RandomRows(kRows, 8, 3);
  const auto half = RandomBitmap(kRows, 0.5, 4);
  const auto executor = MakeThreadPool(3);
  for (HnswParams params : CodedParams()) {
    params.m = 4;
    params.ef_construction = 20;
    const IndexSpec spec{.metric = Metric::kL2, .params = params};
    const auto index = BuildCoded(rows.view(), spec, {.executor = executor.get()});
    const auto alone = BuildCoded(rows.view(), spec);
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (uint32_t row = t; row < kRows; row += 23) {
          const RowQuery query{
              .vector = rows.view().row(row),
              .k = 5,
              .mask = {.num_rows = kRows, .allowed = row % 2 == 0 ? nullptr : half.data()}};
          EXPECT_EQ(FindCoded(*index, query), FindCoded(*alone, query));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(HnswRaceTest, RowsOfOneReaderAreReadConcurrently) {
  constexpr uint32_t kRows = 400;
  const TestRows rows = RandomRows(kRows, 8, 5);
  const IndexSpec spec{
      .metric = Metric::kCosine,
      .params = HnswParams{
          .m = 4, .ef_construction = 20, .codec = HnswCodec::kSq8, .refine = Refine::kFloat32}};
  const auto built = BuildCoded(rows.view(), spec);
  const ArrayReader reader(rows);
  const auto index = LoadSections(ReadSections(*WriteFile(*built)), reader.view());
  ASSERT_OK(index);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t row = t; row < kRows; row += 13) {
        const RowQuery query{.vector = rows.view().row(row), .k = 5, .mask = {.num_rows = kRows}};
        EXPECT_EQ(FindCoded(**index, query), FindCoded(*built, query));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(reader.num_read(), 5U * 90);
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
