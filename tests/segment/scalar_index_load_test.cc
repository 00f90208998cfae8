// How a sealed segment reads, keeps and gives back the indexes of its scalar fields.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "segment/merge.h"
#include "segment/scalar_index_testing.h"
#include "segment/segment_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::segment {
namespace {

constexpr size_t kGroup = 2;  // the column in SmallSchema
constexpr size_t kRows = 200;

class ScalarIndexLoadTest : public ::testing::Test {
 protected:
  ScalarIndexLoadTest() {
    const auto growing = MakeGrowing(SmallSchema());
    Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, kRows)), 5);
    written_ = segment::Write(*growing);
    plain_ = written_.info;
    AddIndex();
  }

  // Takes the place of the index that is there.
  void AddIndex() {
    auto built = BuildScalarIndex(*OpenSealed(written_), kGroup, kSorted, {});
    EXPECT_OK(built);
    written_.info.indexes = {*built};
  }
  ObjectPath IndexObject() const {
    return PathOf("segments/s/" + written_.info.indexes[0].object.name);
  }
  void Replace(const std::string& bytes) {
    ASSERT_OK(written_.store->Delete(IndexObject()));
    ASSERT_OK(PutObject(*written_.store, IndexObject(), bytes));
  }

  Written written_;
  SegmentInfo plain_;
};

TEST_F(ScalarIndexLoadTest, IndexAnswersAsTheColumnDoes) {
  const auto sealed = OpenSealed(written_);
  const auto index = sealed->LoadScalarIndex(kGroup, {});
  ASSERT_OK(index);
  ASSERT_NE(*index, nullptr);
  const auto column = sealed->GetColumn(kGroup, {});
  support::SeededRandom random(7);
  for (int i = 0; i < 50; ++i) {
    const ValueSet set = RandomValueSet(random);
    EXPECT_EQ(Marked(**index, kRows, set), NaiveMatches((*column)->column, set));
  }
}

TEST_F(ScalarIndexLoadTest, FieldWithoutOneHasNone) {
  const auto sealed = OpenSealed(written_);
  EXPECT_EQ(*sealed->LoadScalarIndex(0, {}), nullptr);
  EXPECT_EQ(*sealed->LoadScalarIndex(1, {}), nullptr);
  EXPECT_EQ(*sealed->WithInfo(plain_)->LoadScalarIndex(kGroup, {}), nullptr);
}

TEST_F(ScalarIndexLoadTest, IndexIsReadOnceAndKeptUntilColumnsAreDropped) {
  MemoryBudget budget;
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto counting = std::make_shared<support::FaultObjectStore>(written_.store, injector);
  const auto sealed =
      SealedSegment::Open(counting, written_.info, {.budget = &budget}, nullptr, {});
  ASSERT_OK(sealed);
  auto first = *(*sealed)->LoadScalarIndex(kGroup, {});
  injector->Disarm();
  EXPECT_EQ(*(*sealed)->LoadScalarIndex(kGroup, {}), first);
  EXPECT_EQ(*(*sealed)->WithInfo(written_.info)->LoadScalarIndex(kGroup, {}), first);
  EXPECT_TRUE(injector->calls().empty());
  EXPECT_GT(budget.used_bytes(), kRows * sizeof(uint32_t));
  EXPECT_EQ((*sealed)->column_bytes(), budget.used_bytes());
  (*sealed)->DropColumns();
  EXPECT_EQ((*sealed)->column_bytes(), 0u);
  EXPECT_NE(budget.used_bytes(), 0u);  // `first` is in use
  first = nullptr;
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST_F(ScalarIndexLoadTest, InfoThatNamesAnotherBuildGivesTheOldOneBack) {
  MemoryBudget budget;
  const auto sealed = OpenSealed(written_, {.budget = &budget});
  const auto old = *sealed->LoadScalarIndex(kGroup, {});
  const uint64_t bytes = budget.used_bytes();
  AddIndex();
  const auto renewed = sealed->WithInfo(written_.info);
  EXPECT_EQ(renewed->column_bytes(), 0u);
  const auto fresh = *renewed->LoadScalarIndex(kGroup, {});
  ASSERT_NE(fresh, nullptr);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(budget.used_bytes(), 2 * bytes);
  sealed->WithInfo(plain_);
  EXPECT_EQ(sealed->column_bytes(), 0u);
  const ValueSet all = {.numbers = IntervalSet<Number>::All()};
  EXPECT_EQ(old->Count(all), kRows);  // whoever has it goes on
}

TEST_F(ScalarIndexLoadTest, EveryChangedByteIsFoundOrChangesNothing) {
  const auto column = OpenSealed(written_)->GetColumn(kGroup, {});
  support::SeededRandom random(11);
  const ValueSet set = RandomValueSet(random);
  const Words expected = NaiveMatches((*column)->column, set);
  const std::string good = *GetObject(*written_.store, IndexObject(), support::kNoLimit);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    Replace(bad);
    const auto sealed = OpenSealed(written_);
    const auto index = sealed->LoadScalarIndex(kGroup, {});
    ASSERT_OK(index);
    EXPECT_EQ(*index == nullptr, sealed->index_damaged(kGroup)) << at;
    if (*index != nullptr) {
      EXPECT_EQ(Marked(**index, kRows, set), expected) << at;
    }
  }
}

TEST_F(ScalarIndexLoadTest, DamagedIndexIsLeftAsideAndReportedOnce) {
  const std::string good = *GetObject(*written_.store, IndexObject(), support::kNoLimit);
  enum class How { kTruncate, kRemove, kForeign, kOtherSpec, kOtherBytes };
  for (const How how :
       {How::kTruncate, How::kRemove, How::kForeign, How::kOtherSpec, How::kOtherBytes}) {
    Written written = written_;
    SegmentIndexInfo& index = written.info.indexes[0];
    Replace(how == How::kTruncate  ? good.substr(0, good.size() / 2)
            : how == How::kForeign ? std::string(5000, 'x')
                                   : good);
    if (how == How::kRemove) {
      ASSERT_OK(written_.store->Delete(IndexObject()));
    }
    if (how == How::kOtherSpec) index.spec = kInverted;
    if (how == How::kOtherBytes) index.object.checksum ^= 1;
    MemoryLog log;
    const auto sealed = OpenSealed(written, {.log = &log});
    for (int load = 0; load < 2; ++load) {
      const auto loaded = sealed->LoadScalarIndex(kGroup, {});
      ASSERT_OK(loaded);
      EXPECT_EQ(*loaded, nullptr);
    }
    EXPECT_TRUE(sealed->index_damaged(kGroup));
    ASSERT_EQ(log.messages.size(), 1u);
    EXPECT_NE(log.messages[0].find(index.object.name), std::string::npos) << log.messages[0];
    if (how == How::kRemove) {
      ASSERT_OK(PutObject(*written_.store, IndexObject(), good));
    }
  }
}

TEST_F(ScalarIndexLoadTest, StoreThatAnswersLaterAndABudgetThatRefusesAreNoDamage) {
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto faulty = std::make_shared<support::FaultObjectStore>(written_.store, injector);
  const auto sealed = SealedSegment::Open(faulty, written_.info, {}, nullptr, {});
  ASSERT_OK(sealed);
  injector->Arm({.call = "Open", .error = absl::UnavailableError("later")});
  EXPECT_EQ(CodeOf((*sealed)->LoadScalarIndex(kGroup, {})), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf((*sealed)->LoadScalarIndex(kGroup, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  EXPECT_FALSE((*sealed)->index_damaged(kGroup));
  injector->Disarm();
  EXPECT_NE(*(*sealed)->LoadScalarIndex(kGroup, {}), nullptr);
  MemoryBudget budget(100);
  const auto small = OpenSealed(written_, {.budget = &budget});
  const auto without = small->LoadScalarIndex(kGroup, {});
  ASSERT_OK(without);
  EXPECT_EQ(*without, nullptr);
  EXPECT_FALSE(small->index_damaged(kGroup));
}

TEST_F(ScalarIndexLoadTest, InfoWithAnIndexOfTheWrongKindIsDataLoss) {
  for (const char* field : {"vector", "nope"}) {
    SegmentInfo info = written_.info;
    info.indexes[0].field = field;
    EXPECT_EQ(CodeOf(SealedSegment::Open(written_.store, info, {}, nullptr, {})),
              absl::StatusCode::kDataLoss)
        << field;
  }
  SegmentInfo info = written_.info;
  info.indexes[0].spec = {};
  EXPECT_EQ(CodeOf(SealedSegment::Open(written_.store, info, {}, nullptr, {})),
            absl::StatusCode::kDataLoss);
}

TEST_F(ScalarIndexLoadTest, MergedSegmentHasTheIndexOfBoth) {
  const auto sealed = OpenSealed(written_);
  const std::vector<std::shared_ptr<SealedSegment>> segments = {sealed};
  const auto merged = Merge(segments, written_.store, PathOf("segments/m"), {}, {});
  ASSERT_OK(merged);
  ASSERT_EQ(merged->indexes.size(), 1u);
  EXPECT_EQ(merged->indexes[0].spec, kSorted);
  const auto opened = SealedSegment::Open(written_.store, *merged, {}, nullptr, {});
  ASSERT_OK(opened);
  EXPECT_NE(*(*opened)->LoadScalarIndex(kGroup, {}), nullptr);
}

}  // namespace
}  // namespace vecdb::segment
