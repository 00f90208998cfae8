#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "segment/key_table.h"
#include "support/status_testing.h"

namespace vecdb::segment {
namespace {

TEST(KeyTableRaceTest, ReadersFindEveryPublishedRowWhileTheTableGrows) {
  constexpr uint32_t kRows = 10000;
  const auto hash_of = [](uint32_t row) { return uint64_t{row} * 0x9e3779b97f4a7c15; };
  KeyTable table{Host{}};
  std::atomic<uint32_t> published = 0;
  std::atomic<int> missing = 0;
  std::vector<std::thread> readers;
  for (uint32_t first = 0; first < 3; ++first) {
    readers.emplace_back([&, first] {
      for (uint32_t count = 0; count < kRows;) {
        count = published.load(std::memory_order_acquire);
        for (uint32_t row = first; row < count; row += 101) {
          bool found = false;
          table.ForEach(hash_of(row), [&](uint32_t other) {
            found = other == row;
            return !found;
          });
          if (!found) ++missing;
        }
      }
    });
  }
  for (uint32_t row = 0; row < kRows; ++row) {
    ASSERT_OK(table.Reserve(row + 1, row));
    table.Add(row, hash_of(row));
    published.store(row + 1, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(missing, 0);
}

}  // namespace
}  // namespace vecdb::segment
