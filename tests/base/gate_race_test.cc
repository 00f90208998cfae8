#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/gate.h"
#include "support/status_testing.h"

namespace vecdb::base {
namespace {

TEST(GateRaceTest, LetsOneThroughAtATime) {
  Gate gate;
  int inside = 0;  // guarded by the gate: a race report says that it does not
  int passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        const auto pass = gate.Enter({});
        ASSERT_OK(pass);
        EXPECT_EQ(++inside, 1);
        ++passed;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 400);
}

}  // namespace
}  // namespace vecdb::base
