#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

TEST(SealedSegmentRaceTest, ReadersShareWhatIsReadWhileOthersDropAndDelete) {
  constexpr int64_t kRows = 300;
  const Schema schema = SmallSchema();
  const auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(0, kRows)), 5);
  MemoryBudget budget;
  {
    const auto sealed = OpenSealed(segment::Write(*growing), {.budget = &budget});
    std::atomic<int> wrong = 0;
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader) {
      readers.emplace_back([&, reader] {
        for (int64_t key = reader; key < kRows; key += 3) {
          const auto row = sealed->FindRow(schema::Key(key), 5, {});
          if (!row.ok() || *row != static_cast<uint32_t>(key)) ++wrong;
          const auto group = sealed->GetColumn(2, {});
          if (!group.ok() || (*group)->column.num_rows() != kRows) ++wrong;
          if (key % 50 != 0) continue;
          const std::vector<size_t> columns = {1};
          if (!sealed->LoadResident(columns, {}).ok()) ++wrong;
        }
      });
    }
    std::thread dropper([&] {
      for (int i = 0; i < 50; ++i) sealed->DropColumns();
    });
    for (uint32_t row = 0; row < kRows; ++row) sealed->deletes()->Set(row, 6);
    dropper.join();
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong, 0);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace vecdb::segment
