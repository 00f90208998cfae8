#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "support/cache_testing.h"

namespace vecdb::support {
namespace {

class CachedObjectStoreRaceTest : public CacheTest {
 protected:
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
};

TEST_F(CachedObjectStoreRaceTest, ThreadsThatOpenOneObjectFetchItOnce) {
  const auto pool = MakeThreadPool(2);
  CachedStoreOptions options = Options();
  options.range_bytes = 4 * kMiB;
  const auto store = Open(options, {.executor = pool.get()});
  for (int round = 0; round < 3; ++round) {
    const std::string path = "o/" + std::to_string(round);
    const std::string text = Put(path, 9 * kMiB);
    InThreads(8, [&](int) { EXPECT_TRUE(TextOf(*store, path) == text); });
    EXPECT_EQ(store->usage().fetched_objects, static_cast<uint64_t>(round) + 1);
    EXPECT_EQ(store->usage().fetched_bytes, (static_cast<uint64_t>(round) + 1) * 9 * kMiB);
  }
}

TEST_F(CachedObjectStoreRaceTest, ThreadsThatOpenAKeptObjectVerifyItOnce) {
  const std::string text = Put("o", kMiB);
  EXPECT_TRUE(TextOf(*Open(), "o") == text);
  const auto store = Open();
  InThreads(8, [&](int) { EXPECT_TRUE(TextOf(*store, "o") == text); });
  EXPECT_EQ(store->usage().hits, 8U);
}

TEST_F(CachedObjectStoreRaceTest, WaitingCallerIsCancelledAloneAndSoon) {
  const std::string text = Put("o", kMiB);
  const auto store = Open();
  std::latch reading(1);
  std::latch go_on(1);
  faults_->Arm({.call = "ReadAt", .mode = FaultMode::kSlow, .on_slow = [&] {
                  reading.count_down();
                  go_on.wait();
                }});
  std::thread first([&] { EXPECT_TRUE(TextOf(*store, "o") == text); });
  reading.wait();
  EXPECT_EQ(CodeOf(store->Open(PathOf("o"), Context::WithTimeout(absl::Milliseconds(20)))),
            absl::StatusCode::kDeadlineExceeded);
  go_on.count_down();
  first.join();
  EXPECT_EQ(store->usage().fetched_objects, 1U);
}

TEST_F(CachedObjectStoreRaceTest, CancelledCallersHandTheFetchOn) {
  const std::string text = Put("o", 16 * kMiB);
  CachedStoreOptions options = Options();
  options.range_bytes = 4 * kMiB;
  options.parallel_ranges = 1;
  const auto store = Open(options);
  std::atomic<int> whole = 0;
  InThreads(6, [&](int t) {
    // Half of them give up early, whoever fetches.
    const Context context =
        t % 2 == 0 ? Context::WithTimeout(absl::Milliseconds(t + 1)) : Context();
    const auto read = GetObject(*store, PathOf("o"), kNoLimit, context);
    if (read.ok()) {
      EXPECT_TRUE(*read == text);
      ++whole;
    } else {
      EXPECT_EQ(CodeOf(read), absl::StatusCode::kDeadlineExceeded);
    }
  });
  EXPECT_GE(whole.load(), 3);
  EXPECT_EQ(store->usage().fetched_objects, 1U);
}

// Nobody has the time for it, and caches are closed while tasks go on with what they have begun.
TEST_F(CachedObjectStoreRaceTest, ShortDeadlinesGetThereInTheEnd) {
  const std::string text = Put("o", 16 * kMiB);
  const auto pool = MakeThreadPool(2);
  CachedStoreOptions options = Options();
  options.range_bytes = 4 * kMiB;
  options.parallel_ranges = 2;
  const auto try_all = [&](CachedObjectStore& store) {
    InThreads(4, [&](int t) {
      const auto read =
          GetObject(store, PathOf("o"), kNoLimit, Context::WithTimeout(absl::Milliseconds(t + 1)));
      if (read.ok()) {
        EXPECT_TRUE(*read == text);
      } else {
        EXPECT_EQ(CodeOf(read), absl::StatusCode::kDeadlineExceeded);
      }
    });
  };
  for (int round = 0; round < 10; ++round) {
    const auto store = Open(options, {.executor = pool.get()});
    try_all(*store);
    ASSERT_OK(store->Drop(PathOf("o")));
    try_all(*store);
  }
  const auto store = Open(options, {.executor = pool.get()});
  while (store->usage().held_objects == 0) try_all(*store);
  EXPECT_TRUE(TextOf(*store, "o") == text);
}

TEST_F(CachedObjectStoreRaceTest, ThreadsThatReadOneObjectFetchItOnce) {
  CachedStoreOptions options = Options();
  options.use = [](const ObjectPath&) { return CacheUse::kWhenRead; };
  const auto store = Open(options);
  const std::string text = Put("o", 8 * kMiB);
  const auto reader = store->Open(PathOf("o"));
  ASSERT_OK(reader);
  InThreads(8, [&](int t) {
    std::string out(kMiB, '\0');
    const uint64_t at = static_cast<uint64_t>(t) * kMiB;
    EXPECT_OK((*reader)->ReadAt(at, std::as_writable_bytes(std::span(out))));
    EXPECT_TRUE(out == text.substr(at, kMiB));
    EXPECT_OK((*reader)->Map());
  });
  EXPECT_EQ(store->usage().fetched_objects, 1U);
  EXPECT_EQ(store->usage().fetched_bytes, 8 * kMiB);
  EXPECT_GE((*reader)->descriptor(), 0);
}

TEST_F(CachedObjectStoreRaceTest, EverythingAtOnceNeverReadsAnythingElse) {
  constexpr size_t kObjects = 10;
  const auto pool = MakeThreadPool(2);
  CachedStoreOptions options = Options();
  options.budget_bytes = 400'000;  // half of them
  const auto store = Open(options, {.executor = pool.get()});
  const auto other = Open(options);  // as another process
  std::vector<std::string> texts;
  for (size_t i = 0; i < kObjects; ++i) texts.push_back(Put("o/" + std::to_string(i), 80'000));
  InThreads(6, [&](int t) {
    SeededRandom random(static_cast<uint64_t>(t));
    for (int step = 0; step < 150; ++step) {
      const size_t i = random.Below(kObjects);
      const std::string path = "o/" + std::to_string(i);
      CachedObjectStore& used = t == 0 ? *other : *store;
      if (random.OneIn(20)) {
        EXPECT_OK(used.Drop(PathOf(path)));
      } else if (random.OneIn(30)) {
        const std::vector<ObjectPath> paths = {PathOf(path), PathOf("o/0")};
        EXPECT_OK(used.Prefetch(paths));
      } else {
        EXPECT_TRUE(TextOf(used, path) == texts[i]);
      }
      if (random.OneIn(10)) {
        EXPECT_LE(used.usage().held_bytes, options.budget_bytes);
        used.CollectMetrics();
      }
    }
  });
  EXPECT_EQ(store->usage().damaged_files, 0U);
  EXPECT_EQ(store->usage().open_bytes, 0U);
}

// Names are given, deleted and given to other bytes while others read them.
TEST_F(CachedObjectStoreRaceTest, DeletedNamesNeverComeBack) {
  const auto store = Open();
  std::atomic<bool> is_done = false;
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!is_done.load()) store->Open(PathOf("o")).status().IgnoreError();
    });
  }
  for (int round = 0; round < 100; ++round) {
    const std::string text = "text " + std::to_string(round);
    ASSERT_OK(PutObject(*store, PathOf("o"), text));
    ASSERT_EQ(TextOf(*store, "o"), text);
    ASSERT_OK(store->Delete(PathOf("o")));
    ASSERT_EQ(CodeOf(store->Open(PathOf("o"))), absl::StatusCode::kNotFound);
  }
  is_done.store(true);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace vecdb::support
