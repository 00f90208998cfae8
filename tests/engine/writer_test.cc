#include "engine/writer.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class WriterTest : public CoreFixture {
 protected:
  WriterTest() : CoreFixture({.num_shards = 3}) {}

  size_t LiveAt(const Snapshot& snapshot, const std::vector<int64_t>& ids) {
    const auto places =
        FindLiveRows(*core_, *snapshot.view, snapshot.as_of, schema::KeyColumn(Keys(ids)), {});
    EXPECT_OK(places);
    size_t live = 0;
    for (const auto& place : *places) live += place.has_value() ? 1 : 0;
    return live;
  }

  Writer writer_{core_.get()};
};

TEST_F(WriterTest, RowsGoToTheShardOfTheirKey) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 60)), false, {}, {}));
  const Snapshot snapshot = core_->Read();
  ASSERT_EQ(snapshot.view->segments.size(), 3u);
  uint64_t rows = 0;
  for (const query::SegmentView& segment : snapshot.view->segments) {
    rows += segment.num_rows();
    for (uint32_t row = 0; row < segment.num_rows(); ++row) {
      EXPECT_EQ(segment.growing->key(row).Shard(3), segment.shard);
    }
  }
  EXPECT_EQ(rows, 60u);
}

TEST_F(WriterTest, SnapshotBeforeAWriteDoesNotSeeIt) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 10)), false, {}, {}));
  const Snapshot before = core_->Read();
  ASSERT_OK(writer_.Insert(Rows(Ids(10, 10)), false, {}, {}));
  ASSERT_OK(writer_.Delete({0, 1, 2}, {}, {}));
  ASSERT_OK(writer_.Insert(Rows(Ids(5, 3), "new"), true, {}, {}));
  EXPECT_EQ(LiveAt(before, Ids(0, 30)), 10u);
  EXPECT_EQ(LiveAt(core_->Read(), Ids(0, 30)), 17u);
  EXPECT_EQ(core_->Read().live_rows, 17u);
}

TEST_F(WriterTest, UpsertIsOneTimestamp) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 30)), false, {}, {}));
  const auto result = writer_.Insert(Rows(Ids(0, 30), "new"), true, {}, {});
  ASSERT_OK(result);
  EXPECT_EQ(result->delete_count, 30u);
  Snapshot snapshot = core_->Read();
  EXPECT_EQ(snapshot.as_of, result->timestamp);
  for (const uint64_t as_of : {result->timestamp - 1, result->timestamp}) {
    snapshot.as_of = as_of;
    EXPECT_EQ(LiveAt(snapshot, Ids(0, 30)), 30u);
  }
}

TEST_F(WriterTest, FailedWriteMovesNothing) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 10)), false, {}, {}));
  const Snapshot before = core_->Read();
  EXPECT_EQ(CodeOf(writer_.Insert(Rows(Ids(9, 10)), false, {}, {})),
            absl::StatusCode::kAlreadyExists);
  core_->RefuseWrites(absl::UnknownError("lost"));
  EXPECT_EQ(CodeOf(writer_.Insert(Rows(Ids(20, 10)), false, {}, {})),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(writer_.Delete({1}, {}, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(core_->Read().as_of, before.as_of);
  EXPECT_EQ(core_->Read().live_rows, 10u);
}

TEST_F(WriterTest, DeleteCountsEachRowOnce) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 10)), false, {}, {}));
  EXPECT_EQ(writer_.Delete({3, 3, 4, 77, 3}, {}, {})->delete_count, 2u);
  EXPECT_EQ(writer_.Delete({3, 4}, {}, {})->delete_count, 0u);
  EXPECT_EQ(core_->Read().live_rows, 8u);
}

// The rows of the next batch must not be among what the seal gives to a flush.
TEST_F(WriterTest, SealGivesTheSegmentsOfNowAndTheNextBatchMakesNewOnes) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 30)), false, {}, {}));
  EXPECT_GT(writer_.largest_growing_bytes(), 0u);
  const auto sealed = writer_.Seal({});
  ASSERT_OK(sealed);
  EXPECT_EQ(writer_.largest_growing_bytes(), 0u);
  ASSERT_OK(writer_.Insert(Rows(Ids(30, 30)), false, {}, {}));
  EXPECT_EQ(sealed->snapshot.view->segments.size(), 3u);
  EXPECT_EQ(core_->Read().view->segments.size(), 6u);
  EXPECT_EQ(LiveAt(sealed->snapshot, Ids(0, 60)), 30u);
  uint64_t rows = 0;
  for (const query::SegmentView& segment : sealed->snapshot.view->segments)
    rows += segment.num_rows();
  EXPECT_EQ(rows, 30u);
}

TEST_F(WriterTest, BytesAreThoseOfTheRowsNotOfTheirRoom) {
  ASSERT_OK(writer_.Insert(Rows({1}), false, {}, {}));
  EXPECT_LT(writer_.largest_growing_bytes(), 100000u);
  ASSERT_OK(writer_.Insert(Rows(Ids(2, 20000)), false, {}, {}));
  EXPECT_GT(writer_.largest_growing_bytes(), 20000u / 3 * 40);
}

TEST_F(WriterTest, ForgetGivesTheMemoryBack) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 30)), false, {}, {}));
  EXPECT_GT(budget_.used_bytes(), 0u);
  ASSERT_OK(core_->StopCalls(absl::FailedPreconditionError("closed"), {}));
  core_->DropView();
  writer_.Forget();
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST(WriterKeysTest, KeysMustBeOfTheTypeOfThePrimaryKey) {
  const Schema numbers = support::TaggedSchema();
  Schema texts = numbers;
  texts.fields[0] = {
      .name = "id", .type = DataType::kVarChar, .primary_key = true, .max_length = 9};
  EXPECT_OK(CheckKeyType(numbers, {1}));
  EXPECT_OK(CheckKeyType(texts, {std::string("a")}));
  EXPECT_EQ(CodeOf(CheckKeyType(texts, {1})), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(CheckKeyType(numbers, {std::string("a")})), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::engine
