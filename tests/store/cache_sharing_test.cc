// Processes that share the directory of a cache, and those that are killed in the middle.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "support/cache_testing.h"

namespace vecdb::support {
namespace {

// Forks a child that ends with the number it is given.
pid_t Fork(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  EXPECT_GT(child, 0);
  return child;
}

int NumberOf(pid_t child) {
  int state = 0;
  EXPECT_EQ(::waitpid(child, &state, 0), child);
  EXPECT_TRUE(WIFEXITED(state)) << state;
  return WEXITSTATUS(state);
}

void WaitMicros(uint64_t micros) {
  timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(micros) * 1000};
  ::nanosleep(&time, nullptr);
}

using CacheSharingTest = CacheTest;

TEST_F(CacheSharingTest, ProcessesThatOpenOneObjectFetchItOnce) {
  const std::string text = Put("a/o", 3 * kMiB);
  constexpr int kProcesses = 4;
  constexpr int kWrong = 100;
  faults_->Arm({.call = "ReadAt", .sticky = true, .mode = FaultMode::kSlow, .on_slow = [] {
                  WaitMicros(50'000);  // so that all of them are at it
                }});
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(Fork([&] {
      const auto store = OpenCachedObjectStore(remote_, Options());
      if (!store.ok() || TextOf(**store, "a/o") != text) return kWrong;
      return static_cast<int>((*store)->usage().fetched_objects);
    }));
  }
  int fetches = 0;
  for (pid_t child : children) fetches += NumberOf(child);
  EXPECT_EQ(fetches, 1);
}

TEST_F(CacheSharingTest, WhatAnotherHasOpenIsNotEvicted) {
  CachedStoreOptions options = Options();
  options.budget_bytes = 2500;
  for (const char* path : {"a", "b", "c"}) Put(path, 1000);
  const auto mine = Open(options);
  const auto other = Open(options);
  auto a = mine->Open(PathOf("a"));
  auto b = mine->Open(PathOf("b"));
  TextOf(*other, "c");
  EXPECT_EQ(other->usage().no_room, 1U);
  a->reset();
  TextOf(*other, "c");
  EXPECT_EQ(other->usage().evicted_objects, 1U);
  // What the other has evicted is fetched again, and b goes for it.
  b->reset();
  EXPECT_TRUE(TextOf(*mine, "a") == TextOf(*memory_, "a"));
  EXPECT_EQ(mine->usage().fetched_objects, 3U);
}

TEST_F(CacheSharingTest, DeleteInOneIsOneForAll) {
  Put("a", 1000);
  const auto mine = Open();
  const auto other = Open();
  TextOf(*mine, "a");
  TextOf(*other, "a");
  ASSERT_OK(other->Delete(PathOf("a")));
  EXPECT_EQ(CodeOf(mine->Open(PathOf("a"))), absl::StatusCode::kNotFound);
}

TEST_F(CacheSharingTest, OrderOfUseIsThatOfAllProcesses) {
  CachedStoreOptions options = Options();
  options.budget_bytes = 2000;
  for (const char* path : {"a", "b", "c"}) Put(path, 1000);
  const auto mine = Open(options);
  TextOf(*mine, "a");
  WaitMicros(3000);
  TextOf(*mine, "b");
  WaitMicros(3000);
  EXPECT_EQ(NumberOf(Fork([&] {
              const auto store = OpenCachedObjectStore(remote_, options);
              return store.ok() && TextOf(**store, "a").size() == 1000 ? 0 : 1;
            })),
            0);
  TextOf(*mine, "c");
  faults_->Disarm();
  TextOf(*mine, "a");
  EXPECT_EQ(Calls("Open"), 0);  // b has gone
}

// Row K1 for the cache: whatever is left when a process that fetches is killed, the next one serves
// the bytes of the store, finds nothing damaged and removes what is not complete.
TEST_F(CacheSharingTest, KilledProcessLeavesNothingThatIsServedWrongly) {
  constexpr int kObjects = 12;
  const uint64_t seed = TestSeed("CacheSharingTest.Killed");
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  SeededRandom random(seed);
  std::vector<std::string> texts;
  for (int i = 0; i < kObjects; ++i) {
    texts.push_back(Put("o/" + std::to_string(i), 20'000 + random.Below(900'000)));
  }
  CachedStoreOptions options = Options();
  options.budget_bytes = 3 * kMiB;  // some of them, so that the children evict as well
  const int kills = ScaledCount(40);
  for (int kill = 0; kill < kills; ++kill) {
    const uint64_t child_seed = random.Next();
    const pid_t child = Fork([&] {
      const auto store = OpenCachedObjectStore(remote_, options);
      SeededRandom order(child_seed);
      while (store.ok()) {
        const size_t i = order.Below(kObjects);
        if (TextOf(**store, "o/" + std::to_string(i)) != texts[i]) return 1;
        if (order.OneIn(4)) (*store)->Drop(PathOf("o/" + std::to_string(i))).IgnoreError();
      }
      return 2;
    });
    WaitMicros(random.Below(15'000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int state = 0;
    ASSERT_EQ(::waitpid(child, &state, 0), child);
    ASSERT_TRUE(WIFSIGNALED(state)) << "the child found wrong bytes, or no cache: " << state;
    const auto store = Open(options);
    EXPECT_TRUE(OnTheirWay().empty());
    EXPECT_LE(store->usage().held_bytes, options.budget_bytes);
    for (size_t i = random.Below(3); i < kObjects; i += 3) {
      ASSERT_TRUE(TextOf(*store, "o/" + std::to_string(i)) == texts[i]) << kill;
    }
    ASSERT_EQ(store->usage().damaged_files, 0U);
    ASSERT_EQ(store->usage().failures, 0U);
  }
  std::printf("seed %llu, %d kills, 0 wrong reads\n", static_cast<unsigned long long>(seed), kills);
}

}  // namespace
}  // namespace vecdb::support
