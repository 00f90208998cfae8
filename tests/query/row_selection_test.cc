#include "query/row_selection.h"

#include <gtest/gtest.h>

#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::CodeOf;
using support::Ids;

class RowSelectionTest : public QueryFixture {
 protected:
  BoundFilter Bound(const RowFilter& filter) const {
    auto bound = BoundFilter::Make(filter, *schema_);
    EXPECT_OK(bound);
    return *std::move(bound);
  }

  std::vector<int64_t> Keys(const SegmentView& segment, const RowFilter& filter, uint64_t as_of,
                            uint64_t alive_from = 0) {
    const auto live = FindLiveRows(segment, Bound(filter), as_of, alive_from, {});
    EXPECT_OK(live);
    std::vector<uint32_t> rows;
    EXPECT_OK(live->ForEach({}, [&rows](uint32_t row) {
      rows.push_back(row);
      return true;
    }));
    EXPECT_EQ(*live->Count({}), rows.size());
    const auto keys = segment.Gather(0, rows, {});
    EXPECT_OK(keys);
    return {keys->int64s().begin(), keys->int64s().end()};
  }
};

TEST_F(RowSelectionTest, GrowingAndSealedRowsAreSelectedAlike) {
  const SegmentView growing = Growing(Ids(0, 200), 10);
  for (const SegmentView& segment : {growing, Sealed(growing), Loaded(Sealed(growing))}) {
    EXPECT_EQ(Keys(segment, "id >= 62 and id < 66", 10), Ids(62, 4));
    EXPECT_EQ(Keys(segment, R"(tag == "at 10")", 10), Ids(0, 200));
    EXPECT_EQ(Keys(segment, R"(tag == "at 11")", 10), Ids(0, 0));
    EXPECT_EQ(Keys(segment, {}, 10), Ids(0, 200));
    EXPECT_EQ(Keys(segment, {}, 9), Ids(0, 0));
  }
}

TEST_F(RowSelectionTest, RowsDeletedByThenAreNotAlive) {
  const SegmentView segment = Sealed(Growing(Ids(0, 10), 10));
  segment.deletes()->Set(3, 15);
  EXPECT_EQ(Keys(segment, "id in [2, 3, 4]", 14), Ids(2, 3));
  EXPECT_EQ(Keys(segment, "id in [2, 3, 4]", 15), (std::vector<int64_t>{2, 4}));
}

TEST_F(RowSelectionTest, RowsWrittenBeforeTheyWouldBeAliveAreNone) {
  const SegmentView growing = Growing(Ids(0, 70), 10);
  growing.deletes()->Set(3, 15);
  for (const SegmentView& segment : {growing, Sealed(growing), Loaded(Sealed(growing))}) {
    EXPECT_EQ(Keys(segment, "id in [2, 3, 66]", 20, 10), (std::vector<int64_t>{2, 66}));
    EXPECT_EQ(Keys(segment, "id in [2, 3, 66]", 20, 11), Ids(0, 0));
    EXPECT_EQ(Keys(segment, {}, 20, 11), Ids(0, 0));
    EXPECT_FALSE(segment.AllExpired(10));
    EXPECT_TRUE(segment.AllExpired(11));
    const std::vector<uint32_t> rows = {0, 69};
    EXPECT_EQ(*segment.FindExpired(rows, 10, {}), (std::vector<bool>{false, false}));
    EXPECT_EQ(*segment.FindExpired(rows, 11, {}), (std::vector<bool>{true, true}));
  }
}

TEST_F(RowSelectionTest, GrowingRowsThatExpiredAreAPrefix) {
  for (uint32_t expired : {0u, 1u, 63u, 64u, 65u, 130u, 199u, 200u}) {
    std::vector<uint32_t> rows;
    const LiveRows live{.mask = {.num_rows = 200}, .first_row = expired};
    ASSERT_OK(live.ForEach({}, [&rows](uint32_t row) {
      rows.push_back(row);
      return true;
    }));
    ASSERT_EQ(rows.size(), 200 - expired);
    EXPECT_EQ(*live.Count({}), 200 - expired);
    if (!rows.empty()) {
      EXPECT_EQ(rows.front(), expired);
    }
  }
}

TEST_F(RowSelectionTest, SealedSegmentsRememberWhatAFilterMatches) {
  const SegmentView growing = Growing(Ids(0, 10), 10);
  const SegmentView sealed = Sealed(growing);
  const auto first = SelectRows(sealed, Bound("id < 3"), 10, {});
  EXPECT_FALSE(first->cached);
  const auto same = SelectRows(sealed, Bound("not (id > 2)"), 10, {});
  EXPECT_TRUE(same->cached);
  EXPECT_EQ(same->bitmap, first->bitmap);
  EXPECT_EQ(same->count(), 3u);
  const SegmentSearchStats stats = StatsOf(sealed, *same);
  EXPECT_TRUE(stats.filter_cached);
  EXPECT_EQ(stats.matching_rows, 3u);
  EXPECT_EQ(stats.num_rows, 10u);
  SelectRows(growing, Bound("id < 3"), 10, {}).IgnoreError();
  EXPECT_FALSE(SelectRows(growing, Bound("id < 3"), 10, {})->cached);
}

TEST_F(RowSelectionTest, SelectBothTakesRowsThatBothMatch) {
  const SegmentView sealed = Sealed(Growing(Ids(0, 100), 10));
  const auto selection = SelectRows(sealed, Bound("id >= 50"), 10, {});
  const auto both = SelectBoth(sealed, *selection, Bound("id <= 51"), 10, {});
  ASSERT_OK(both);
  EXPECT_EQ(both->count(), 2u);
  EXPECT_EQ(selection->count(), 50u);
  EXPECT_EQ(SelectBoth(sealed, Selection(), Bound("id <= 51"), 10, {})->count(), 52u);
  EXPECT_FALSE(SelectRows(sealed, Bound("id <= 51"), 10, {})->cached);
}

TEST_F(RowSelectionTest, AHostSeesKeysAndRowsOfTheTime) {
  const SegmentView growing = Growing(Ids(5, 70), 10);
  for (const SegmentView& segment : {growing, Sealed(growing)}) {
    const auto filter = RowFilter::Custom([&](const FilteredRows& rows, std::span<uint64_t> bits) {
      EXPECT_EQ(rows.num_rows(), 70u);
      EXPECT_EQ(rows.segment(), segment.id());
      EXPECT_EQ(rows.int64_key(69), 74);
      bits[0] = 0b101;
      bits[1] = ~uint64_t{0};
      return absl::OkStatus();
    });
    EXPECT_EQ(SelectRows(segment, Bound(filter), 10, {})->count(), 2u + 6u);
    EXPECT_EQ(Bound(filter).text(), "");
    EXPECT_FALSE(Bound(filter).matches_all());
  }
  EXPECT_EQ(growing.id(), "");
}

TEST_F(RowSelectionTest, VisitsEndWhenNoMoreRowsAreWanted) {
  const LiveRows live{.mask = {.num_rows = 200'000}};
  std::vector<uint32_t> rows;
  ASSERT_OK(live.ForEach({}, [&rows](uint32_t row) {
    rows.push_back(row);
    return rows.size() < 3;
  }));
  EXPECT_EQ(rows, (std::vector<uint32_t>{0, 1, 2}));
}

TEST_F(RowSelectionTest, VisitsAndCountsStopWithTheContextAmongDeadRowsToo) {
  constexpr uint32_t kNumRows = 4 * LiveRows::kRowsPerPoll;
  const Context context{.cancel = CancelToken::Make()};
  uint32_t last = 0;
  EXPECT_EQ(CodeOf(LiveRows{.mask = {.num_rows = kNumRows}}.ForEach(context,
                                                                    [&](uint32_t row) {
                                                                      context.cancel.Cancel();
                                                                      last = row;
                                                                      return true;
                                                                    })),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(last, LiveRows::kRowsPerPoll - 1);
  const std::vector<uint64_t> times(kNumRows, 11);  // later than as_of
  const LiveRows dead{.mask = {.num_rows = kNumRows, .row_times = times.data(), .as_of = 10}};
  EXPECT_EQ(*dead.Count({}), 0u);
  EXPECT_EQ(CodeOf(dead.Count(context)), absl::StatusCode::kCancelled);
}

TEST_F(RowSelectionTest, WhatCannotBeUsedIsRefused) {
  EXPECT_EQ(CodeOf(BoundFilter::Make("idd == 1", *schema_)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(BoundFilter::Make(RowFilter::Custom(nullptr), *schema_)),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(BoundFilter::Make("  ", *schema_)->matches_all());
}

}  // namespace
}  // namespace vecdb::query
