#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/rounds.h"
#include "support/status_testing.h"

namespace vecdb::base {
namespace {

// A call is served by a round that began after it: what had been written before the call was read.
TEST(RoundsRaceTest, EachCallSeesWhatHadBeenWrittenBeforeIt) {
  Rounds rounds;
  std::atomic<int> written = 0;
  std::atomic<int> read = 0;
  std::atomic<int> inside = 0;
  std::atomic<int> num_failed = 0;
  const auto caller = [&](int seed) {
    for (int i = 0; i < 300; ++i) {
      const int before = ++written;
      const bool fails = (i + seed) % 17 == 0;
      const absl::Status status = rounds.Join(
          [&]() -> absl::Status {
            EXPECT_EQ(++inside, 1);
            const int now = written;
            std::this_thread::yield();
            if (!fails) read = now;
            --inside;
            return fails ? absl::UnavailableError("away") : absl::OkStatus();
          },
          {});
      if (status.ok()) {
        EXPECT_GE(read, before);
      } else {
        ++num_failed;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(caller, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(num_failed, 4 * 300);
  EXPECT_EQ(rounds.num_waiting(), 0);
}

}  // namespace
}  // namespace vecdb::base
