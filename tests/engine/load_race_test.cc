// Loads, releases, flushes, index builds and searches beside each other. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr int64_t kBatchRows = 30;

// Runs each body on a thread of its own.
class LoadThreads {
 public:
  ~LoadThreads() { Join(); }
  void Add(std::function<void()> body) { threads_.emplace_back(std::move(body)); }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

class LoadRaceTest : public ::testing::Test {
 protected:
  void Open(LoadPolicy policy) {
    auto opened = Database::Open({.path = directory_.path(), .num_threads = 2});
    ASSERT_OK(opened);
    db_ = *std::move(opened);
    c_ = *db_->CreateCollection("c", schema_, {.num_shards = 2, .load = policy});
    ASSERT_OK(c_->CreateIndex("v", Hnsw()));
    Put(0);
    ASSERT_OK(c_->Flush());
  }

  void Put(int64_t batch) {
    ASSERT_OK(c_->Upsert(TaggedRows(schema_, Ids(batch * kBatchRows, kBatchRows), "t")));
  }

  // How many of the first rows a search finds; it asks for all that there can be.
  absl::StatusOr<size_t> Find(std::vector<int32_t> shards = {}) const {
    const std::vector<float> query = GridVector(0, 4);
    const auto found = c_->Search({.vectors = query, .limit = 16'000, .shards = std::move(shards)});
    if (!found.ok()) return found.status();
    return found->hits(0).size();
  }

  const Schema schema_ = TaggedSchema();
  const TempDirectory directory_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> c_;
};

// Whatever is loaded, released or stopped: an answer is whole or refused.
TEST_F(LoadRaceTest, SearchIsWholeOrRefusedWhileLoadsComeAndGo) {
  Open(LoadPolicy::kManual);
  std::atomic<bool> done{false};            // relaxed: stops the others, and nothing else
  std::atomic<size_t> written{kBatchRows};  // rows whose writes have returned
  LoadThreads others;
  others.Add([&] {
    while (!done.load(std::memory_order_relaxed)) {
      const size_t least = written.load();
      const auto found = Find();
      if (found.ok()) {
        EXPECT_GE(*found, least);
      } else {
        EXPECT_TRUE(absl::IsFailedPrecondition(found.status())) << found.status();
      }
    }
  });
  others.Add([&] {
    while (!done.load(std::memory_order_relaxed)) {
      const auto job = c_->StartLoad({.mode = LoadMode::kMap});
      ASSERT_OK(job);
      EXPECT_LE(c_->LoadProgress().percent, 100);
      (*job)->Cancel();
      (*job)->Wait().IgnoreError();
      EXPECT_NE((*job)->state(), LoadState::kLoading);
    }
  });
  others.Add([&] {
    for (int64_t batch = 1; !done.load(std::memory_order_relaxed) && batch < 200; ++batch) {
      Put(batch);
      written += kBatchRows;
      ASSERT_OK(c_->Flush());
    }
  });
  for (int i = 0; i < 20; ++i) {
    const LoadOptions options{
        .mode = i % 2 == 0 ? LoadMode::kRead : LoadMode::kMap,
        .shards = i % 3 == 0 ? std::vector<int32_t>{1} : std::vector<int32_t>{}};
    const absl::Status loaded = c_->Load(options);
    EXPECT_TRUE(loaded.ok() || absl::IsCancelled(loaded)) << loaded;
    EXPECT_GT(c_->Segments()->size(), 0u);
    ASSERT_OK(c_->Release());
  }
  done = true;
}

// A collection that is loaded stays so: flushed segments and their indexes come without a gap.
TEST_F(LoadRaceTest, LoadedCollectionAnswersThroughoutFlushesAndBuilds) {
  for (const LoadMode mode : std::vector<LoadMode>{LoadMode::kRead, LoadMode::kMap}) {
    Open(LoadPolicy::kManual);
    ASSERT_OK(c_->Load({.mode = mode, .fields = {"v"}}));
    std::atomic<bool> done{false};
    std::atomic<size_t> written{kBatchRows};
    LoadThreads readers;
    for (int reader = 0; reader < 2; ++reader) {
      readers.Add([&] {
        do {
          const size_t least = written.load();
          const auto found = Find();
          ASSERT_OK(found);
          EXPECT_GE(*found, least);
        } while (!done.load(std::memory_order_relaxed) && !HasFailure());
      });
    }
    for (int64_t batch = 1; batch < 120; ++batch) {
      Put(batch);
      written += kBatchRows;
      if (batch % 10 == 0) {
        ASSERT_OK(c_->Flush());
      }
      if (batch == 60) {
        ASSERT_OK(c_->Upsert(TaggedRows(schema_, Ids(50'000, 3000), "large")));
      }
    }
    ASSERT_OK(c_->Flush());
    ASSERT_OK(c_->WaitForIndex("v"));
    done = true;
    readers.Join();
    ASSERT_OK(db_->DropCollection("c"));
    ASSERT_OK(db_->Close());
  }
}

// Parts of a collection are added while what was loaded before answers.
TEST_F(LoadRaceTest, LoadedShardAnswersWhileTheOtherIsLoaded) {
  Open(LoadPolicy::kManual);
  ASSERT_OK(c_->Load({.shards = {0}}));
  const size_t of_first = *Find({0});
  std::atomic<bool> done{false};
  LoadThreads readers;
  readers.Add([&] {
    do {
      const auto found = Find({0});
      ASSERT_OK(found);
      EXPECT_EQ(*found, of_first);
    } while (!done.load(std::memory_order_relaxed) && !HasFailure());
  });
  for (int i = 0; i < 20; ++i) {
    const auto job = c_->StartLoad({.shards = {1}});
    ASSERT_OK(job);
    ASSERT_OK((*job)->Wait());
  }
  done = true;
  readers.Join();
  EXPECT_EQ(*Find(), static_cast<size_t>(kBatchRows));
}

}  // namespace
}  // namespace vecdb::support
