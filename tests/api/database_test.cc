#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_format.h"
#include "catalog/version_writer.h"
#include "format/manifest.h"
#include "support/forked_child.h"
#include "support/store_testing.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

using Names = std::vector<std::string>;

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

class DatabaseTest : public ::testing::Test {
 protected:
  const Schema schema_ = TaggedSchema();
  TestDatabase db_;
};

class LocalDatabaseTest : public ::testing::Test {
 protected:
  DatabaseOptions Options(const std::string& path) {
    return {.path = path, .host = {.executor = &executor_}};
  }

  const Schema schema_ = TaggedSchema();
  ManualExecutor executor_;
  TempDirectory directory_;
  const std::string root_ = directory_.path() + "/db";
};

TEST_F(LocalDatabaseTest, RowsAreThereAfterReopening) {
  Oracle oracle(schema_);
  const RowBatch rows = TaggedRows(schema_, Ids(0, 50), "t");
  oracle.Put(rows);
  {
    const auto db = Database::Open(Options(root_));
    ASSERT_OK(db);
    const auto collection = (*db)->CreateCollection("docs", schema_, {.num_shards = 3});
    ASSERT_OK(collection);
    ASSERT_OK((*collection)->Insert(rows));
    ASSERT_OK((*collection)->CreateIndex("v", Flat()));
    ASSERT_OK((*db)->Close());
  }
  const auto db = Database::Open(Options(root_));
  ASSERT_OK(db);
  const auto collection = (*db)->OpenCollection("docs");
  ASSERT_OK(collection);
  ExpectSameRows(oracle, **collection);
  ExpectSameSearch(oracle, **collection, {.field = "v", .vectors = {1, 2, 3, 0}});
}

TEST_F(DatabaseTest, CollectionsAreCreatedListedRenamedAndDropped) {
  for (const char* name : {"b", "_a", "C3"}) ASSERT_OK(db_->CreateCollection(name, schema_));
  EXPECT_EQ(db_->ListCollections(), (Names{"C3", "_a", "b"}));
  EXPECT_TRUE(db_->HasCollection("b"));
  EXPECT_FALSE(db_->HasCollection("B"));
  ASSERT_OK(db_->RenameCollection("b", "d"));
  ASSERT_OK(db_->DropCollection("_a"));
  EXPECT_EQ(db_->ListCollections(), (Names{"C3", "d"}));
  db_.Reopen();
  EXPECT_EQ(db_->ListCollections(), (Names{"C3", "d"}));
  EXPECT_OK(db_->OpenCollection("d"));
  EXPECT_EQ(CodeOf(db_->OpenCollection("b")), absl::StatusCode::kNotFound);
  EXPECT_OK(db_->CreateCollection("_a", schema_));
}

TEST_F(DatabaseTest, NamesFollowTheRules) {
  for (const std::string& name :
       {std::string(1, 'x'), std::string("_"), std::string(255, 'n'), std::string("aZ09_")}) {
    EXPECT_OK(db_->CreateCollection(name, schema_)) << name;
  }
  ASSERT_OK(db_->CreateCollection("good", schema_));
  const size_t before = db_->ListCollections().size();
  for (const std::string& name :
       {std::string(), std::string(256, 'n'), std::string("../x"), std::string(".."),
        std::string("/etc/passwd"), std::string("a/b"), std::string("a b"), std::string("1a"),
        std::string("a-b"), std::string("a.b"), std::string("a\0b", 3), std::string("\xc3\xa4")}) {
    EXPECT_EQ(CodeOf(db_->CreateCollection(name, schema_)), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(db_->RenameCollection("good", name)), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(db_->OpenCollection(name)), absl::StatusCode::kNotFound);
    EXPECT_EQ(CodeOf(db_->DropCollection(name)), absl::StatusCode::kNotFound);
    EXPECT_FALSE(db_->HasCollection(name));
  }
  EXPECT_EQ(db_->ListCollections().size(), before);
}

TEST_F(DatabaseTest, NamesThatAreTakenOrMissingAreToldApart) {
  ASSERT_OK(db_->CreateCollection("a", schema_));
  ASSERT_OK(db_->CreateCollection("b", schema_));
  EXPECT_EQ(CodeOf(db_->CreateCollection("a", schema_)), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(db_->RenameCollection("a", "b")), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(db_->RenameCollection("a", "a")), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(db_->RenameCollection("x", "y")), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(db_->OpenCollection("x")), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(db_->DropCollection("x")), absl::StatusCode::kNotFound);
}

TEST_F(DatabaseTest, OptionsHaveLimitsOnBothSides) {
  struct Case {
    CollectionOptions options;
    bool good;
  };
  const Case cases[] = {
      {{.num_shards = 1}, true},
      {{.num_shards = 64}, true},
      {{.num_shards = 0}, false},
      {{.num_shards = 65}, false},
      {{.num_shards = -1}, false},
      {{.load = static_cast<LoadPolicy>(0)}, false},
      {{.load = static_cast<LoadPolicy>(3)}, false},
      {{.on_duplicate_key = static_cast<DuplicateKeyPolicy>(0)}, false},
      {{.segment_max_bytes = 1 << 20}, true},
      {{.segment_max_bytes = (1 << 20) - 1}, false},
      {{.segment_max_bytes = 64ULL << 30}, true},
      {{.segment_max_bytes = (64ULL << 30) + 1}, false},
      {{.seal_proportion = 0.01}, true},
      {{.seal_proportion = 1}, true},
      {{.seal_proportion = 0.009}, false},
      {{.seal_proportion = 1.001}, false},
      {{.seal_proportion = std::numeric_limits<double>::quiet_NaN()}, false},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    const auto created =
        db_->CreateCollection(absl::StrFormat("c%d", i), schema_, cases[i].options);
    EXPECT_EQ(CodeOf(created),
              cases[i].good ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << i << created.status();
  }
  db_.Reopen();
  EXPECT_EQ((*db_->OpenCollection("c1"))->Describe()->options.num_shards, 64);
}

TEST_F(DatabaseTest, SixtyFourShardsHoldTheirRows) {
  const auto collection = db_->CreateCollection("c", schema_, {.num_shards = 64});
  const RowBatch rows = TaggedRows(schema_, Ids(0, 500), "t");
  ASSERT_OK((*collection)->Insert(rows));
  ASSERT_OK((*collection)->Flush());
  ExpectSameRows(RowsOf(schema_, rows), **collection);
}

TEST_F(DatabaseTest, InvalidSchemaMakesNoCollection) {
  Schema schema = schema_;
  schema.fields[2].dim = 0;
  EXPECT_EQ(CodeOf(db_->CreateCollection("c", schema)), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(db_->HasCollection("c"));
}

TEST_F(DatabaseTest, DatabaseOptionsHaveLimitsOnBothSides) {
  const auto open = [](DatabaseOptions options) {
    if (options.path.empty()) options.store = MakeMemoryObjectStore();
    return CodeOf(Database::Open(options));
  };
  EXPECT_EQ(open({.max_result_rows = 1}), absl::StatusCode::kOk);
  EXPECT_EQ(open({.max_result_rows = 1 << 20}), absl::StatusCode::kOk);
  EXPECT_EQ(open({.max_result_rows = 0}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(open({.max_result_rows = (1 << 20) + 1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(open({.num_threads = 1}), absl::StatusCode::kOk);
  EXPECT_EQ(open({.num_threads = -1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(open({.num_threads = 1025}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Database::Open({})), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Database::Open({.path = "/tmp/x", .store = MakeMemoryObjectStore()})),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DatabaseTest, RenameKeepsHandlesAndRows) {
  const auto collection = db_->CreateCollection("old", schema_);
  ASSERT_OK((*collection)->Insert(TaggedRows(schema_, Ids(0, 5), "t")));
  ASSERT_OK(db_->RenameCollection("old", "new"));
  EXPECT_EQ((*collection)->Describe()->name, "new");
  ASSERT_OK((*collection)->Insert(TaggedRows(schema_, Ids(5, 5), "t")));
  EXPECT_EQ(*(*db_->OpenCollection("new"))->Count(), 10u);
  ASSERT_OK(db_->CreateCollection("old", schema_));
  EXPECT_EQ(*(*db_->OpenCollection("old"))->Count(), 0u);
  db_.Reopen();
  EXPECT_EQ(*(*db_->OpenCollection("new"))->Count(), 10u);
}

TEST_F(DatabaseTest, DropRemovesTheObjectsAndEndsTheHandles) {
  MemoryBudget budget;
  db_.options.host.budget = &budget;
  const auto collection = db_->CreateCollection("c", schema_);
  ASSERT_OK((*collection)->CreateIndex("v", Flat()));
  ASSERT_OK((*collection)->Insert(TaggedRows(schema_, Ids(0, 5), "t")));
  ASSERT_OK((*collection)->Flush());
  ASSERT_OK((*collection)->Insert(TaggedRows(schema_, Ids(5, 5), "t")));
  ASSERT_OK(db_->DropCollection("c"));
  EXPECT_TRUE(db_.options.store->List(PathOf("collections"))->empty());
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_EQ(CodeOf((*collection)->Count()), absl::StatusCode::kFailedPrecondition);
  const auto again = db_->CreateCollection("c", schema_);
  ASSERT_OK(again);
  EXPECT_EQ(*(*again)->Count(), 0u);
  EXPECT_EQ(CodeOf((*collection)->Count()), absl::StatusCode::kFailedPrecondition);
}

// Every call on a handle whose collection is gone.
void ExpectDead(Collection& collection) {
  const auto dead = absl::StatusCode::kFailedPrecondition;
  const Schema schema = TaggedSchema();
  const RowBatch rows = TaggedRows(schema, {1}, "t");
  const std::vector<float> query = {1, 1, 1, 1};
  EXPECT_EQ(CodeOf(collection.Insert(rows)), dead);
  EXPECT_EQ(CodeOf(collection.Upsert(rows)), dead);
  EXPECT_EQ(CodeOf(collection.Delete({1})), dead);
  EXPECT_EQ(CodeOf(collection.Get({1})), dead);
  EXPECT_EQ(CodeOf(collection.Count()), dead);
  EXPECT_EQ(CodeOf(collection.Flush()), dead);
  EXPECT_EQ(CodeOf(collection.CreateIndex("v", Flat())), dead);
  EXPECT_EQ(CodeOf(collection.WaitForIndex("v")), dead);
  EXPECT_EQ(CodeOf(collection.DropIndex("v")), dead);
  EXPECT_EQ(CodeOf(collection.DescribeIndex("v")), dead);
  EXPECT_FALSE(collection.HasIndex("v"));
  EXPECT_EQ(CodeOf(collection.Load()), dead);
  EXPECT_EQ(CodeOf(collection.Release()), dead);
  EXPECT_EQ(collection.LoadState(), LoadState::kNotLoaded);
  EXPECT_EQ(CodeOf(collection.Search({.vectors = query})), dead);
  EXPECT_EQ(CodeOf(collection.Describe()), dead);
  EXPECT_EQ(CodeOf(collection.Segments()), dead);
}

TEST_F(DatabaseTest, HandlesAreDeadAfterCloseDropAndDestruction) {
  const auto dropped = db_->CreateCollection("dropped", schema_);
  const auto closed = db_->CreateCollection("closed", schema_);
  ASSERT_OK((*closed)->CreateIndex("v", Flat()));
  ASSERT_OK(db_->DropCollection("dropped"));
  ExpectDead(**dropped);
  ASSERT_OK(db_->Close());
  ExpectDead(**closed);
  db_.Crash();
  const auto abandoned = db_->OpenCollection("closed");
  db_.database.reset();
  ExpectDead(**abandoned);
  ExpectDead(**closed);
}

TEST_F(DatabaseTest, ClosedDatabaseRefusesCallsAndClosesAgain) {
  ASSERT_OK(db_->CreateCollection("a", schema_));
  ASSERT_OK(db_->Close());
  EXPECT_OK(db_->Close());
  const auto dead = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(db_->CreateCollection("b", schema_)), dead);
  EXPECT_EQ(CodeOf(db_->OpenCollection("a")), dead);
  EXPECT_EQ(CodeOf(db_->RenameCollection("a", "b")), dead);
  EXPECT_EQ(CodeOf(db_->DropCollection("a")), dead);
}

TEST_F(DatabaseTest, CloseGivesTheStoreUpForTheNext) {
  ASSERT_OK(db_.TryOpen());
  EXPECT_EQ(CodeOf(Database::Open(db_.options)), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(db_->Close());
  EXPECT_OK(Database::Open(db_.options));
}

TEST_F(LocalDatabaseTest, SecondWriterInTheSameProcessOrAnotherIsRefused) {
  const auto db = Database::Open(Options(root_));
  ASSERT_OK(db);
  ASSERT_OK((*db)->CreateCollection("a", schema_));
  EXPECT_EQ(CodeOf(Database::Open(Options(root_))), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeInChild([&] { return Database::Open(Options(root_)).status(); }),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_OK((*db)->Close());
  EXPECT_EQ(CodeInChild([&] {
              const auto other = Database::Open(Options(root_));
              return other.ok() ? (*other)->OpenCollection("a").status() : other.status();
            }),
            absl::StatusCode::kOk);
  EXPECT_OK(Database::Open(Options(root_)));
}

TEST_F(LocalDatabaseTest, RootThatIsAFileIsRefusedAndLeftAsItIs) {
  std::ofstream(root_) << "precious";
  EXPECT_EQ(CodeOf(Database::Open(Options(root_))), absl::StatusCode::kFailedPrecondition);
  std::string text;
  std::ifstream(root_) >> text;
  EXPECT_EQ(text, "precious");
}

TEST_F(LocalDatabaseTest, ReadOnlyRootIsPermissionDenied) {
  {
    const auto db = Database::Open(Options(root_));
    ASSERT_OK((*db)->CreateCollection("a", schema_));
  }
  constexpr uid_t kNobody = 65534;
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(root_, std::filesystem::perms(0555));
  EXPECT_EQ(CodeInChild([&]() -> absl::Status {
              if (::getuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
                return absl::InternalError("cannot become nobody");
              }
              return Database::Open(Options(root_)).status();
            }),
            absl::StatusCode::kPermissionDenied);
  std::filesystem::permissions(root_, std::filesystem::perms(0755));
  const auto db = Database::Open(Options(root_));
  ASSERT_OK(db);
  EXPECT_TRUE((*db)->HasCollection("a"));
}

TEST_F(LocalDatabaseTest, DirectoryWithForeignFilesKeepsThem) {
  std::filesystem::create_directories(root_ + "/photos");
  std::ofstream(root_ + "/photos/cat.jpg") << "meow";
  {
    const auto db = Database::Open(Options(root_));
    ASSERT_OK(db);
    ASSERT_OK((*db)->CreateCollection("a", schema_));
    ASSERT_OK((*db)->DropCollection("a"));
    ASSERT_OK((*db)->Close());
  }
  EXPECT_TRUE(std::filesystem::exists(root_ + "/photos/cat.jpg"));
}

TEST_F(LocalDatabaseTest, EmptyCollectionsCostNoDescriptor) {
  const auto db = Database::Open(Options(root_));
  ASSERT_OK(db);
  const size_t before = OpenDescriptors();
  std::vector<std::unique_ptr<Collection>> handles;
  for (int i = 0; i < 10; ++i) {
    handles.push_back(*(*db)->CreateCollection(absl::StrFormat("c%d", i), schema_));
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// Writes a catalog that names `count` collections, of which no object is there.
void WriteCatalog(ObjectStore* store, size_t count) {
  std::vector<format::CatalogEntry> entries;
  for (size_t i = 0; i < count; ++i) {
    entries.push_back({.name = absl::StrFormat("c%d", i), .id = absl::StrFormat("%032x", i)});
  }
  ASSERT_OK(catalog::VersionWriter::TakeOver(
      {store, PathOf("catalog"), "catalog"},
      [&](const catalog::Version&) { return format::CatalogToJson(entries); }, {}));
}

TEST_F(LocalDatabaseTest, OpeningAThousandCollectionsOpensNone) {
  ASSERT_OK((*Database::Open(Options(root_)))->Close());
  WriteCatalog(OpenLocalObjectStore(root_)->get(), 0);
  const auto descriptors = [&] {
    const auto db = Database::Open(Options(root_));
    EXPECT_OK(db);
    return OpenDescriptors();
  };
  const size_t empty = descriptors();
  WriteCatalog(OpenLocalObjectStore(root_)->get(), 1000);
  EXPECT_EQ(descriptors(), empty);
}

TEST_F(DatabaseTest, CallsHonourDeadlineAndCancel) {
  ASSERT_OK(db_->CreateCollection("a", schema_));
  const Context late = Context::WithTimeout(absl::ZeroDuration());
  for (const auto& [context, code] :
       {std::pair(late, absl::StatusCode::kDeadlineExceeded),
        std::pair(CancelledContext(), absl::StatusCode::kCancelled)}) {
    EXPECT_EQ(CodeOf(db_->CreateCollection("b", schema_, {}, context)), code);
    EXPECT_EQ(CodeOf(db_->OpenCollection("a", context)), code);
    EXPECT_EQ(CodeOf(db_->RenameCollection("a", "b", context)), code);
    EXPECT_EQ(CodeOf(db_->DropCollection("a", context)), code);
    EXPECT_EQ(CodeOf(db_->Close(context)), code);
    EXPECT_EQ(CodeOf(Database::Open({.store = MakeMemoryObjectStore()}, context)), code);
    EXPECT_EQ(db_->ListCollections(), Names{"a"});
  }
  EXPECT_OK(db_->OpenCollection("a"));
  EXPECT_OK(db_->Close());
}

class CollectingLog final : public LogSink {
 public:
  void Write(LogLevel level, std::string_view message) override {
    base::MutexLock lock(&mutex_);
    lines_.push_back(absl::StrFormat("%d %s", static_cast<int>(level), std::string(message)));
  }
  std::vector<std::string> lines() const {
    base::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable base::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

class CountingMemory final : public std::pmr::memory_resource {
 public:
  size_t allocations = 0;
  size_t live_bytes = 0;
  bool refuse = false;

 private:
  void* do_allocate(size_t bytes, size_t alignment) override {
    if (refuse) throw std::bad_alloc();
    ++allocations;
    live_bytes += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, size_t bytes, size_t alignment) override {
    live_bytes -= bytes;
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST_F(DatabaseTest, HostsLogAndMemoryAreUsed) {
  CollectingLog log;
  CountingMemory memory;
  db_.options.host.log = &log;
  db_.options.host.memory = &memory;
  const auto collection = db_->CreateCollection("c", schema_);
  ASSERT_OK((*collection)->Insert(TaggedRows(schema_, Ids(0, 5), "t")));
  EXPECT_GT(memory.allocations, 0u);
  ASSERT_OK((*collection)->Flush());
  ASSERT_OK((*collection)->CreateIndex("v", Flat()));
  EXPECT_GT(memory.live_bytes, 0u);
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_NE(log.lines()[0].find("flushed 5 rows in 1 segments"), std::string::npos);
  EXPECT_EQ(log.lines()[0].find('\n'), std::string::npos);
  memory.refuse = true;
  EXPECT_EQ(CodeOf((*collection)->Insert(TaggedRows(schema_, {7}, "t"))),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*(*collection)->Count(), 5u);
  memory.refuse = false;
  ASSERT_OK(db_->Close());
  EXPECT_EQ(memory.live_bytes, 0u);
}

}  // namespace
}  // namespace vecdb::support
