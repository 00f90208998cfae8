// Databases whose segments are read through a local cache: answers are those of the store, and the
// store is asked once.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "api/api_testing.h"
#include "support/cache_testing.h"

namespace vecdb::support {
namespace {

constexpr size_t kCachedRows = 1100;

struct CachedKind {
  const char* name;
  IndexSpec spec;
  SearchParams params;
};

const std::vector<CachedKind>& CachedKinds() {
  static const auto* const kinds =
      new std::vector<CachedKind>{{"hnsw", Hnsw(), HnswSearchParams{.ef = 64}},
                                  {"ivf",
                                   {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 16}},
                                   IvfSearchParams{.nprobe = 8}},
                                  {"diskann",
                                   {.metric = Metric::kL2,
                                    .params = DiskannParams{.max_degree = 8,
                                                            .search_list_size = 20,
                                                            .pq_code_budget = 0.25,
                                                            .search_cache_budget = 0}},
                                   DiskannSearchParams{.search_list = 50}}};
  return *kinds;
}

class CachedDatabaseTest : public CacheTest {
 protected:
  CachedDatabaseTest() {
    TestDatabase writer(memory_);
    for (const CachedKind& kind : CachedKinds()) {
      auto collection =
          *writer->CreateCollection(kind.name, schema_, {.load = LoadPolicy::kManual});
      EXPECT_OK(collection->Insert(TaggedRows(schema_, Ids(0, kCachedRows), "t")));
      EXPECT_OK(collection->Flush());
      EXPECT_OK(collection->CreateIndex("v", kind.spec));
      EXPECT_OK(collection->WaitForIndex("v"));
      const std::vector<int64_t> deleted = {3, 77};
      EXPECT_OK(collection->Delete(deleted));
      EXPECT_OK(collection->Flush());
    }
    EXPECT_OK(writer->Close());
  }

  CachedStoreOptions OptionsOfCache() const {
    CachedStoreOptions options = Options();
    options.use = nullptr;
    return options;
  }

  /// What each kind answers, and how many pages its searches have read.
  struct Answers {
    std::string text;
    uint64_t page_reads = 0;
    uint64_t mapped_bytes = 0;

    friend bool operator==(const Answers& a, const Answers& b) { return a.text == b.text; }
  };
  Answers Ask(const std::shared_ptr<ObjectStore>& store, LoadMode mode = LoadMode::kRead) {
    TestDatabase db(store);
    db.options.read_only = true;
    Answers answers;
    for (const CachedKind& kind : CachedKinds()) {
      auto collection = *db->OpenCollection(kind.name);
      EXPECT_OK(collection->Load({.mode = mode}));
      const auto segments = collection->Segments();
      for (const SegmentDescription& segment : *segments) {
        answers.mapped_bytes += segment.mapped_bytes;
      }
      for (int64_t id : {1, 3, 400}) {
        const std::vector<float> vector = GridVector(id, 8);
        const auto found = collection->Search(
            {.field = "v", .vectors = vector, .params = kind.params, .output_fields = {"tag"}});
        EXPECT_OK(found);
        if (!found.ok()) continue;
        for (const SegmentSearchStats& segment : found->stats().segments) {
          answers.page_reads += segment.page_reads;
        }
        for (const Hit& hit : found->hits(0)) {
          absl::StrAppend(&answers.text, kind.name, " ", hit.int64_key(), " ", hit.score(), " ",
                          std::string(hit.GetVarChar("tag")), "\n");
        }
      }
      db.executor.RunAll();
    }
    EXPECT_OK(db->Close());
    return answers;
  }

  /// How many calls of segments' objects the store has got since the last call.
  int SegmentCalls() {
    const int calls = faults_->num_matched();
    faults_->Arm({.path_contains = "/segments/", .nth = 1 << 30});
    return calls;
  }

  const Schema schema_ = TaggedSchema(8);
};

TEST_F(CachedDatabaseTest, AnswersAreThoseOfTheStoreWhichIsAskedOnce) {
  const Answers direct = Ask(memory_);
  EXPECT_NE(direct.text, "");
  SegmentCalls();
  {
    const auto store = Open(OptionsOfCache());
    EXPECT_EQ(Ask(store), direct);
    EXPECT_GT(store->usage().fetched_objects, 6U);
    EXPECT_EQ(store->usage().passed_opens, 0U);
  }
  EXPECT_GT(SegmentCalls(), 0);
  for (LoadMode mode : {LoadMode::kRead, LoadMode::kMap}) {
    const auto store = Open(OptionsOfCache());
    const Answers again = Ask(store, mode);
    EXPECT_EQ(again, direct);
    EXPECT_EQ(again.page_reads, direct.page_reads);
    EXPECT_EQ(again.mapped_bytes > 0, mode == LoadMode::kMap);
    EXPECT_EQ(SegmentCalls(), 0);
    EXPECT_EQ(store->usage().fetched_bytes, 0U);
    EXPECT_EQ(store->usage().open_bytes, 0U);
  }
}

TEST_F(CachedDatabaseTest, IndexesReadInRangesAnswerTheSameAndAreCounted) {
  const Answers direct = Ask(memory_);
  CachedStoreOptions options = OptionsOfCache();
  options.use = [](const ObjectPath& path) {
    return path.str().ends_with(".idx") ? CacheUse::kRanges : DefaultCacheUse(path);
  };
  const auto store = Open(options);
  const Answers ranges = Ask(store);
  EXPECT_EQ(ranges, direct);
  const CacheUsage usage = store->usage();
  EXPECT_EQ(usage.passed_opens, CachedKinds().size());
  EXPECT_GT(ranges.page_reads, 0U);
  EXPECT_EQ(ranges.page_reads, direct.page_reads);
  // Each page is a round trip; beside them what loading reads.
  EXPECT_GE(usage.passed_reads, ranges.page_reads);
}

TEST_F(CachedDatabaseTest, LoadingAnIndexOnDiskDoesNotFetchTheRows) {
  const Schema wide = TaggedSchema(300);
  {
    TestDatabase writer(memory_);
    auto collection = *writer->CreateCollection("wide", wide);
    ASSERT_OK(collection->Insert(TaggedRows(wide, Ids(0, kCachedRows), "t")));
    ASSERT_OK(collection->Flush());
    ASSERT_OK(collection->CreateIndex("v", CachedKinds()[2].spec));
    ASSERT_OK(collection->WaitForIndex("v"));
    ASSERT_OK(writer->Close());
  }
  const auto store = Open(OptionsOfCache());
  TestDatabase db(store);
  db.options.read_only = true;
  auto collection = *db->OpenCollection("wide");
  ASSERT_OK(collection->Load());
  const std::vector<float> vector = GridVector(7, 300);
  const auto found = collection->Search({.field = "v", .vectors = vector});
  ASSERT_OK(found);
  EXPECT_EQ(found->hits(0)[0].int64_key(), 7);
  const auto is_kept = [&](uint64_t size_bytes) {
    const std::string size = absl::StrCat("-", size_bytes, "-");
    const auto kept = Kept();
    return std::any_of(kept.begin(), kept.end(),
                       [&](const std::string& name) { return Contains(name, size); });
  };
  int seen = 0;
  const auto objects = memory_->List(PathOf("collections"));
  for (const ObjectInfo& info : *objects) {
    if (info.size_bytes < kMiB) continue;
    EXPECT_EQ(is_kept(info.size_bytes), info.path.str().ends_with(".idx")) << info.path.str();
    ++seen;
  }
  EXPECT_EQ(seen, 2);
}

TEST_F(CachedDatabaseTest, BudgetOfNearlyNothingCostsSpeedAlone) {
  const Answers direct = Ask(memory_);
  CachedStoreOptions options = OptionsOfCache();
  options.budget_bytes = 60'000;
  const auto store = Open(options);
  EXPECT_EQ(Ask(store), direct);
  EXPECT_EQ(Ask(store), direct);
  EXPECT_GT(store->usage().no_room, 0U);
  EXPECT_LE(store->usage().held_bytes, 60'000U);
}

TEST_F(CachedDatabaseTest, PrefetchedSegmentsAskTheStoreForNothing) {
  const Answers direct = Ask(memory_);
  const auto store = Open(OptionsOfCache());
  const auto fetched = store->PrefetchBelow(PathOf("collections"));
  ASSERT_OK(fetched);
  EXPECT_EQ(fetched->left_out, 0U);
  EXPECT_EQ(fetched->fetched_objects, fetched->objects);
  SegmentCalls();
  EXPECT_EQ(Ask(store), direct);
  EXPECT_EQ(SegmentCalls(), 0);
}

TEST_F(CachedDatabaseTest, DamagedCacheIsHealedAndAnswersStay) {
  const Answers direct = Ask(memory_);
  Ask(Open(OptionsOfCache()));
  size_t damaged = 0;
  for (const std::string& name : Kept()) {
    const std::string path = directory_.path() + "/cache/objects/" + name;
    const auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, size / 2);  // the second half becomes zeros
    std::filesystem::resize_file(path, size);
    ++damaged;
  }
  const auto store = Open(OptionsOfCache());
  EXPECT_EQ(Ask(store), direct);
  EXPECT_GT(store->usage().damaged_files, 0U);
  EXPECT_LE(store->usage().damaged_files, damaged);
  EXPECT_EQ(store->usage().damaged_files, store->usage().fetched_objects);
}

// A writer over a cache: what it writes, reads, compacts and removes is right, and what it removed
// leaves the cache.
TEST_F(CachedDatabaseTest, WriterMayUseItToo) {
  const auto store = Open(OptionsOfCache());
  TestDatabase db(store);
  Oracle oracle(schema_);
  auto collection = *db->CreateCollection("w", schema_);
  support::Put(*collection, &oracle, Ids(0, 300), "a");
  ASSERT_OK(collection->Flush());
  support::Put(*collection, &oracle, Ids(200, 300), "b");
  ASSERT_OK(collection->Flush());
  ExpectSameRows(oracle, *collection);
  ASSERT_OK(collection->Compact());
  ExpectSameRows(oracle, *collection);
  db.Reopen();
  collection = *db->OpenCollection("w");
  ExpectSameRows(oracle, *collection);
  EXPECT_EQ(store->usage().failures, 0U);
}

}  // namespace
}  // namespace vecdb::support
