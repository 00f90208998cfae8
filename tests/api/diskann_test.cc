// The DISKANN index through the doors: a collection, a segment's files, an index of the host's
// rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/fault_object_store.h"
#include "support/store_testing.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb {
namespace {

using support::CodeOf;
using support::GridVector;
using support::Ids;
using support::TaggedRows;
using support::TaggedSchema;
using support::TestDatabase;

constexpr size_t kRowsOnDisk = 3000;

IndexSpec OnDisk(Metric metric) {
  return {
      .metric = metric,
      .params = DiskannParams{.max_degree = 16, .search_list_size = 40, .pq_code_budget = 0.25}};
}

// Borrows the vector.
SearchRequest NearestOnDisk(const std::vector<float>& vector, const SearchParams& params) {
  SearchRequest request;
  request.field = "v";
  request.vectors = vector;
  request.limit = 10;
  request.params = params;
  return request;
}

std::vector<float> ScoresOf(const SearchResult& result) {
  std::vector<float> scores;
  for (const Hit& hit : result.hits(0)) scores.push_back(hit.score());
  return scores;
}

class DiskannApiTest : public testing::TestWithParam<Metric> {
 protected:
  // Some rows, one of them deleted, in a collection with the index, or without.
  std::unique_ptr<Collection> Fill(TestDatabase* db, const IndexSpec& spec) {
    auto collection = (*db)->CreateCollection("docs", schema_);
    EXPECT_OK(collection);
    EXPECT_OK((*collection)->Insert(TaggedRows(schema_, Ids(0, kRowsOnDisk), "a")));
    EXPECT_OK((*collection)->Insert(TaggedRows(schema_, Ids(kRowsOnDisk, 40), "b")));
    EXPECT_OK((*collection)->Flush());
    EXPECT_OK((*collection)->CreateIndex("v", spec));
    db->executor.RunAll();
    EXPECT_OK((*collection)->WaitForIndex("v"));
    EXPECT_OK((*collection)->Delete(std::vector<int64_t>{7, 8}));
    return *std::move(collection);
  }

  const Schema schema_ = TaggedSchema(8);
  const std::vector<float> vector_ = GridVector(7, 8);
};

TEST_P(DiskannApiTest, ACollectionAnswersAsWithoutAnIndexAtGreatEffort) {
  TestDatabase db;
  TestDatabase plain;
  auto collection = Fill(&db, OnDisk(GetParam()));
  auto exact = Fill(&plain, {.metric = GetParam()});
  for (const bool reopened : {false, true}) {
    if (reopened) {
      collection.reset();
      db.Reopen();
      auto opened = db->OpenCollection("docs");
      ASSERT_OK(opened);
      collection = *std::move(opened);
    }
    ASSERT_OK(collection->Load());
    ASSERT_OK(exact->Load());
    for (const char* filter : {"", R"(tag == "b")", "id < 2000", "id == 5 or id == 7"}) {
      SearchRequest request = NearestOnDisk(vector_, DiskannSearchParams{.search_list = 3000});
      SearchRequest flat = NearestOnDisk(vector_, {});
      request.filter = flat.filter = filter;
      const auto found = collection->Search(request);
      const auto expected = exact->Search(flat);
      ASSERT_OK(found);
      ASSERT_OK(expected);
      EXPECT_EQ(ScoresOf(*found), ScoresOf(*expected)) << filter;
      ASSERT_EQ(found->stats().segments.size(), 1U);
      EXPECT_GT(found->stats().segments[0].page_reads + found->stats().segments[0].page_hits, 0U);
    }
    const auto description = collection->Describe();
    ASSERT_OK(description);
    EXPECT_EQ(description->indexes[0].spec, OnDisk(GetParam()));
  }
}

TEST_P(DiskannApiTest, RangesAndIteratorsAreExact) {
  TestDatabase db;
  TestDatabase plain;
  auto collection = Fill(&db, OnDisk(GetParam()));
  auto exact = Fill(&plain, {.metric = GetParam()});
  ASSERT_OK(collection->Load());
  ASSERT_OK(exact->Load());
  SearchRequest request = NearestOnDisk(vector_, {});
  request.limit = 100;
  const auto all = exact->Search(request);
  ASSERT_OK(all);
  request.radius = all->hits(0)[60].score();
  request.range_filter = all->hits(0)[20].score();
  const auto found = collection->Search(request);
  const auto expected = exact->Search(request);
  ASSERT_OK(found);
  ASSERT_OK(expected);
  EXPECT_EQ(ScoresOf(*found), ScoresOf(*expected));
}

TEST_P(DiskannApiTest, OnlyCodesAndTheCacheComeIntoMemory) {
  TestDatabase db;
  auto collection = Fill(&db, OnDisk(GetParam()));
  ASSERT_OK(collection->Release());
  const auto estimate = collection->EstimateLoad();
  ASSERT_OK(estimate);
  EXPECT_EQ(estimate->vector_bytes, 0U);
  const uint64_t before = db->MemoryReport().used_bytes;
  ASSERT_OK(collection->Load());
  const auto held = static_cast<double>(db->MemoryReport().used_bytes - before);
  EXPECT_NEAR(held / static_cast<double>(estimate->total_bytes()), 1, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Metrics, DiskannApiTest,
                         testing::Values(Metric::kL2, Metric::kIp, Metric::kCosine),
                         [](const auto& metric) { return std::string(MetricName(metric.param)); });

std::vector<float> RowsOfIndex(size_t count, size_t dim) {
  std::vector<float> rows;
  for (size_t i = 0; i < count; ++i) {
    const std::vector<float> row = GridVector(static_cast<int64_t>(i), dim);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

TEST(DiskannDoorTest, AnIndexIsLoadedWithoutItsRowsAndAnswersAlike) {
  const support::TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  const std::vector<float> rows = RowsOfIndex(2000, 8);
  const ObjectPath path = *ObjectPath::Parse("a.idx");
  for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
    const auto built = IndexBuilder(8, OnDisk(metric)).Build(rows, RowStorage::kView);
    ASSERT_OK(built);
    ASSERT_OK((*built)->Save(*store, path));
    const auto loaded = Index::Load(*store, path);
    ASSERT_OK(loaded);
    EXPECT_TRUE((*loaded)->rows().empty());
    EXPECT_LT((*loaded)->memory_bytes(), (*built)->memory_bytes());
    const IndexQuery query{.vectors = std::span(rows).first(80),
                           .params = DiskannSearchParams{.search_list = 50}};
    const auto found = (*loaded)->Search(query);
    const auto expected = (*built)->Search(query);
    ASSERT_OK(found);
    ASSERT_OK(expected);
    EXPECT_EQ(found->rows, expected->rows);
    EXPECT_EQ(CodeOf(Index::Load(*store, path, {}, rows)), absl::StatusCode::kInvalidArgument);
    ASSERT_OK((*loaded)->Save(*store, *ObjectPath::Parse("b.idx")));
    EXPECT_EQ(GetObject(*store, path, 1 << 30).value(),
              GetObject(*store, *ObjectPath::Parse("b.idx"), 1 << 30).value());
    ASSERT_OK(store->Delete(path));
    ASSERT_OK(store->Delete(*ObjectPath::Parse("b.idx")));
  }
}

TEST(DiskannDoorTest, AnEstimateIsWithinATenth) {
  const auto store = MakeMemoryObjectStore();
  const std::vector<float> rows = RowsOfIndex(3000, 64);
  const IndexSpec spec{.metric = Metric::kL2, .params = DiskannParams{.search_list_size = 20}};
  const auto estimate = EstimateIndex(3000, 64, spec);
  ASSERT_OK(estimate);
  EXPECT_EQ(estimate->vector_bytes, 0U);
  MemoryBudget budget;
  const auto built = IndexBuilder(64, spec, {.budget = &budget}).Build(rows, RowStorage::kView);
  ASSERT_OK(built);
  EXPECT_NEAR(static_cast<double>(budget.Report().peak_bytes) /
                  static_cast<double>(estimate->build_peak_bytes),
              1, 0.1);
  ASSERT_OK((*built)->Save(*store, *ObjectPath::Parse("a.idx")));
  const auto loaded = Index::Load(*store, *ObjectPath::Parse("a.idx"));
  ASSERT_OK(loaded);
  EXPECT_NEAR(
      static_cast<double>((*loaded)->index_bytes()) / static_cast<double>(estimate->index_bytes), 1,
      0.1);
}

TEST(DiskannDoorTest, AFullDiskInTheMiddleOfASaveLeavesNothing) {
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto base = MakeMemoryObjectStore();
  support::FaultObjectStore store(base, injector);
  const std::vector<float> rows = RowsOfIndex(500, 8);
  const auto built = IndexBuilder(8, OnDisk(Metric::kL2)).Build(rows);
  ASSERT_OK(built);
  for (int nth = 1; nth < 8; ++nth) {
    injector->Arm(
        {.call = "Append", .nth = nth, .error = absl::ResourceExhaustedError("disk full")});
    EXPECT_EQ(CodeOf((*built)->Save(store, *ObjectPath::Parse("a.idx"))),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(CodeOf(base->Open(*ObjectPath::Parse("a.idx"))), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vecdb
