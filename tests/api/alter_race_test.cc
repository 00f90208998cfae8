// Searches while the index of a field is altered again and again, dropped builds included.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/test_database.h"

namespace vecdb {
namespace {

using support::Hnsw;
using support::Ids;

TEST(AlterRaceTest, NoSearchFailsOrGoesWithoutAnIndex) {
  DatabaseOptions options{.store = MakeMemoryObjectStore(), .num_threads = 4};
  const auto database = *Database::Open(options);
  const Schema schema = support::TaggedSchema();
  CollectionOptions collection_options;
  collection_options.num_shards = 1;
  collection_options.auto_compaction = false;
  const auto collection = *database->CreateCollection("c", schema, collection_options);
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_OK(collection->Insert(support::TaggedRows(schema, Ids(3000 * i, 3000), "t")));
    ASSERT_OK(collection->Flush());
  }
  ASSERT_OK(collection->CreateIndex("v", Hnsw()));
  ASSERT_OK(collection->WaitForIndex("v"));
  ASSERT_OK(collection->Load());
  const std::vector<float> query = support::GridVector(5, 4);
  const SearchRequest request{.field = "v", .vectors = query, .limit = 20};
  std::atomic<bool> stop = false;
  std::atomic<int> num_searches = 0;
  std::vector<std::thread> searchers;
  for (int i = 0; i < 2; ++i) {
    searchers.emplace_back([&] {
      while (!stop) {
        const auto found = collection->Search(request);
        ASSERT_OK(found);
        ASSERT_EQ(found->hits(0).size(), 20u);
        const auto stats = collection->Explain(request);
        ASSERT_OK(stats);
        for (const SegmentSearchStats& segment : stats->segments) {
          ASSERT_NE(segment.plan, SearchPlan::kExactScan);
        }
        ++num_searches;
      }
    });
  }
  const IndexSpec specs[] = {{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 16}},
                             {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 8}},
                             Hnsw(),
                             {.metric = Metric::kL2, .params = HnswParams{.m = 4}},
                             {.metric = Metric::kL2, .params = DiskannParams{.max_degree = 8}}};
  for (int round = 0; round < 15; ++round) {
    EXPECT_OK(collection->AlterIndex("v", specs[round % 5]));
    // Every third change comes while the one before is being built.
    if (round % 3 == 0) continue;
    EXPECT_OK(collection->WaitForIndex("v"));
    EXPECT_EQ(collection->DescribeIndex("v")->pending_rows(), 0u);
  }
  stop = true;
  for (std::thread& searcher : searchers) searcher.join();
  EXPECT_GT(num_searches, 0);
}

}  // namespace
}  // namespace vecdb
