#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/row_mask.h"

namespace vecdb::base {
namespace {

TEST(DeleteTimesRaceTest, ReadersSeeEveryDeleteUpToThePublishedTime) {
  constexpr uint32_t kRows = 3 * DeleteTimes::kPageRows;
  DeleteTimes deletes;
  std::atomic<uint64_t> published = 0;  // row r is deleted at r + 1
  std::atomic<int> wrong = 0;
  const auto read = [&] {
    for (uint64_t as_of = 0; as_of < kRows;) {
      as_of = published.load(std::memory_order_acquire);
      if (deletes.count() < as_of) ++wrong;
      for (uint32_t row = 0; row < kRows; row += 97) {
        if (deletes.DeletedAt(row, as_of) != (row < as_of)) ++wrong;
      }
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (uint32_t row = 0; row < kRows; ++row) {
    ASSERT_TRUE(deletes.Set(row, row + 1));
    published.store(row + 1, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace vecdb::base
