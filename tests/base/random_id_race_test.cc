#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/random_id.h"

namespace vecdb::base {
namespace {

TEST(RandomIdRaceTest, ThreadsGetNoIdTwice) {
  constexpr size_t kThreads = 4;
  constexpr size_t kIdsEach = 50'000;
  std::vector<std::string> ids(kThreads * kIdsEach);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&ids, t] {
      for (size_t i = 0; i < kIdsEach; ++i) ids[t * kIdsEach + i] = RandomId();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

}  // namespace
}  // namespace vecdb::base
