#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "segment/scalar_index_testing.h"
#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

TEST(ScalarIndexRaceTest, ReadersLoadAndAskWhileInfosChangeAndColumnsAreDropped) {
  constexpr size_t kGroup = 2;
  constexpr size_t kRows = 300;
  constexpr int kRounds = 30;
  const auto growing = MakeGrowing(SmallSchema());
  Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, kRows)), 5);
  Written written = segment::Write(*growing);
  MemoryBudget budget;
  {
    const auto plain = OpenSealed(written, {.budget = &budget});
    const auto built = BuildScalarIndex(*plain, kGroup, kSorted, {});
    ASSERT_OK(built);
    written.info.indexes = {*built};
    const auto indexed = plain->WithInfo(written.info);
    const ValueSet all = {.numbers = IntervalSet<Number>::All()};
    std::atomic<int> wrong = 0;
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader) {
      readers.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          const auto index = indexed->LoadScalarIndex(kGroup, {});
          if (!index.ok() || *index == nullptr || (*index)->Count(all) != kRows) ++wrong;
        }
      });
    }
    std::thread dropper([&] {
      for (int i = 0; i < kRounds; ++i) {
        plain->WithInfo(plain->info());
        indexed->DropColumns();
      }
    });
    dropper.join();
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong, 0);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace vecdb::segment
