#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "support/status_testing.h"
#include "support/store_testing.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

struct StoreKind {
  const char* name;
  std::shared_ptr<ObjectStore> (*open)(const std::string& directory);
};

class ObjectStoreRaceTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  // Runs `body(0)` to `body(count - 1)` at the same time, each on a thread of its own.
  static void InThreads(int count, const std::function<void(int)>& body) {
    std::latch start(count);
    std::vector<std::thread> threads;
    for (int t = 0; t < count; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        body(t);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  TempDirectory directory_;
  const std::shared_ptr<ObjectStore> store_ = GetParam().open(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(
    All, ObjectStoreRaceTest,
    ::testing::Values(StoreKind{"LocalOnLocalFiles",
                                [](const std::string& directory) {
                                  return OpenLocalObjectStore(directory).value();
                                }},
                      StoreKind{"LocalOnMemoryFiles",
                                [](const std::string&) {
                                  return OpenLocalObjectStore(MakeMemoryFileSystem()).value();
                                }},
                      StoreKind{"Memory",
                                [](const std::string&) { return MakeMemoryObjectStore(); }}),
    [](const auto& kind) { return kind.param.name; });

TEST_P(ObjectStoreRaceTest, OfWritersToOneNameExactlyOneWins) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 10; ++round) {
    const ObjectPath path = PathOf("race/" + std::to_string(round) + "/o");
    std::vector<absl::Status> results(kThreads);
    InThreads(kThreads, [&](int t) {
      results[static_cast<size_t>(t)] =
          PutObject(*store_, path, std::string(1000, static_cast<char>('a' + t)));
    });
    int wins = 0;
    char winner = '?';
    for (int t = 0; t < kThreads; ++t) {
      const absl::Status& result = results[static_cast<size_t>(t)];
      EXPECT_TRUE(result.ok() || absl::IsAlreadyExists(result)) << result;
      wins += result.ok() ? 1 : 0;
      if (result.ok()) winner = static_cast<char>('a' + t);
    }
    EXPECT_EQ(wins, 1);
    EXPECT_EQ(*GetObject(*store_, path, kNoLimit), std::string(1000, winner));
  }
}

// Each delete may remove the directory in which another thread is about to link its object.
TEST_P(ObjectStoreRaceTest, CreatesAndDeletesInOneDirectoryDoNotDisturbEachOther) {
  InThreads(4, [&](int t) {
    const ObjectPath path = PathOf("deep/down/here/" + std::to_string(t));
    for (int i = 0; i < 12; ++i) {
      EXPECT_OK(PutObject(*store_, path, "text"));
      EXPECT_OK(GetObject(*store_, path, kNoLimit));
      EXPECT_OK(store_->List(PathOf("deep")));
      EXPECT_OK(store_->Delete(path));
    }
  });
  EXPECT_TRUE(store_->List(PathOf("deep"))->empty());
}

TEST_P(ObjectStoreRaceTest, ReadersSeeTheWholeObjectOrNone) {
  const ObjectPath path = PathOf("a/o");
  const std::string text(300000, 'x');
  std::atomic<bool> done{false};  // relaxed: tells the readers to stop, and nothing else
  InThreads(4, [&](int t) {
    if (t == 0) {
      for (int i = 0; i < 20; ++i) {
        EXPECT_OK(PutObject(*store_, path, text));
        EXPECT_OK(store_->Delete(path));
      }
      done.store(true, std::memory_order_relaxed);
      return;
    }
    while (!done.load(std::memory_order_relaxed)) {
      const auto read = GetObject(*store_, path, kNoLimit);
      EXPECT_TRUE(read.ok() ? *read == text : absl::IsNotFound(read.status())) << read.status();
    }
  });
}

TEST_P(ObjectStoreRaceTest, LockHasOneHolderAtATime) {
  std::atomic<int> holders{0};
  InThreads(4, [&](int) {
    for (int i = 0; i < 50; ++i) {
      const auto lock = store_->Lock();
      if (!lock.ok()) {
        EXPECT_EQ(CodeOf(lock), absl::StatusCode::kFailedPrecondition);
        continue;
      }
      EXPECT_EQ(holders.fetch_add(1), 0);
      holders.fetch_sub(1);
    }
  });
}

}  // namespace
}  // namespace vecdb::support
