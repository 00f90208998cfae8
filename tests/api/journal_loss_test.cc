// A journal that is gone or damaged: what opening says, and the ways on.
#include <gtest/gtest.h>

#include "api/api_testing.h"

namespace vecdb::support {
namespace {

// A collection "c" with one flushed row, and one log record per row from 1 on.
class JournalLossTest : public ::testing::Test {
 protected:
  static constexpr int64_t kRows = 5;

  void SetUp() override {
    db_.options.journal_directory = logs_;
    db_.options.host.log = &log_;
    const auto c = db_->CreateCollection("c", schema_, {.num_shards = 2});
    ASSERT_OK((*c)->Insert(TaggedRows(schema_, {0}, "flushed")));
    ASSERT_OK((*c)->Flush());
    for (int64_t id = 1; id <= kRows; ++id) {
      ASSERT_OK((*c)->Insert(TaggedRows(schema_, {id}, "t")));
    }
    db_.database.reset();
    ASSERT_EQ(LogFiles(*logs_).size(), 1u);
    path_ = LogFiles(*logs_).front();
    bytes_ = *ReadFile(*logs_, path_);
  }

  // The first `count` rows.
  Oracle Rows(int64_t count) const {
    Oracle oracle(schema_);
    oracle.Put(TaggedRows(schema_, {0}, "flushed"));
    oracle.Put(TaggedRows(schema_, Ids(1, static_cast<size_t>(count) - 1), "t"));
    return oracle;
  }

  // Where record `n`, counted from 0, is in the file; records are of one size.
  static size_t OffsetOf(size_t n, size_t record_bytes) { return 128 + n * record_bytes; }
  // A multiple of 8; of the last one the padding is not there to be seen.
  size_t RecordBytes() const {
    return ((bytes_.find_last_not_of('\0') + 1 - 128) / kRows + 7) / 8 * 8;
  }

  // Damages record `n` and gives its offset.
  size_t DamageRecord(size_t n) {
    const size_t offset = OffsetOf(n, RecordBytes());
    ReplaceFile(*logs_, path_, FlipByte(bytes_, offset + 41));
    return offset;
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<FileSystem> logs_ = MakeMemoryFileSystem();
  LogLines log_;
  TestDatabase db_;
  std::string path_;
  std::string bytes_;
};

TEST_F(JournalLossTest, MissingJournalIsNamedAndNothingIsTakenAway) {
  ASSERT_OK(logs_->Unlink(path_));
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = db_->OpenCollection("c");
    EXPECT_EQ(CodeOf(opened), Code::kFailedPrecondition);
    EXPECT_TRUE(Says(opened, path_));
    EXPECT_TRUE(Says(opened, "OpenOptions::without_journal"));
    EXPECT_EQ(CodeOf(db_->OpenCollection("c", OpenOptions{.salvage = true})),
              Code::kFailedPrecondition);
  }
  ASSERT_OK(WriteFile(*logs_, path_, bytes_));  // it has been brought back
  ExpectSameRows(Rows(kRows + 1), **db_->OpenCollection("c"));
}

TEST_F(JournalLossTest, WithoutJournalOpensAndSaysWhatIsLost) {
  ASSERT_OK(logs_->Unlink(path_));
  auto opened = db_->OpenCollection("c", OpenOptions{.without_journal = true});
  ASSERT_OK(opened);
  ExpectSameRows(Rows(1), **opened);
  const std::string lost = (*opened)->Describe()->recovery.lost;
  EXPECT_TRUE(Contains(lost, "every write after timestamp")) << lost;
  EXPECT_TRUE(Contains(lost, path_)) << lost;
  EXPECT_EQ(log_.Count(LogLevel::kError, "opened without its journal"), 1u);
  Oracle oracle = Rows(1);
  Put(**opened, &oracle, {10, 11}, "goes on");
  db_.Crash();
  opened = db_->OpenCollection("c");  // and needs no option any more
  ASSERT_OK(opened);
  ExpectSameRows(oracle, **opened);
  EXPECT_EQ((*opened)->Describe()->recovery.lost, "");
}

TEST_F(JournalLossTest, WithoutJournalUsesOneThatIsThere) {
  const auto opened = db_->OpenCollection("c", OpenOptions{.without_journal = true});
  ASSERT_OK(opened);
  ExpectSameRows(Rows(kRows + 1), **opened);
  EXPECT_EQ((*opened)->Describe()->recovery.lost, "");
}

TEST_F(JournalLossTest, WithoutJournalIsNoWayAroundDamage) {
  DamageRecord(1);
  EXPECT_EQ(CodeOf(db_->OpenCollection("c", OpenOptions{.without_journal = true})),
            Code::kDataLoss);
}

TEST_F(JournalLossTest, DamageIsDataLossNamingFileAndOffset) {
  for (size_t record = 0; record + 1 < kRows; ++record) {
    const size_t offset = DamageRecord(record);
    const std::string damaged = *ReadFile(*logs_, path_);
    const auto opened = db_->OpenCollection("c");
    EXPECT_EQ(CodeOf(opened), Code::kDataLoss) << record;
    EXPECT_TRUE(Says(opened, path_));
    EXPECT_TRUE(Says(opened, absl::StrCat("offset ", offset)));
    EXPECT_TRUE(Says(opened, "OpenOptions::salvage"));
    EXPECT_TRUE(*ReadFile(*logs_, path_) == damaged);
    EXPECT_EQ(LogFiles(*logs_), std::vector<std::string>{path_});
  }
  ReplaceFile(*logs_, path_, bytes_);  // restored
  ExpectSameRows(Rows(kRows + 1), **db_->OpenCollection("c"));
}

TEST_F(JournalLossTest, DamagedHeaderIsDataLoss) {
  for (const size_t at : {0u, 20u, 60u, 127u}) {
    ReplaceFile(*logs_, path_, FlipByte(bytes_, at));
    const auto opened = db_->OpenCollection("c");
    EXPECT_EQ(CodeOf(opened), Code::kDataLoss) << at << opened.status();
    EXPECT_TRUE(Says(opened, path_));
  }
}

TEST_F(JournalLossTest, SalvageKeepsWhatComesBeforeTheDamageAndLeavesTheFiles) {
  const size_t offset = DamageRecord(2);
  const std::string damaged = *ReadFile(*logs_, path_);
  auto opened = db_->OpenCollection("c", OpenOptions{.salvage = true});
  ASSERT_OK(opened);
  Oracle oracle = Rows(3);  // the flushed one, and two records
  ExpectSameRows(oracle, **opened);
  const std::string lost = (*opened)->Describe()->recovery.lost;
  EXPECT_TRUE(Contains(lost, absl::StrCat("offset ", offset))) << lost;
  EXPECT_GE(log_.Count(LogLevel::kError, "lost: everything behind"), 1u);
  EXPECT_TRUE(*ReadFile(*logs_, path_) == damaged);

  Put(**opened, &oracle, {20, 21}, "goes on");
  db_.Crash();
  opened = db_->OpenCollection("c");
  ASSERT_OK(opened);
  ExpectSameRows(oracle, **opened);
  ASSERT_OK((*opened)->Flush());
  ASSERT_OK(db_->CollectGarbage());
  db_.Reopen();
  EXPECT_TRUE(*ReadFile(*logs_, path_) == damaged) << "salvaged files belong to their owner";
  ASSERT_OK(db_->OpenCollection("c"));
  ASSERT_OK(db_->DropCollection("c"));
  EXPECT_TRUE(LogFiles(*logs_).empty());
}

TEST_F(JournalLossTest, SalvageOfAWholeJournalLosesNothing) {
  const auto opened = db_->OpenCollection("c", OpenOptions{.salvage = true});
  ASSERT_OK(opened);
  ExpectSameRows(Rows(kRows + 1), **opened);
  EXPECT_EQ((*opened)->Describe()->recovery.lost, "");
  EXPECT_EQ((*opened)->Describe()->recovery.num_records, static_cast<uint64_t>(kRows));
}

// A log of objects: one object per write.
class ObjectJournalLossTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto c = db_->CreateCollection("c", schema_);
    for (int64_t id = 0; id < 4; ++id) {
      ASSERT_OK((*c)->Insert(TaggedRows(schema_, {id}, "t")));
      oracle_.Put(TaggedRows(schema_, {id}, "t"));
    }
    db_.database.reset();
    logs_ = ObjectsWith(*db_.options.store, "/journal/");
    ASSERT_GE(logs_.size(), 4u);
  }

  const Schema schema_ = TaggedSchema();
  TestDatabase db_;
  Oracle oracle_{schema_};
  std::vector<std::string> logs_;
};

TEST_F(ObjectJournalLossTest, EveryMissingOrChangedObjectIsDataLossNamingIt) {
  ObjectStore& store = *db_.options.store;
  for (const std::string& path : logs_) {
    const std::string bytes = *GetObject(store, PathOf(path), kNoLimit);
    ReplaceObject(store, path, FlipByte(bytes, bytes.size() / 2));
    auto opened = db_->OpenCollection("c");
    EXPECT_EQ(CodeOf(opened), Code::kDataLoss);
    EXPECT_TRUE(Says(opened, path));
    ReplaceObject(store, path, bytes);
  }
  // Of the last object nothing says that it was there, once no later one does.
  for (size_t i = 0; i + 1 < logs_.size(); ++i) {
    const std::string bytes = *GetObject(store, PathOf(logs_[i]), kNoLimit);
    ASSERT_OK(store.Delete(PathOf(logs_[i])));
    auto opened = db_->OpenCollection("c");
    EXPECT_EQ(CodeOf(opened), Code::kDataLoss);
    EXPECT_TRUE(Says(opened, logs_[i]));
    ReplaceObject(store, logs_[i], bytes);
  }
  ExpectSameRows(oracle_, **db_->OpenCollection("c"));
}

TEST_F(ObjectJournalLossTest, LogWithoutAnyObjectIsFailedPrecondition) {
  for (const std::string& path : logs_) ASSERT_OK(db_.options.store->Delete(PathOf(path)));
  EXPECT_EQ(CodeOf(db_->OpenCollection("c")), Code::kFailedPrecondition);
  const auto opened = db_->OpenCollection("c", OpenOptions{.without_journal = true});
  ASSERT_OK(opened);
  EXPECT_EQ(*(*opened)->Count(), 0u);
}

}  // namespace
}  // namespace vecdb::support
