// The memory budget of a database and its collections: what is taken, refused, estimated and given
// back.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/fake_clock.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb {
namespace {

using support::CodeOf;
using support::Flat;
using support::Hnsw;
using support::Ids;
using support::TaggedRows;
using support::TaggedSchema;
using support::TestDatabase;

constexpr int32_t kMemoryDim = 64;
constexpr size_t kMemoryRows = 3000;

CollectionOptions LoadedByHand() { return {.load = LoadPolicy::kManual}; }

std::vector<IndexSpec> MemorySpecs() {
  return {Flat(),
          Flat(Metric::kCosine),
          Hnsw(),
          {.params = HnswParams{.m = 8, .ef_construction = 40, .codec = HnswCodec::kFloat32}},
          {.params = IvfFlatParams{.nlist = 16}},
          {.params = IvfSq8Params{.nlist = 16}},
          {.params = IvfPqParams{.nlist = 16, .nbits = 4}},
          {.params = IvfPqParams{.nlist = 16, .nbits = 8}},
          {.params = DiskannParams{.max_degree = 16, .search_list_size = 40}}};
}

// A collection "docs" of flushed rows with an index, which is not loaded.
std::unique_ptr<Collection> MakeDocs(TestDatabase* db, const IndexSpec& spec) {
  const Schema schema = TaggedSchema(kMemoryDim);
  auto docs = (*db)->CreateCollection("docs", schema, LoadedByHand());
  EXPECT_OK(docs);
  EXPECT_OK((*docs)->Insert(TaggedRows(schema, Ids(0, kMemoryRows), "a")));
  EXPECT_OK((*docs)->Flush());
  EXPECT_OK((*docs)->CreateIndex("v", spec));
  EXPECT_OK((*docs)->WaitForIndex("v"));
  db->executor.RunAll();
  return *std::move(docs);
}

double RatioOf(uint64_t a, uint64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

TEST(MemoryTest, AnEstimateOfALoadIsWithinATenth) {
  for (const IndexSpec& spec : MemorySpecs()) {
    TestDatabase db;
    const auto docs = MakeDocs(&db, spec);
    const auto estimate = docs->EstimateLoad();
    ASSERT_OK(estimate);
    const uint64_t before = db->MemoryReport().used_bytes;
    ASSERT_OK(docs->Load());
    const uint64_t taken = db->MemoryReport().used_bytes - before;
    EXPECT_NEAR(RatioOf(estimate->total_bytes(), taken), 1, 0.1) << spec.ToJson() << taken;
    const auto nothing = docs->EstimateLoad();
    ASSERT_OK(nothing);
    EXPECT_EQ(nothing->total_bytes(), 0u);
    const auto index = EstimateIndex(kMemoryRows, kMemoryDim, spec);
    ASSERT_OK(index);
    EXPECT_NEAR(RatioOf(index->loaded_bytes() + estimate->key_bytes, taken), 1, 0.1)
        << spec.ToJson();
  }
}

TEST(MemoryTest, ReleaseAndDropGiveEverythingBack) {
  for (const IndexSpec& spec : MemorySpecs()) {
    TestDatabase db;
    const auto docs = MakeDocs(&db, spec);
    const uint64_t before = docs->MemoryReport()->used_bytes;
    const std::vector<float> query(kMemoryDim, 1);
    for (int round = 0; round < 3; ++round) {
      ASSERT_OK(docs->Load());
      ASSERT_OK(docs->Search({.field = "v", .vectors = query}));
      EXPECT_GT(docs->MemoryReport()->used_bytes, before);
      EXPECT_EQ(docs->MemoryReport()->of(MemoryUse::kOther), 0u) << "every use has its name";
      ASSERT_OK(docs->Release());
      EXPECT_EQ(docs->MemoryReport()->used_bytes, before) << db->MemoryReport().ToString();
    }
    ASSERT_OK(docs->Load());
    ASSERT_OK(db->DropCollection("docs"));
    EXPECT_EQ(db->MemoryReport().used_bytes, 0u) << db->MemoryReport().ToString();
  }
}

TEST(MemoryTest, ALoadThatDoesNotFitIsRefusedWithTheFiguresAndLoadsNothing) {
  TestDatabase db;
  const auto docs = MakeDocs(&db, Flat());
  const auto estimate = docs->EstimateLoad();
  ASSERT_OK(estimate);
  const uint64_t before = docs->MemoryReport()->used_bytes;
  // From nothing left to nearly enough.
  for (const double share : {0.0, 0.3, 0.8, 0.95}) {
    const auto room = static_cast<uint64_t>(share * static_cast<double>(estimate->total_bytes()));
    ASSERT_OK(docs->SetMemoryLimit(before + room + 1));
    const absl::Status refused = docs->Load();
    EXPECT_EQ(CodeOf(refused), absl::StatusCode::kResourceExhausted) << share;
    EXPECT_EQ(docs->LoadState(), LoadState::kFailed);
    EXPECT_EQ(docs->MemoryReport()->used_bytes, before);
    const std::string message(refused.message());
    EXPECT_NE(message.find(std::to_string(estimate->total_bytes())), std::string::npos) << message;
    EXPECT_NE(message.find("Release another collection"), std::string::npos) << message;
  }
  ASSERT_OK(docs->SetMemoryLimit(0));
  EXPECT_OK(docs->Load());
}

// Three collections of which two fit.
class ReleaseUnusedTest : public ::testing::Test {
 protected:
  void Open(bool release_unused, LoadPolicy load) {
    db_.options.release_unused_collections = release_unused;
    db_.options.host.clock = &clock_;
    db_.Reopen();
    for (const char* name : {"a", "b", "c"}) {
      auto made = db_->CreateCollection(name, schema_, {.load = load});
      ASSERT_OK(made);
      ASSERT_OK((*made)->Insert(TaggedRows(schema_, Ids(0, kMemoryRows), "t")));
      ASSERT_OK((*made)->Flush());
      ASSERT_OK((*made)->CreateIndex("v", Flat()));
      collections_.push_back(*std::move(made));
    }
    db_.executor.RunAll();
  }

  // What one of them takes, while it is not loaded.
  uint64_t BytesOfOne() { return collections_[0]->EstimateLoad()->total_bytes(); }

  // Loads, or searches, at a later time than anybody before.
  absl::Status Load(size_t which) {
    clock_.Advance(1000);
    return collections_[which]->Load();
  }
  absl::Status Search(size_t which) {
    clock_.Advance(1000);
    return collections_[which]->Search({.field = "v", .vectors = query_}).status();
  }

  const Schema schema_ = TaggedSchema(kMemoryDim);
  const std::vector<float> query_ = std::vector<float>(kMemoryDim, 1);
  MemoryBudget budget_;
  support::FakeClock clock_;
  TestDatabase db_;
  std::vector<std::unique_ptr<Collection>> collections_;
};

TEST_F(ReleaseUnusedTest, WhatWasSearchedLongestAgoGoesFirst) {
  db_.options.host.budget = &budget_;
  Open(/*release_unused=*/true, LoadPolicy::kManual);
  budget_.SetLimit(budget_.used_bytes() + 2 * BytesOfOne() + BytesOfOne() / 2);
  ASSERT_OK(Load(0));
  ASSERT_OK(Load(1));
  ASSERT_OK(Search(0));
  ASSERT_OK(Load(2));
  EXPECT_EQ(CodeOf(Search(1)), absl::StatusCode::kFailedPrecondition);
  EXPECT_OK(Search(0));
  EXPECT_OK(Search(2));
  ASSERT_OK(Load(1));
  EXPECT_EQ(CodeOf(Search(0)), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ReleaseUnusedTest, NothingIsReleasedWhereThatDoesNotHelp) {
  db_.options.host.budget = &budget_;
  Open(/*release_unused=*/true, LoadPolicy::kManual);
  ASSERT_OK(Load(0));
  ASSERT_OK(collections_[2]->SetMemoryLimit(1000));
  EXPECT_EQ(CodeOf(Load(2)), absl::StatusCode::kResourceExhausted);
  EXPECT_OK(Search(0));
}

TEST_F(ReleaseUnusedTest, NothingIsReleasedUnlessItIsAllowed) {
  db_.options.host.budget = &budget_;
  Open(/*release_unused=*/false, LoadPolicy::kManual);
  budget_.SetLimit(budget_.used_bytes() + 2 * BytesOfOne() + BytesOfOne() / 2);
  ASSERT_OK(Load(0));
  ASSERT_OK(Load(1));
  EXPECT_EQ(CodeOf(Load(2)), absl::StatusCode::kResourceExhausted);
  EXPECT_OK(Search(0));
  EXPECT_OK(Search(1));
}

TEST_F(ReleaseUnusedTest, CollectionsThatKeepThemselvesLoadedStay) {
  db_.options.host.budget = &budget_;
  Open(/*release_unused=*/true, LoadPolicy::kKeepLoaded);
  ASSERT_OK(collections_[2]->Release());
  budget_.SetLimit(budget_.used_bytes() + 1000);
  EXPECT_EQ(CodeOf(Load(2)), absl::StatusCode::kResourceExhausted);
  EXPECT_OK(Search(0));
  EXPECT_OK(Search(1));
}

// What has no room is mapped where that is allowed and the store has files.
TEST(MemoryTest, ALoadThatDoesNotFitIsMappedWhereThatIsAllowed) {
  const support::TempDirectory directory;
  const Schema schema = TaggedSchema(kMemoryDim);
  const std::vector<float> query(kMemoryDim, 1);
  for (const bool map : {false, true}) {
    const auto db = Database::Open({.path = directory.path() + (map ? "/map" : "/read"),
                                    .map_when_full = map,
                                    .num_threads = 1});
    ASSERT_OK(db);
    auto docs = (*db)->CreateCollection("docs", schema, LoadedByHand());
    ASSERT_OK(docs);
    ASSERT_OK((*docs)->Insert(TaggedRows(schema, Ids(0, kMemoryRows), "a")));
    ASSERT_OK((*docs)->Flush());
    ASSERT_OK((*docs)->CreateIndex("v", Flat()));
    ASSERT_OK((*docs)->Load());
    const auto expected = (*docs)->Search({.field = "v", .vectors = query});
    ASSERT_OK(expected);
    ASSERT_OK((*docs)->Release());
    const uint64_t used = (*docs)->MemoryReport()->used_bytes;
    // Of the second it shows only when it is read that it does not fit.
    for (const double share : {0.1, 0.95}) {
      const auto total = static_cast<double>((*docs)->EstimateLoad()->total_bytes());
      ASSERT_OK((*docs)->SetMemoryLimit(used + static_cast<uint64_t>(share * total)));
      if (!map) {
        EXPECT_EQ(CodeOf((*docs)->Load()), absl::StatusCode::kResourceExhausted);
        continue;
      }
      ASSERT_OK((*docs)->Load());
      const auto found = (*docs)->Search({.field = "v", .vectors = query});
      ASSERT_OK(found);
      for (size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(found->hits(0)[i].int64_key(), expected->hits(0)[i].int64_key());
      }
      EXPECT_GE((*(*docs)->Segments())[0].mapped_bytes, kMemoryRows * kMemoryDim * 4);
      ASSERT_OK((*docs)->Release());
    }
  }
}

TEST(MemoryTest, CopiesAreMappedFirstAndTheRestIfThatDoesNotSuffice) {
  const support::TempDirectory directory;
  const Schema schema = TaggedSchema(kMemoryDim);
  const auto db = Database::Open({.path = directory.path(), .map_when_full = true});
  ASSERT_OK(db);
  auto docs = (*db)->CreateCollection("docs", schema, LoadedByHand());
  ASSERT_OK(docs);
  ASSERT_OK((*docs)->Insert(TaggedRows(schema, Ids(0, kMemoryRows), "a")));
  ASSERT_OK((*docs)->Flush());
  ASSERT_OK((*docs)->CreateIndex("v", {.metric = Metric::kL2, .params = HnswParams{}}));
  ASSERT_OK((*docs)->WaitForIndex("v"));
  const auto mapped_at = [&](uint64_t free_bytes) {
    EXPECT_OK((*docs)->Release());
    EXPECT_OK((*docs)->SetMemoryLimit((*docs)->MemoryReport()->used_bytes + free_bytes));
    EXPECT_OK((*docs)->Load());
    return (*(*docs)->Segments())[0].mapped_bytes;
  };
  ASSERT_OK((*docs)->Release());
  const uint64_t all = (*docs)->EstimateLoad()->total_bytes();
  const uint64_t less = (*docs)->EstimateLoad({.mode = LoadMode::kMapCopies})->total_bytes();
  const uint64_t copy_bytes = kMemoryRows * kMemoryDim * 2;
  EXPECT_EQ(all - less, copy_bytes);
  EXPECT_EQ(mapped_at(all + all / 10), 0u);
  EXPECT_EQ(mapped_at(less + less / 10), copy_bytes);
  EXPECT_GT(mapped_at(less / 2), copy_bytes);
}

TEST(MemoryTest, AnEstimateIsOfWhatIsAskedFor) {
  TestDatabase db;
  const auto docs = MakeDocs(&db, Flat());
  EXPECT_EQ(docs->EstimateLoad({.fields = {"v"}})->total_bytes(),
            docs->EstimateLoad()->total_bytes());
  EXPECT_EQ(CodeOf(docs->EstimateLoad({.fields = {"w"}})), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(docs->EstimateLoad({.shards = {1}})), absl::StatusCode::kInvalidArgument);
}

TEST(MemoryTest, SearchesOfManyCandidatesAreCountedAndRefused) {
  TestDatabase db;
  const auto docs = MakeDocs(&db, {.params = IvfSq8Params{.nlist = 16}});
  ASSERT_OK(docs->Load());
  const std::vector<float> query(kMemoryDim, 1);
  const SearchRequest request{.field = "v",
                              .vectors = query,
                              .limit = 2000,
                              .params = IvfSearchParams{.nprobe = 16, .refine_k = 2}};
  ASSERT_OK(docs->SetMemoryLimit(docs->MemoryReport()->used_bytes + 1000));
  EXPECT_EQ(CodeOf(docs->Search(request)), absl::StatusCode::kResourceExhausted);
  ASSERT_OK(docs->SetMemoryLimit(0));
  ASSERT_OK(docs->Search(request));
  EXPECT_GT(docs->MemoryReport()->of(MemoryUse::kQueries), 3000u * 16);
}

TEST(MemoryTest, CachesMakeRoomForALoad) {
  TestDatabase db;
  const auto docs = MakeDocs(&db, Flat());
  const uint64_t base = docs->MemoryReport()->used_bytes;
  ASSERT_OK(docs->Query({.filter = R"(tag == "a")", .output_fields = {"tag"}, .limit = 10}));
  const uint64_t cached = docs->MemoryReport()->used_bytes - base;
  constexpr uint64_t kKept = kMemoryRows * 4 + 1000;  // the order of the keys, which is no cache
  ASSERT_GT(cached, 2 * kKept);
  ASSERT_OK(docs->SetMemoryLimit(base + docs->EstimateLoad()->total_bytes() + kKept));
  EXPECT_OK(docs->Load());
}

TEST(MemoryTest, ALimitOfTheCollectionRefusesWritesUntilItIsRaised) {
  const Schema schema = TaggedSchema(kMemoryDim);
  TestDatabase db;
  auto docs = db->CreateCollection("docs", schema);
  auto logs = db->CreateCollection("logs", schema);
  ASSERT_OK(docs);
  ASSERT_OK(logs);
  ASSERT_OK((*docs)->SetMemoryLimit(1));
  const auto refused = (*docs)->Insert(TaggedRows(schema, Ids(0, 100), "a"));
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*(*docs)->Count(), 0u);
  EXPECT_OK((*logs)->Insert(TaggedRows(schema, Ids(0, 100), "a")));
  ASSERT_OK((*docs)->SetMemoryLimit(0));
  EXPECT_OK((*docs)->Insert(TaggedRows(schema, Ids(0, 100), "a")));
}

TEST(MemoryTest, TheReportNamesCollectionsAsTheyAreNamedNow) {
  const Schema schema = TaggedSchema(kMemoryDim);
  TestDatabase db;
  auto docs = db->CreateCollection("docs", schema);
  ASSERT_OK(docs);
  ASSERT_OK((*docs)->Insert(TaggedRows(schema, Ids(0, 100), "a")));
  ASSERT_OK(db->RenameCollection("docs", "texts"));
  const MemoryReport report = db->MemoryReport();
  ASSERT_EQ(report.parts.size(), 1u);
  EXPECT_EQ(report.parts[0].name, "texts");
  EXPECT_EQ((*docs)->MemoryReport()->name, "texts");
  EXPECT_GT(report.parts[0].of(MemoryUse::kGrowingRows), 100u * kMemoryDim * 4);
  EXPECT_EQ(report.used_bytes, report.parts[0].used_bytes);
}

TEST(MemoryTest, TheLimitOfTheDatabaseHoldsForAllOfIt) {
  const Schema schema = TaggedSchema(kMemoryDim);
  TestDatabase db;
  db.options.memory_limit_bytes = 3 << 20;
  db.Reopen();
  auto docs = db->CreateCollection("docs", schema);
  auto logs = db->CreateCollection("logs", schema);
  ASSERT_OK(docs);
  ASSERT_OK(logs);
  EXPECT_EQ(db->MemoryReport().limit_bytes, uint64_t{3 << 20});
  absl::StatusCode code = absl::StatusCode::kOk;
  for (int64_t batch = 0; batch < 20 && code == absl::StatusCode::kOk; ++batch) {
    auto& collection = batch % 2 == 0 ? docs : logs;
    code = CodeOf((*collection)->Insert(TaggedRows(schema, Ids(batch * 1000, 1000), "a")));
    EXPECT_LE(db->MemoryReport().peak_bytes, uint64_t{3 << 20});
  }
  EXPECT_EQ(code, absl::StatusCode::kResourceExhausted);
}

// The rows of a collection that is not loaded go to the store when they take what is left.
TEST(MemoryTest, NearTheLimitRowsAreFlushed) {
  const Schema schema = TaggedSchema(kMemoryDim);
  TestDatabase db;
  db.options.memory_limit_bytes = 8 << 20;
  db.Reopen();
  auto docs = db->CreateCollection("docs", schema, {.segment_max_bytes = 64 << 20});
  ASSERT_OK(docs);
  for (int64_t batch = 0; batch < 100; ++batch) {  // 26 MB of vectors
    ASSERT_OK((*docs)->Insert(TaggedRows(schema, Ids(batch * 1000, 1000), "a"))) << batch;
    db.executor.RunAll();
  }
  EXPECT_EQ(*(*docs)->Count(), 100'000u);
  EXPECT_LE((*docs)->Segments()->size(), 20u) << "segments do not become small for it";
}

// Without anybody who flushes behind, writers do.
TEST(MemoryTest, WritersFlushWhereNobodyDoes) {
  const Schema schema = TaggedSchema(kMemoryDim);
  TestDatabase db;
  db.options.memory_limit_bytes = 8 << 20;
  db.Reopen();
  auto docs = db->CreateCollection("docs", schema, {.segment_max_bytes = 64 << 20});
  ASSERT_OK(docs);
  for (int64_t batch = 0; batch < 100; ++batch) {
    ASSERT_OK((*docs)->Insert(TaggedRows(schema, Ids(batch * 1000, 1000), "a"))) << batch;
  }
  EXPECT_EQ(*(*docs)->Count(), 100'000u);
}

TEST(MemoryTest, ASnapshotMayOutliveTheDatabase) {
  MemoryBudget budget;
  std::shared_ptr<const Snapshot> snapshot;
  {
    TestDatabase db;
    db.options.host.budget = &budget;
    db.Reopen();
    const auto docs = MakeDocs(&db, Flat());
    ASSERT_OK(docs->Load());
    snapshot = *docs->PinSnapshot();
  }
  EXPECT_GT(budget.used_bytes(), 0u);
  snapshot.reset();
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(EstimateIndexTest, BadInputIsRefusedAndSaysWhy) {
  const auto refuses = [](const absl::StatusOr<IndexEstimate>& estimate, std::string_view what) {
    EXPECT_EQ(CodeOf(estimate), absl::StatusCode::kInvalidArgument) << what;
    EXPECT_NE(std::string(estimate.status().message()).find(what), std::string::npos)
        << estimate.status();
  };
  refuses(EstimateIndex(10, 0, Flat()), "dim is 0");
  refuses(EstimateIndex(10, 8, {.params = InvertedParams{}}), "scalar");
  refuses(EstimateIndex(10, 8, {.params = HnswParams{.m = 1}}), "M");
  refuses(EstimateIndex(1ULL << 40, 8, Flat()), "1099511627776 rows");
  refuses(EstimateIndex(10, 8, Flat(), 0), "num_threads 0");
  EXPECT_OK(EstimateIndex(0, 8, Flat()));
}

}  // namespace
}  // namespace vecdb
