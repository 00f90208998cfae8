// Reads, writes, flushes and index definitions beside compactions. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/seeded_random.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr size_t kRaceWriters = 2;
constexpr int64_t kKeysOfWriter = 60;  // of each writer

class CompactionRaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::Open({.file_system = files_, .num_threads = 2});
    ASSERT_OK(opened);
    db_ = *std::move(opened);
    c_ = *db_->CreateCollection("c", schema_, {.num_shards = 2});
    ASSERT_OK(c_->CreateIndex("v", Flat()));
  }

  // Changes rows of its own and knows what is there of them.
  void Write(size_t writer, Oracle* rows) {
    SeededRandom random(writer);
    const int64_t first = static_cast<int64_t>(writer) * 1000;
    for (int step = 0; !done_; ++step) {
      std::vector<int64_t> ids;
      for (int64_t id = 0; id < kKeysOfWriter; ++id) {
        if (random.OneIn(6)) ids.push_back(first + id);
      }
      if (ids.empty()) continue;
      if (random.OneIn(3)) {
        EXPECT_OK(c_->Delete(ids));
        for (const int64_t id : ids) rows->Delete(id);
      } else {
        const RowBatch batch = TaggedRows(schema_, ids, absl::StrCat(step));
        EXPECT_OK(c_->Upsert(batch));
        rows->Put(batch);
      }
      if (random.OneIn(4)) {
        EXPECT_OK(c_->Flush());
      }
      for (const int64_t id : Ids(first, kKeysOfWriter)) {
        if (!random.OneIn(10)) continue;
        const auto row = c_->Get({id});
        EXPECT_OK(row);
        EXPECT_EQ(row->num_rows(), rows->Has(id) ? 1u : 0u) << id;
      }
    }
  }
  void Compact() {
    while (!done_) {
      const auto id = c_->Compact();
      EXPECT_OK(id);
      const absl::Status done = c_->WaitForCompaction(*id);
      // Indexes that are defined and dropped all the time may be too fast for it.
      EXPECT_TRUE(done.ok() || absl::IsAborted(done)) << done;
      EXPECT_OK(c_->CompactionState(*id));
    }
  }
  void Search() {
    const std::vector<float> query = {1, 2, 0, 3};
    while (!done_) {
      EXPECT_OK(c_->Search({.vectors = query, .limit = 5}));
      EXPECT_OK(c_->Describe());
      EXPECT_OK(c_->Segments());
    }
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<FileSystem> files_ = MakeMemoryFileSystem();
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> c_;
  std::atomic<bool> done_ = false;
};

TEST_F(CompactionRaceTest, NothingIsLostOrComesBack) {
  std::vector<Oracle> rows(kRaceWriters, Oracle(schema_));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kRaceWriters; ++i) {
    threads.emplace_back([this, i, &rows] { Write(i, &rows[i]); });
  }
  threads.emplace_back([this] { Compact(); });
  threads.emplace_back([this] { Search(); });
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  while (std::chrono::steady_clock::now() < end) {
    EXPECT_OK(c_->CreateIndex("tag", {.params = InvertedParams{}}));
    EXPECT_OK(c_->Load());
    EXPECT_OK(c_->DropIndex("tag"));
  }
  done_ = true;
  for (std::thread& thread : threads) thread.join();
  uint64_t count = 0;
  for (size_t i = 0; i < kRaceWriters; ++i) count += rows[i].size();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*c_->Count(), count);
    for (size_t i = 0; i < kRaceWriters; ++i) {
      for (const int64_t id : Ids(static_cast<int64_t>(i) * 1000, kKeysOfWriter)) {
        EXPECT_EQ(c_->Get({id})->num_rows(), rows[i].Has(id) ? 1u : 0u) << id;
      }
    }
    ASSERT_OK(db_->Close());
    db_.reset();
    auto opened = Database::Open({.file_system = files_, .num_threads = 2});
    ASSERT_OK(opened);
    db_ = *std::move(opened);
    c_ = *db_->OpenCollection("c");
  }
}

TEST_F(CompactionRaceTest, ADropEndsIt) {
  for (int round = 0; round < 5; ++round) {
    const std::string name = absl::StrCat("d", round);
    auto c = *db_->CreateCollection(name, schema_, {.num_shards = 2});
    for (int64_t i = 0; i < 6; ++i) {
      ASSERT_OK(c->Insert(TaggedRows(schema_, Ids(i * 50, 50), "t")));
      ASSERT_OK(c->Flush());
    }
    std::thread waiter([&c] {
      const auto id = c->Compact();
      if (id.ok()) c->WaitForCompaction(*id).IgnoreError();
    });
    ASSERT_OK(db_->DropCollection(name));
    waiter.join();
    EXPECT_FALSE(c->Compact().ok());
  }
}

}  // namespace
}  // namespace vecdb::support
