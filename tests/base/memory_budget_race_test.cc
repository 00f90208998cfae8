#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "vecdb/memory_budget.h"

namespace vecdb {
namespace {

TEST(MemoryBudgetRaceTest, NoPeakOfAPartIsAboveTheLimitOfWhatItIsPartOf) {
  MemoryBudget whole(1000);
  MemoryBudget part("part", MemoryBudget::kNoLimit, &whole);
  std::vector<std::thread> threads;
  for (const uint64_t bytes : {uint64_t{900}, uint64_t{400}, uint64_t{300}}) {
    threads.emplace_back([&part, bytes] {
      for (int i = 0; i < 20'000; ++i) {
        if (part.TryReserve(bytes, MemoryUse::kOther)) part.Release(bytes, MemoryUse::kOther);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(part.used_bytes(), 0u);
  EXPECT_EQ(whole.used_bytes(), 0u);
  EXPECT_GE(part.Report().peak_bytes, 300u);
  EXPECT_LE(part.Report().peak_bytes, 1000u);
  EXPECT_LE(whole.Report().peak_bytes, 1000u);
}

}  // namespace
}  // namespace vecdb
