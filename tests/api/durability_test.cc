// What a write survives, and where the journal lies that makes it so.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/power_cut_file_system.h"

namespace vecdb::support {
namespace {

constexpr Durability kLevels[] = {Durability::kNone, Durability::kProcessCrash,
                                  Durability::kSynced};

// The kinds of databases: by where data and journals may lie.
enum class Kind { kDirectory, kStore, kStoreAndDirectory };

class Home {
 public:
  explicit Home(Kind kind) : db_(nullptr) {
    if (kind == Kind::kDirectory) {
      db_.options.file_system = files_;
    } else {
      db_.options.store = store_;
      if (kind == Kind::kStoreAndDirectory) db_.options.journal_directory = files_;
    }
    if (kind == Kind::kDirectory) store_ = *OpenLocalObjectStore(files_);
  }

  TestDatabase& db() { return db_; }
  FileSystem& files() { return *files_; }
  ObjectStore& store() { return *store_; }
  // Journal files that lie in a directory, and journal objects. (In a local database a journal of
  // objects consists of files, too.)
  size_t num_log_files() { return LogFiles(*files_).size(); }
  size_t num_log_objects() { return ObjectsWith(*store_, "/journal/").size(); }

 private:
  const std::shared_ptr<FileSystem> files_ = MakeMemoryFileSystem();
  std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  TestDatabase db_;
};

TEST(DurabilityTest, ResultNamesWhatTheWriteSurvives) {
  const Schema schema = TaggedSchema();
  for (const Durability of_collection : kLevels) {
    Home home(Kind::kDirectory);
    const auto c = home.db()->CreateCollection("c", schema, {.durability = of_collection});
    ASSERT_OK(c);
    EXPECT_EQ((*c)->Insert(TaggedRows(schema, {1, 2}, "t"))->durability, of_collection);
    for (const Durability level : kLevels) {
      const WriteOptions options{.durability = level};
      EXPECT_EQ((*c)->Upsert(TaggedRows(schema, {2, 3}, "t"), options)->durability, level);
      EXPECT_EQ((*c)->Delete({3}, options)->durability, level);
    }
  }
}

TEST(DurabilityTest, WithoutAJournalAWriteSurvivesNothing) {
  const Schema schema = TaggedSchema();
  Home home(Kind::kDirectory);
  const auto c = home.db()->CreateCollection("c", schema, {.journal = JournalPlace::kNone});
  for (const Durability level : kLevels) {
    const auto result = (*c)->Upsert(TaggedRows(schema, {1}, "t"), {.durability = level});
    ASSERT_OK(result);
    EXPECT_EQ(result->durability, Durability::kNone);
  }
  EXPECT_EQ(home.num_log_files(), 0u);
}

TEST(DurabilityTest, LevelOutOfRangeIsRefusedWithTheOptions) {
  Home home(Kind::kDirectory);
  for (const int level : {0, 4}) {
    EXPECT_EQ(CodeOf(home.db()->CreateCollection("c", TaggedSchema(),
                                                 {.durability = static_cast<Durability>(level)})),
              Code::kInvalidArgument);
  }
  for (const int place : {-1, 4}) {
    EXPECT_EQ(CodeOf(home.db()->CreateCollection("c", TaggedSchema(),
                                                 {.journal = static_cast<JournalPlace>(place)})),
              Code::kInvalidArgument);
  }
}

// Writes one row at a level and ends as a process that is killed; `cut` says whether power goes.
bool IsThereAfter(Durability level, bool cut, bool flush) {
  const Schema schema = TaggedSchema();
  const auto disk = std::make_shared<PowerCutFileSystem>();
  TestDatabase db(nullptr);
  db.options.file_system = disk;
  auto c = *db->CreateCollection("c", schema);
  EXPECT_OK(c->Insert(TaggedRows(schema, {1}, "first")));
  EXPECT_OK(c->Insert(TaggedRows(schema, {2}, "t"), {.durability = level}));
  if (flush) {
    EXPECT_OK(c->Flush());
  }
  db.database.reset();
  db.options.file_system = cut ? disk->CutAll() : disk->KeepAll();
  c = *db->OpenCollection("c");
  EXPECT_EQ(c->Get({1})->num_rows(), 1u);
  return c->Get({2})->num_rows() == 1;
}

TEST(DurabilityTest, SyncedSurvivesThePowerCutAndProcessCrashTheKill) {
  EXPECT_TRUE(IsThereAfter(Durability::kSynced, /*cut=*/true, /*flush=*/false));
  EXPECT_TRUE(IsThereAfter(Durability::kProcessCrash, /*cut=*/false, /*flush=*/false));
  EXPECT_FALSE(IsThereAfter(Durability::kProcessCrash, /*cut=*/true, /*flush=*/false));
}

TEST(DurabilityTest, FlushMakesEveryLevelSurviveThePowerCut) {
  for (const Durability level : kLevels) EXPECT_TRUE(IsThereAfter(level, true, true));
}

TEST(DurabilityTest, SyncedWriteTakesEarlierOnesOfLowerLevelsWithIt) {
  const Schema schema = TaggedSchema();
  const auto disk = std::make_shared<PowerCutFileSystem>();
  TestDatabase db(nullptr);
  db.options.file_system = disk;
  auto c = *db->CreateCollection("c", schema);
  ASSERT_OK(c->Insert(TaggedRows(schema, {1}, "t"), {.durability = Durability::kNone}));
  ASSERT_OK(c->Insert(TaggedRows(schema, {2}, "t"), {.durability = Durability::kProcessCrash}));
  ASSERT_OK(c->Insert(TaggedRows(schema, {3}, "t"), {.durability = Durability::kSynced}));
  db.database.reset();
  db.options.file_system = disk->CutAll();
  c = *db->OpenCollection("c");
  EXPECT_EQ(c->Get({1, 2, 3})->num_rows(), 3u);
}

struct PlaceCase {
  Kind kind;
  JournalPlace wanted;
  std::optional<JournalPlace> resolved;  // nullopt: InvalidArgument
};

constexpr PlaceCase kPlaces[] = {
    {Kind::kDirectory, JournalPlace::kAuto, JournalPlace::kDirectory},
    {Kind::kDirectory, JournalPlace::kDirectory, JournalPlace::kDirectory},
    {Kind::kDirectory, JournalPlace::kObjectStore, JournalPlace::kObjectStore},
    {Kind::kDirectory, JournalPlace::kNone, JournalPlace::kNone},
    {Kind::kStore, JournalPlace::kAuto, JournalPlace::kObjectStore},
    {Kind::kStore, JournalPlace::kDirectory, std::nullopt},
    {Kind::kStore, JournalPlace::kObjectStore, JournalPlace::kObjectStore},
    {Kind::kStore, JournalPlace::kNone, JournalPlace::kNone},
    {Kind::kStoreAndDirectory, JournalPlace::kAuto, JournalPlace::kDirectory},
    {Kind::kStoreAndDirectory, JournalPlace::kDirectory, JournalPlace::kDirectory},
    {Kind::kStoreAndDirectory, JournalPlace::kObjectStore, JournalPlace::kObjectStore},
    {Kind::kStoreAndDirectory, JournalPlace::kNone, JournalPlace::kNone},
};

class JournalPlaceTest : public ::testing::TestWithParam<PlaceCase> {};

INSTANTIATE_TEST_SUITE_P(All, JournalPlaceTest, ::testing::ValuesIn(kPlaces));

TEST_P(JournalPlaceTest, IsResolvedOnceAndRowsSurviveThere) {
  const auto& [kind, wanted, resolved] = GetParam();
  const Schema schema = TaggedSchema();
  Home home(kind);
  auto created = home.db()->CreateCollection("c", schema, {.num_shards = 2, .journal = wanted});
  if (!resolved.has_value()) {
    EXPECT_EQ(CodeOf(created), Code::kInvalidArgument);
    EXPECT_TRUE(Says(created, "journal_directory"));
    EXPECT_FALSE(home.db()->HasCollection("c"));
    return;
  }
  ASSERT_OK(created);
  auto c = *std::move(created);
  EXPECT_EQ(c->Describe()->options.journal, *resolved);
  Oracle flushed(schema);
  Put(*c, &flushed, Ids(0, 20), "flushed");
  ASSERT_OK(c->Flush());
  Oracle all = flushed;
  Put(*c, &all, Ids(10, 20), "journalled");
  Remove(*c, &all, {3, 12});
  if (kind != Kind::kDirectory) {
    EXPECT_EQ(home.num_log_files() > 0, resolved == JournalPlace::kDirectory);
    EXPECT_EQ(home.num_log_objects() > 0, resolved == JournalPlace::kObjectStore);
  }
  for (int crash = 0; crash < 3; ++crash) {
    home.db().Crash();
    c = *home.db()->OpenCollection("c");
    EXPECT_EQ(c->Describe()->options.journal, *resolved);
    ExpectSameRows(resolved == JournalPlace::kNone ? flushed : all, *c);
  }
}

TEST_P(JournalPlaceTest, IsEmptyAfterFlushCloseAndDrop) {
  const auto& [kind, wanted, resolved] = GetParam();
  if (!resolved.has_value()) return;
  const Schema schema = TaggedSchema();
  Home home(kind);
  Oracle oracle(schema);
  auto c = *home.db()->CreateCollection("c", schema, {.journal = wanted});
  for (int round = 0; round < 3; ++round) {
    for (int64_t id = 0; id < 5; ++id) Put(*c, &oracle, {id}, "t");
    ASSERT_OK(c->Flush());
    // The one that later writes go to; an object of it comes with the write.
    EXPECT_LE(home.num_log_objects() + home.num_log_files(), 2u);
    EXPECT_LT(c->Describe()->journal_bytes, 300u);
  }
  Put(*c, &oracle, {7}, "t");
  ASSERT_OK(home.db()->Close());
  EXPECT_EQ(home.num_log_files() + home.num_log_objects(), 0u);
  home.db().Crash();
  c = *home.db()->OpenCollection("c");
  EXPECT_EQ(c->Describe()->recovery.num_records, 0u);
  ExpectSameRows(oracle, *c);
  Put(*c, &oracle, {8}, "t");
  ASSERT_OK(home.db()->DropCollection("c"));
  EXPECT_EQ(home.num_log_files() + home.num_log_objects(), 0u);
  EXPECT_EQ(FilesBelow(home.files(), "collections").size(), 0u);
}

TEST(DurabilityTest, DroppedCollectionLeavesNoDirectory) {
  for (const Kind kind : {Kind::kDirectory, Kind::kStoreAndDirectory}) {
    Home home(kind);
    const auto c = home.db()->CreateCollection("c", TaggedSchema());
    ASSERT_OK((*c)->Insert(TaggedRows(TaggedSchema(), {1}, "t")));
    ASSERT_OK(home.db()->DropCollection("c"));
    const auto left = home.files().List("collections");
    EXPECT_TRUE(!left.ok() || left->empty()) << left->front().name;
  }
}

TEST(DurabilityTest, JournalDirectoryHasOneWriter) {
  Home home(Kind::kStoreAndDirectory);
  ASSERT_OK(home.db().TryOpen());
  TestDatabase other;
  other.options.journal_directory = home.db().options.journal_directory;
  EXPECT_EQ(CodeOf(other.TryOpen()), Code::kFailedPrecondition);
  ASSERT_OK(home.db()->Close());
  EXPECT_OK(other.TryOpen());
}

TEST(DurabilityTest, DatabaseOpenedWithoutItsJournalDirectorySaysWhatToGive) {
  const Schema schema = TaggedSchema();
  Home home(Kind::kStoreAndDirectory);
  Oracle oracle(schema);
  const auto c = home.db()->CreateCollection("c", schema);
  Put(**c, &oracle, Ids(0, 3), "t");
  const auto directory = std::exchange(home.db().options.journal_directory, nullptr);
  home.db().Crash();
  const auto without = home.db()->OpenCollection("c");
  EXPECT_EQ(CodeOf(without), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(without, "DatabaseOptions::journal_directory"));
  home.db().options.journal_directory = directory;
  home.db().Crash();
  ExpectSameRows(oracle, **home.db()->OpenCollection("c"));
}

TEST(DurabilityTest, RecoveryReportHasTheFigures) {
  const Schema schema = TaggedSchema();
  LogLines log;
  Home home(Kind::kDirectory);
  home.db().options.host.log = &log;
  auto c = *home.db()->CreateCollection("c", schema, {.num_shards = 3});
  EXPECT_EQ(c->Describe()->recovery.num_files, 0u);
  ASSERT_OK(c->Insert(TaggedRows(schema, {1, 2, 3}, "flushed")));
  ASSERT_OK(c->Flush());
  EXPECT_EQ(log.Count(LogLevel::kInfo, "flushed 3 rows"), 1u);
  ASSERT_OK(c->Insert(TaggedRows(schema, {4, 5}, "t")));
  ASSERT_OK(c->Upsert(TaggedRows(schema, {2, 5, 6}, "t")));
  ASSERT_OK(c->Delete({1, 99}));
  ASSERT_OK(c->Delete({99}));  // nothing to be kept
  home.db().Crash();
  c = *home.db()->OpenCollection("c");
  const RecoveryReport report = c->Describe()->recovery;
  EXPECT_EQ(report.num_files, 1u);
  EXPECT_EQ(report.num_records, 3u);
  EXPECT_EQ(report.num_rows, 5u);
  EXPECT_EQ(report.num_deleted_rows, 3u);
  EXPECT_GT(report.journal_bytes, 300u);
  EXPECT_LE(report.journal_bytes, c->Describe()->journal_bytes);
  EXPECT_EQ(report.torn_bytes, 0u);
  EXPECT_EQ(report.torn_file, "");
  EXPECT_EQ(report.lost, "");
  EXPECT_GT(report.seconds, 0);
  EXPECT_EQ(log.Count(LogLevel::kInfo, "recovered 3 records, 5 rows and 3 deletes"), 1u);
  EXPECT_EQ(c->Describe()->num_rows, 5u);
}

TEST(DurabilityTest, TornTailIsCountedAndNoError) {
  const Schema schema = TaggedSchema();
  Home home(Kind::kDirectory);
  Oracle oracle(schema);
  auto c = *home.db()->CreateCollection("c", schema);
  Put(*c, &oracle, Ids(0, 5), "t");
  home.db().database.reset();
  const std::string path = LogFiles(home.files()).front();
  std::string bytes = *ReadFile(home.files(), path);
  bytes.resize(bytes.find_last_not_of('\0') + 100);
  bytes.append(50, '!');
  ReplaceFile(home.files(), path, bytes);
  for (int crash = 0; crash < 2; ++crash) {
    home.db().Crash();
    c = *home.db()->OpenCollection("c");
    ExpectSameRows(oracle, *c);
    EXPECT_GE(c->Describe()->recovery.torn_bytes, 50u);
    EXPECT_TRUE(c->Describe()->recovery.torn_file.ends_with(path));
  }
  Put(*c, &oracle, Ids(5, 5), "behind the tear");
  home.db().Crash();
  ExpectSameRows(oracle, **home.db()->OpenCollection("c"));
}

TEST(DurabilityTest, OpeningChangesNothingInTheJournalBeforeTheFirstWrite) {
  const Schema schema = TaggedSchema();
  Home home(Kind::kDirectory);
  Oracle oracle(schema);
  auto c = *home.db()->CreateCollection("c", schema);
  Put(*c, &oracle, Ids(0, 5), "t");
  const std::string path = LogFiles(home.files()).front();
  const std::string before = *ReadFile(home.files(), path);
  for (int crash = 0; crash < 3; ++crash) {
    home.db().Crash();
    ExpectSameRows(oracle, **home.db()->OpenCollection("c"));
    EXPECT_EQ(LogFiles(home.files()), std::vector<std::string>{path});
    EXPECT_TRUE(*ReadFile(home.files(), path) == before);
  }
}

TEST(DurabilityTest, RecoveredRowsAreFlushedBehind) {
  const Schema schema = TaggedSchema();
  Home home(Kind::kDirectory);
  Oracle oracle(schema);
  auto c = *home.db()->CreateCollection("c", schema);
  Put(*c, &oracle, Ids(0, 5), "t");
  home.db().Crash();
  c = *home.db()->OpenCollection("c");
  home.db().executor.RunAll();
  EXPECT_EQ(c->Segments()->at(0).state, SegmentState::kFlushed);
  ExpectSameRows(oracle, *c);
}

}  // namespace
}  // namespace vecdb::support
