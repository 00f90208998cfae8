// A DISKANN index of a collection that is built in less memory than its rows take.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/api_testing.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

constexpr size_t kMemoryRows = 20'000;
constexpr int32_t kWideDim = 64;
constexpr uint64_t kBytesOfRows = kMemoryRows * kWideDim * sizeof(float);  // 5.1 MB
constexpr uint64_t kLittleMemory = 5 * kBytesOfRows / 8;

IndexSpec SmallGraph() {
  return {
      .metric = Metric::kL2,
      .params = DiskannParams{.max_degree = 16, .search_list_size = 30, .search_cache_budget = 0}};
}

absl::StatusOr<std::vector<float>> ScoresNear(const Collection& collection, int64_t row) {
  const std::vector<float> vector = GridVector(row, kWideDim);
  SearchRequest request{.field = "v", .vectors = vector};
  if (collection.DescribeIndex("v")->spec == SmallGraph()) {
    request.params = DiskannSearchParams{.search_list = 400};
  }
  const auto found = collection.Search(request);
  if (!found.ok()) return found.status();
  std::vector<float> scores;
  for (const Hit& hit : found->hits(0)) scores.push_back(hit.score());
  return scores;
}

TEST(DiskannMemoryTest, ACollectionBuildsItInLessMemoryThanItsRowsTake) {
  const TempDirectory directory;
  const Schema schema = TaggedSchema(kWideDim);
  TestDatabase db(*OpenLocalObjectStore(directory.path()));
  std::vector<std::vector<float>> expected;
  {
    const auto collection =
        *db->CreateCollection("c", schema, {.segment_max_bytes = uint64_t{64} << 20});
    for (int64_t batch = 0; batch < 20; ++batch) {
      ASSERT_OK(collection->Insert(TaggedRows(schema, Ids(batch * 1000, 1000), "t")));
    }
    ASSERT_OK(collection->Flush());
    ASSERT_EQ(collection->Segments()->size(), 1U);
    ASSERT_OK(collection->CreateIndex("v", Flat()));
    for (const int64_t row : {3, 777, 19'999}) expected.push_back(*ScoresNear(*collection, row));
    ASSERT_OK(collection->DropIndex("v"));
  }
  db.options.memory_limit_bytes = kLittleMemory;
  db.Reopen();
  {
    const auto collection = *db->OpenCollection("c");
    ASSERT_OK(collection->CreateIndex("v", SmallGraph()));
    ASSERT_OK(collection->WaitForIndex("v"));
    EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, kMemoryRows);
    EXPECT_LE(db->MemoryReport().peak_bytes, kLittleMemory);
    for (const auto& [path, bytes] : ReadAll(*db.options.store)) {
      EXPECT_EQ(path.find(".tmp"), std::string::npos) << path;
    }
    ASSERT_OK(collection->Load());
    size_t at = 0;
    for (const int64_t row : {3, 777, 19'999}) {
      const auto scores = ScoresNear(*collection, row);
      ASSERT_OK(scores);
      EXPECT_EQ(*scores, expected[at++]) << row;
    }
  }
}

}  // namespace
}  // namespace vecdb::support
