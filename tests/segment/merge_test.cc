#include "segment/merge.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

constexpr size_t kA = 6;  // the vector columns of WideSchema
constexpr size_t kB = 10;

// Segments below segments/<number>, all in one store.
class MergeTest : public ::testing::Test {
 protected:
  // A segment with the keys of a range, some of them deleted, and the indexes asked for.
  std::shared_ptr<SealedSegment> AddSegment(int64_t begin, int64_t end, uint64_t time,
                                            const std::vector<int64_t>& deleted,
                                            const std::vector<WantedIndex>& indexes = {}) {
    const auto rows = MakeGrowing(schema_);
    const std::vector<int64_t> keys = KeyRange(begin, end);
    const size_t half = keys.size() / 2;
    Add(rows.get(), MakeRows(schema_, {keys.begin(), keys.begin() + static_cast<ptrdiff_t>(half)}),
        time);
    Add(rows.get(), MakeRows(schema_, {keys.begin() + static_cast<ptrdiff_t>(half), keys.end()}),
        time + 1);
    for (const int64_t key : deleted) {
      const auto row = rows->FindRow(schema::Key(key), kEver);
      EXPECT_TRUE(rows->deletes()->Set(*row, time + 100));
    }
    const ObjectPath folder = PathOf("segments/" + std::to_string(next_++));
    auto info = WriteSegment(*rows, indexes, store_, folder, {}, {});
    EXPECT_OK(info);
    info = WriteDeletes(*info, *rows->deletes(), kEver, *store_, {});
    EXPECT_OK(info);
    return *SealedSegment::Open(store_, *info, {}, nullptr, {});
  }
  absl::StatusOr<SegmentInfo> MergeAll(
      const std::vector<std::shared_ptr<SealedSegment>>& segments) {
    return Merge(segments, store_, PathOf("segments/merged"), {}, {});
  }

  const Schema schema_ = WideSchema();
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  int next_ = 0;
};

// All values of a row as one text, with its time.
std::vector<std::string> RowTexts(const SealedSegment& segment, bool live_only) {
  const Schema& schema = segment.info().schema;
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < segment.num_rows(); ++row) {
    if (!live_only || segment.deletes()->at(row) == 0) rows.push_back(row);
  }
  std::vector<std::string> texts(rows.size());
  const auto times = segment.GetTimestamps({});
  EXPECT_OK(times);
  for (size_t n = 0; n < rows.size(); ++n) {
    texts[n] = std::to_string((*times)->column.int64s()[rows[n]]);
  }
  for (size_t i = 0; i < NumColumns(schema); ++i) {
    const auto column = segment.Gather(i, rows, nullptr, {});
    EXPECT_OK(column);
    const auto values = Texts(schema, FieldName(schema, i), *column);
    for (size_t n = 0; n < rows.size(); ++n) texts[n] += " " + values[n];
  }
  return texts;
}

TEST_F(MergeTest, LiveRowsGoOverWholeWithTheirTimesOldestFirst) {
  const auto young = AddSegment(1000, 1050, 500, {1000, 1049});
  const auto old = AddSegment(0, 60, 100, {7, 8, 9});
  const auto middle = AddSegment(200, 230, 300, {});
  const auto info = MergeAll({young, old, middle});
  ASSERT_OK(info);
  EXPECT_EQ(info->num_rows, 48u + 57u + 30u);
  EXPECT_EQ(info->num_deletes, 0u);
  EXPECT_EQ(info->min_timestamp, 100u);
  EXPECT_EQ(info->max_timestamp, 501u);
  EXPECT_EQ(info->min_key, "0");
  EXPECT_EQ(info->max_key, "1048");
  std::vector<std::string> expected;
  for (const auto& segment : {old, middle, young}) {
    for (const std::string& text : RowTexts(*segment, true)) expected.push_back(text);
  }
  const auto merged = SealedSegment::Open(store_, *info, {}, nullptr, {});
  ASSERT_OK(merged);
  EXPECT_EQ(RowTexts(**merged, false), expected);
  EXPECT_EQ(*SegmentInfo::Read(*store_, PathOf("segments/merged")), *info);
}

TEST_F(MergeTest, MoreRowsThanAPieceGoOver) {
  const auto large = AddSegment(0, 4500, 100, {0, 4096, 4499});
  const auto info = MergeAll({large});
  ASSERT_OK(info);
  const auto merged = SealedSegment::Open(store_, *info, {}, nullptr, {});
  ASSERT_OK(merged);
  for (const int64_t key : {1, 4095, 4097, 4498}) {
    EXPECT_TRUE((*(*merged)->FindRow(schema::Key(key), kEver, {})).has_value()) << key;
  }
  for (const int64_t key : {0, 4096, 4499, 4500}) {
    EXPECT_FALSE((*(*merged)->FindRow(schema::Key(key), kEver, {})).has_value()) << key;
  }
  EXPECT_EQ((*merged)->num_rows(), 4497u);
}

TEST_F(MergeTest, IndexesThatAllHaveAreBuiltAgain) {
  const IndexSpec hnsw{.metric = Metric::kL2, .params = HnswParams{.m = 4}};
  const IndexSpec flat{.metric = Metric::kIp};
  const auto first = AddSegment(0, 30, 1, {}, {{kA, hnsw}, {kB, flat}});
  const auto second = AddSegment(30, 60, 5, {31}, {{kA, hnsw}});
  const auto third = AddSegment(60, 90, 9, {}, {{kA, hnsw}, {kB, hnsw}});
  const auto info = MergeAll({first, second, third});
  ASSERT_OK(info);
  ASSERT_EQ(info->indexes.size(), 1u);
  EXPECT_EQ(info->indexes[0].field, "a");
  EXPECT_EQ(info->indexes[0].spec, hnsw);
  const auto merged = SealedSegment::Open(store_, *info, {}, nullptr, {});
  ASSERT_OK(merged);
  const auto vectors = (*merged)->LoadVectors(kA, {});
  ASSERT_OK(vectors);
  EXPECT_NE(*(*merged)->LoadIndex(kA, **vectors, {}), nullptr);
}

TEST_F(MergeTest, IndexesOfOtherParametersAreNotInCommon) {
  const auto first = AddSegment(0, 30, 1, {}, {{kA, {.metric = Metric::kL2}}});
  const auto second = AddSegment(30, 60, 5, {}, {{kA, {.metric = Metric::kIp}}});
  const auto info = MergeAll({first, second});
  ASSERT_OK(info);
  EXPECT_TRUE(info->indexes.empty());
}

TEST_F(MergeTest, NoLiveRowIsFailedPrecondition) {
  const auto dead = AddSegment(0, 3, 1, {0, 1, 2});
  EXPECT_EQ(CodeOf(MergeAll({dead})), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(store_->List(PathOf("segments/merged"))->empty());
}

TEST_F(MergeTest, FolderThatIsNotFreshIsAlreadyExists) {
  const auto segment = AddSegment(0, 3, 1, {});
  ASSERT_OK(MergeAll({segment}));
  EXPECT_EQ(CodeOf(MergeAll({segment})), absl::StatusCode::kAlreadyExists);
}

TEST_F(MergeTest, CancelledMergeWritesNothing) {
  const auto segment = AddSegment(0, 3, 1, {});
  const std::vector<std::shared_ptr<SealedSegment>> segments = {segment};
  EXPECT_EQ(
      CodeOf(Merge(segments, store_, PathOf("segments/merged"), {}, support::CancelledContext())),
      absl::StatusCode::kCancelled);
  EXPECT_TRUE(store_->List(PathOf("segments/merged"))->empty());
}

TEST_F(MergeTest, GatheredRowsAreFoundByTheirMaps) {
  const auto young = AddSegment(1000, 1010, 500, {1000, 1009});
  const auto old = AddSegment(0, 10, 100, {0});
  const std::vector<std::shared_ptr<const SealedSegment>> both = {young, old};
  const auto gathered = GatherRows(both, {.deleted_until = kEver}, {}, {});
  ASSERT_OK(gathered);
  EXPECT_EQ(gathered->rows->num_rows(), 17u);
  for (size_t i = 0; i < both.size(); ++i) {
    const auto keys = both[i]->GetColumn(schema_.primary_key_index(), {});
    ASSERT_OK(keys);
    ASSERT_EQ(gathered->maps[i].size(), 10u);
    for (uint32_t row = 0; row < 10; ++row) {
      const uint32_t now = gathered->maps[i][row];
      EXPECT_EQ(now == kNoRow, both[i]->deletes()->at(row) != 0);
      if (now == kNoRow) continue;
      EXPECT_EQ(gathered->rows->key(now), schema::Key((*keys)->column.int64s()[row]));
    }
  }
}

TEST_F(MergeTest, RowsThatWereDeletedLaterStayAndTheirDeletesAreCarried) {
  const auto first = AddSegment(0, 10, 100, {3});     // deleted at 200
  const auto second = AddSegment(20, 30, 500, {24});  // deleted at 600
  const std::vector<std::shared_ptr<const SealedSegment>> both = {first, second};
  const auto gathered = GatherRows(both, {.deleted_until = 599}, {}, {});
  ASSERT_OK(gathered);
  EXPECT_EQ(gathered->rows->num_rows(), 19u);
  base::DeleteTimes deletes;
  for (size_t i = 0; i < both.size(); ++i) {
    CarryDeletes(*both[i]->deletes(), gathered->maps[i], &deletes);
  }
  EXPECT_EQ(deletes.count(), 1u);
  EXPECT_EQ(deletes.at(gathered->maps[1][4]), 600u);
  // A delete that came after the rows were read is found by another call.
  ASSERT_TRUE(first->deletes()->Set(9, 700));
  CarryDeletes(*first->deletes(), gathered->maps[0], &deletes);
  EXPECT_EQ(deletes.count(), 2u);
  EXPECT_EQ(deletes.at(gathered->maps[0][9]), 700u);
}

TEST_F(MergeTest, ExpiredRowsAreLeftOutAndCounted) {
  const auto old = AddSegment(0, 10, 100, {3, 4});
  const auto young = AddSegment(20, 30, 500, {24});
  const std::vector<std::shared_ptr<const SealedSegment>> both = {old, young};
  const uint64_t end = old->info().max_timestamp + 1;
  const auto all = GatherRows(both, {.written_before = old->info().min_timestamp}, {}, {});
  ASSERT_OK(all);
  EXPECT_EQ(all->rows->num_rows(), 20u);
  EXPECT_EQ(all->num_expired, 0u);
  const auto gathered = GatherRows(both, {.deleted_until = 0, .written_before = end}, {}, {});
  ASSERT_OK(gathered);
  EXPECT_EQ(gathered->rows->num_rows(), 10u);
  EXPECT_EQ(gathered->num_expired, 10u);  // with those that were deleted later
  EXPECT_EQ(gathered->maps[0], RowMap(10, kNoRow));
  EXPECT_EQ(gathered->maps[1], AllRows(10));
}

}  // namespace
}  // namespace vecdb::segment
