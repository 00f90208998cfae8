// Segments that were built elsewhere, taken into a collection.
#include <gtest/gtest.h>

#include <set>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

class IngestTest : public ::testing::Test {
 protected:
  IngestTest() {
    db_.options.store = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(clock_), faults_);
    db_.options.journal_directory = std::make_shared<FaultFileSystem>(
        MakeMemoryFileSystem(clock_), std::make_shared<FaultInjector>());
    db_.options.host.clock = &clock_;
    Create({.auto_compaction = false});
  }
  ~IngestTest() override { faults_->Disarm(); }

  void Create(const CollectionOptions& options, const IndexSpec& index = Flat()) {
    if (db_->HasCollection("c")) {
      EXPECT_OK(db_->DropCollection("c"));
    }
    c_ = *db_->CreateCollection("c", schema_, options);
    EXPECT_OK(c_->CreateIndex("v", index));
    rows_ = Oracle(schema_);
  }
  SegmentInfo Build(const std::vector<int64_t>& ids, const std::string& tag,
                    const std::optional<IndexSpec>& index = {}, uint64_t timestamp = 7) {
    const auto builder = *SegmentBuilder::Make(schema_);
    EXPECT_OK(builder->Add(TaggedRows(schema_, ids, tag), timestamp));
    if (index.has_value()) {
      EXPECT_OK(builder->AddIndex("v", *index));
    }
    const auto built = builder->Finish(*elsewhere_, Folder());
    EXPECT_OK(built);
    return *built;
  }
  ObjectPath Folder() { return *ObjectPath::Parse(absl::StrCat("built/", num_built_++)); }
  absl::Status Ingest(const SegmentInfo& info) {
    return c_->IngestSegment(*elsewhere_, info).status();
  }
  // Builds and takes in, and notes it in the model.
  void IngestRows(const std::vector<int64_t>& ids, const std::string& tag) {
    const auto result = c_->IngestSegment(*elsewhere_, Build(ids, tag));
    ASSERT_OK(result);
    EXPECT_EQ(result->insert_count, ids.size());
    EXPECT_EQ(result->durability, Durability::kSynced);
    rows_.Put(TaggedRows(schema_, ids, tag));
  }
  void Upsert(const std::vector<int64_t>& ids, const std::string& tag) {
    ASSERT_OK(c_->Upsert(TaggedRows(schema_, ids, tag)));
    rows_.Put(TaggedRows(schema_, ids, tag));
  }
  void Delete(const std::vector<int64_t>& ids) {
    ASSERT_OK(c_->Delete(ids));
    for (const int64_t id : ids) rows_.Delete(id);
  }
  void Crash() {
    c_.reset();
    db_.Crash();
    c_ = *db_->OpenCollection("c");
  }
  void ExpectRows() const {
    ExpectSameRows(rows_, *c_);
    ExpectSameSearch(rows_, *c_, {.field = "v", .vectors = {1, 2, 0, 3}, .limit = 30});
  }
  size_t NumObjects() { return ObjectsWith(*db_.options.store, "").size(); }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<ObjectStore> elsewhere_ = MakeMemoryObjectStore();
  int num_built_ = 0;
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
  Oracle rows_{schema_};
};

TEST_F(IngestTest, RowsAreThereAtOnceAndAfterEveryKindOfEnd) {
  Upsert(Ids(0, 20), "own");
  IngestRows(Ids(100, 50), "built");
  ExpectRows();
  Crash();
  ExpectRows();
  IngestRows(Ids(200, 5), "built");
  c_.reset();
  db_.Reopen();
  c_ = *db_->OpenCollection("c");
  ExpectRows();
}

TEST_F(IngestTest, WritesBeforeAndAfterComeBackFromTheJournalInTheirOrder) {
  Upsert(Ids(100, 10), "first");
  Delete({100, 101, 102});
  IngestRows({100, 101}, "built");
  Upsert({101, 103}, "second");
  Delete({104});
  Crash();
  ExpectRows();
  Upsert({100, 102}, "third");
  Crash();
  ExpectRows();
}

// Nothing but what the journal says comes between the two.
TEST_F(IngestTest, TheFirstRecordBehindASegmentFindsItsRows) {
  IngestRows(Ids(0, 10), "built");
  Upsert({3}, "own");
  Crash();
  EXPECT_EQ(*c_->Count(), 10U);
  ExpectRows();
}

TEST_F(IngestTest, RowsHaveTheTimeOfTheWriteWhateverTheyWereBuiltWith) {
  Create({.retention_ms = 1'000'000, .auto_compaction = false});
  Upsert(Ids(0, 3), "own");
  clock_.Advance(1000);
  const auto before = c_->PinSnapshot();
  const uint64_t then = (*before)->timestamp();
  clock_.Advance(1000);
  IngestRows(Ids(100, 50), "built");
  EXPECT_EQ(*c_->Count(Consistency::AsOf(then)), 3U);
  EXPECT_EQ(*c_->Count(Consistency(*before)), 3U);
  const auto early = c_->Search({.field = "v",
                                 .vectors = std::vector<float>{1, 2, 0, 3},
                                 .limit = 30,
                                 .consistency = Consistency::AsOf(then)});
  ASSERT_OK(early);
  EXPECT_EQ(early->hits(0).size(), 3U);
  EXPECT_EQ(c_->Get(Keys(std::vector<int64_t>{1, 100}), {}, Consistency::AsOf(then))->num_rows(),
            1U);
  ExpectRows();
}

TEST_F(IngestTest, RowsExpireFromThatTimeOn) {
  Create({.ttl_seconds = 10, .auto_compaction = false});
  clock_.Advance(3'600'000);
  IngestRows(Ids(0, 5), "built");
  clock_.Advance(9'000);
  EXPECT_EQ(*c_->Count(), 5U);
  clock_.Advance(1'001);
  EXPECT_EQ(*c_->Count(), 0U);
  // They have their keys until they are gone.
  EXPECT_EQ(Ingest(Build({1}, "again")).code(), Code::kAlreadyExists);
}

TEST_F(IngestTest, CompactionMergesThemWithOthers) {
  IngestRows(Ids(0, 40), "a");
  Upsert(Ids(30, 40), "b");
  IngestRows(Ids(100, 40), "c");
  Delete(Ids(100, 20));
  ASSERT_OK(c_->Flush());
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  EXPECT_EQ(c_->Segments()->size(), 1U);
  ExpectRows();
  Crash();
  ExpectRows();
}

TEST_F(IngestTest, TakesItsIndexAlongWhenTheCollectionHasOneOfTheSpec) {
  Create({.auto_compaction = false}, Hnsw());
  ASSERT_OK(Ingest(Build(Ids(0, 1100), "built", Hnsw())));
  const auto described = c_->DescribeIndex("v");
  ASSERT_OK(described);
  EXPECT_EQ(described->pending_rows(), 0U);
  EXPECT_EQ(described->indexed_rows, 1100U);
  rows_.Put(TaggedRows(schema_, Ids(0, 1100), "built"));
  EXPECT_GE(ExpectSoundSearch(rows_, *c_, {.field = "v", .vectors = {1, 2, 0, 3}}), 0.9);
}

TEST_F(IngestTest, BuildsTheIndexWhenItHasAnother) {
  Create({.auto_compaction = false}, Hnsw());
  const IndexSpec other{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 4}};
  ASSERT_OK(Ingest(Build(Ids(0, 1100), "built", other)));
  EXPECT_EQ(c_->DescribeIndex("v")->pending_rows(), 1100U);
  ASSERT_OK(c_->WaitForIndex("v"));
  EXPECT_EQ(c_->DescribeIndex("v")->pending_rows(), 0U);
}

TEST_F(IngestTest, SegmentsOfShardsGoWhereTheirKeysBelong) {
  Create({.num_shards = 4, .auto_compaction = false});
  const std::vector<int64_t> ids = Ids(0, 200);
  const auto shards = c_->ShardsOf(Keys(ids));
  ASSERT_OK(shards);
  EXPECT_EQ(std::set<int32_t>(shards->begin(), shards->end()).size(), 4U);
  for (int32_t shard = 0; shard < 4; ++shard) {
    std::vector<int64_t> own;
    for (size_t i = 0; i < ids.size(); ++i) {
      if ((*shards)[i] == shard) own.push_back(ids[i]);
    }
    IngestRows(own, "built");
  }
  ExpectRows();
  const auto segments = c_->Segments();
  std::set<int32_t> found;
  for (const SegmentDescription& segment : *segments) found.insert(segment.shard);
  EXPECT_EQ(found.size(), 4U);

  const absl::Status mixed = Ingest(Build(Ids(1000, 50), "mixed"));
  EXPECT_EQ(mixed.code(), Code::kInvalidArgument);
  EXPECT_TRUE(Contains(std::string(mixed.message()), "several shards")) << mixed;
  EXPECT_EQ(c_->ShardsOf(Keys(std::vector<std::string>{"a"})).status().code(),
            Code::kInvalidArgument);
}

TEST_F(IngestTest, KeysThatAreThereAreRefusedWhereverTheyLie) {
  Upsert({1}, "flushed");
  ASSERT_OK(c_->Flush());
  Upsert({2}, "growing");
  IngestRows({3}, "built");
  const size_t num_objects = NumObjects();
  for (const int64_t id : {1, 2, 3}) {
    const absl::Status refused = Ingest(Build({id + 10, id}, "again"));
    EXPECT_EQ(refused.code(), Code::kAlreadyExists) << id;
    EXPECT_TRUE(Contains(std::string(refused.message()), absl::StrCat("key ", id))) << refused;
  }
  EXPECT_LE(NumObjects(), num_objects + 3);  // manifests of flushes; no segment
  ExpectRows();
  Delete({1, 2, 3});
  IngestRows({1, 2, 3}, "again");
  ExpectRows();
}

TEST_F(IngestTest, SegmentsThatCannotBeTakenInAreRefused) {
  const SegmentInfo good = Build(Ids(0, 10), "built");

  SegmentInfo deleted = good;
  {
    const auto segment = Segment::Open(*elsewhere_, good);
    ASSERT_OK(segment);
    deleted = *(*segment)->WithDeletes(std::vector<uint32_t>{1}, 9);
  }
  EXPECT_EQ(Ingest(deleted).code(), Code::kInvalidArgument);

  const auto twice = *SegmentBuilder::Make(schema_);
  ASSERT_OK(twice->Add(TaggedRows(schema_, {5, 6}, "a")));
  ASSERT_OK(twice->Add(TaggedRows(schema_, {6}, "b")));
  const absl::Status refused = Ingest(*twice->Finish(*elsewhere_, Folder()));
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_TRUE(Contains(std::string(refused.message()), "key 6 comes twice")) << refused;

  SegmentInfo other = good;
  other.schema = TaggedSchema(8);
  const absl::Status schema = Ingest(other);
  EXPECT_EQ(schema.code(), Code::kInvalidArgument);
  EXPECT_TRUE(Contains(std::string(schema.message()), "\"v\"")) << schema;

  SegmentInfo gone = good;
  gone.folder = "not/there";
  EXPECT_EQ(Ingest(gone).code(), Code::kNotFound);

  SegmentInfo outside = good;
  outside.objects.front().name = "../../x";
  EXPECT_EQ(Ingest(outside).code(), Code::kInvalidArgument);

  SegmentInfo empty = good;
  empty.num_rows = 0;
  EXPECT_EQ(Ingest(empty).code(), Code::kInvalidArgument);

  EXPECT_EQ(*c_->Count(), 0U);
  EXPECT_TRUE(ObjectsWith(*db_.options.store, "segments/").empty());
  ASSERT_OK(Ingest(good));
}

// But for bytes that pad, and say nothing.
TEST_F(IngestTest, AnyFlippedByteOfItsRowsIsDataLossAndNothingIsTaken) {
  const SegmentInfo good = Build(Ids(0, 300), "built");
  const auto objects = elsewhere_->List(*ObjectPath::Parse(good.folder));
  ASSERT_OK(objects);
  int num_mutants = 0;
  int num_harmless = 0;
  for (const ObjectInfo& object : *objects) {
    const ObjectPath& path = object.path;
    const std::string& name = path.str();
    if (name.ends_with("segment.json")) continue;
    const std::string bytes = *GetObject(*elsewhere_, path, 1 << 20);
    for (size_t at = 0; at < bytes.size(); at += 97) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 0x10);
      ASSERT_OK(elsewhere_->Delete(path));
      ASSERT_OK(PutObject(*elsewhere_, path, changed));
      const absl::Status status = Ingest(good);
      ++num_mutants;
      if (!status.ok()) {
        EXPECT_EQ(status.code(), Code::kDataLoss) << name << " at " << at << ": " << status;
        continue;
      }
      rows_.Put(TaggedRows(schema_, Ids(0, 300), "built"));
      ExpectRows();
      ++num_harmless;
      Create({.auto_compaction = false});
    }
    ASSERT_OK(elsewhere_->Delete(path));
    ASSERT_OK(PutObject(*elsewhere_, path, bytes));
  }
  EXPECT_GT(num_mutants, 50);
  EXPECT_LT(num_harmless, num_mutants / 5);
  EXPECT_EQ(*c_->Count(), 0U);
  ASSERT_OK(Ingest(good));
}

TEST_F(IngestTest, WithoutAJournalItFlushesFirst) {
  Create({.journal = JournalPlace::kNone, .auto_compaction = false});
  Upsert(Ids(0, 5), "own");
  IngestRows(Ids(100, 5), "built");
  Crash();
  ExpectRows();
}

TEST_F(IngestTest, AfterAFailureOfEachCallOfTheStoreItCanBeDoneAgain) {
  Upsert(Ids(0, 5), "own");
  for (int nth = 1;; ++nth) {
    const auto ids = Ids(1000 * nth, 4);
    const SegmentInfo info = Build(ids, "built");
    faults_->Arm({.nth = nth, .mode = FaultMode::kFailBefore});
    absl::Status status = Ingest(info);
    const bool came = faults_->numbered() >= nth;
    faults_->Disarm();
    if (!status.ok()) {
      if (!c_->Flush().ok()) Crash();  // it takes no writes any more
      status = Ingest(info);
      EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
    }
    rows_.Put(TaggedRows(schema_, ids, "built"));
    EXPECT_EQ(*c_->Count(), rows_.size()) << nth;
    if (!came) break;
    ASSERT_LT(nth, 200);
  }
  ExpectRows();
  Crash();
  ExpectRows();
}

TEST_F(IngestTest, AReadOnlyDatabaseShowsItAfterRefreshAndTakesNone) {
  Upsert(Ids(0, 5), "own");
  DatabaseOptions options = db_.options;
  options.read_only = true;
  const auto reader = Database::Open(options);
  ASSERT_OK(reader);
  const auto seen = (*reader)->OpenCollection("c");
  ASSERT_OK(seen);
  const SegmentInfo info = Build(Ids(100, 5), "built");
  EXPECT_EQ((*seen)->IngestSegment(*elsewhere_, info).status().code(), Code::kFailedPrecondition);
  ASSERT_OK(Ingest(info));
  rows_.Put(TaggedRows(schema_, Ids(100, 5), "built"));
  EXPECT_EQ(*(*seen)->Count(), 5U);
  ASSERT_OK((*seen)->Refresh());
  ExpectSameRows(rows_, **seen);
}

TEST_F(IngestTest, OverTheBudgetNothingIsTaken) {
  const SegmentInfo info = Build(Ids(0, 2000), "built");
  ASSERT_OK(c_->SetMemoryLimit(100'000));
  EXPECT_EQ(Ingest(info).code(), Code::kResourceExhausted);
  EXPECT_EQ(*c_->Count(), 0U);
  ASSERT_OK(c_->SetMemoryLimit(0));
  ASSERT_OK(Ingest(info));
  EXPECT_EQ(*c_->Count(), 2000U);
}

TEST_F(IngestTest, ACancelledCallTakesNothing) {
  const SegmentInfo info = Build(Ids(0, 20), "built");
  Context context;
  context.cancel = CancelToken::Make();
  context.cancel.Cancel();
  EXPECT_EQ(c_->IngestSegment(*elsewhere_, info, context).status().code(), Code::kCancelled);
  EXPECT_EQ(*c_->Count(), 0U);
}

}  // namespace
}  // namespace vecdb::support
