#include "query/nearest.h"

#include <gtest/gtest.h>

#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::CodeOf;
using support::Ids;

class NearestTest : public QueryFixture {
 protected:
  SnapshotSearch SearchOf(std::span<const SegmentView> segments) const {
    return {.schema = schema_,
            .segments = segments,
            .as_of = 10,
            .column = 2,
            .vectors = query_,
            .output_columns = {0}};
  }

  // (distance, key) of the nearest rows.
  std::vector<std::pair<float, int64_t>> Nearest(const SnapshotSearch& search, uint32_t k) {
    std::vector<std::pair<float, int64_t>> rows;
    stats_.assign(search.segments.size(), {});
    const auto selections = SelectAll(search, {});
    EXPECT_OK(selections);
    const auto found = FindNearest(search, *selections, query_, k, {}, stats_);
    EXPECT_OK(found);
    for (const Found& row : found->front()) {
      const auto key =
          search.segments[row.place.segment].Gather(0, std::span(&row.place.row, 1), {});
      rows.emplace_back(row.distance, key->int64s()[0]);
    }
    return rows;
  }

  const std::vector<float> query_ = {1, 1, 2, 0};
  std::vector<SegmentSearchStats> stats_;
};

TEST_F(NearestTest, SearchesGoOnBehindAPlace) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 100), 10),
                                             Loaded(Sealed(Growing(Ids(100, 100), 10)))};
  SnapshotSearch search = SearchOf(segments);
  search.exact = true;
  const auto all = Nearest(search, 200);
  ASSERT_EQ(all.size(), 200u);
  for (const size_t at : {0u, 17u, 100u, 198u, 199u}) {
    search.after.emplace(all[at].first, schema::Key(all[at].second));
    const auto rest = Nearest(search, 5);
    const auto begin = all.begin() + static_cast<ptrdiff_t>(at) + 1;
    EXPECT_EQ(rest, decltype(all)(begin, begin + std::min<ptrdiff_t>(5, all.end() - begin))) << at;
  }
}

TEST_F(NearestTest, OnlyDistancesBetweenTheBoundsCount) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 100), 10),
                                             Loaded(Sealed(Growing(Ids(100, 100), 10)))};
  SnapshotSearch search = SearchOf(segments);
  auto expected = Nearest(search, 200);
  search.range.min_distance = 3;
  search.range.max_distance = 6;
  std::erase_if(expected, [](const auto& row) { return row.first < 3 || row.first >= 6; });
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(Nearest(search, 200), expected);
}

TEST_F(NearestTest, SegmentsWithoutAMatchAreNotLookedAt) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 10), 10), Growing(Ids(50, 10), 10)};
  SnapshotSearch search = SearchOf(segments);
  search.filter = *BoundFilter::Make("id >= 50", *schema_);
  EXPECT_EQ(Nearest(search, 20).size(), 10u);
  EXPECT_EQ(stats_[0].plan, SearchPlan::kNothing);
  EXPECT_EQ(stats_[0].distances, 0u);
  EXPECT_EQ(stats_[1].plan, SearchPlan::kExactScan);
  EXPECT_EQ(stats_[1].distances, 10u);
}

TEST_F(NearestTest, DamagedSegmentsAreAnErrorOrLeftOut) {
  std::vector<SegmentView> segments = {Growing(Ids(0, 10), 10), Growing(Ids(50, 10), 10)};
  segments[0].damage = absl::DataLossError("gone");
  SnapshotSearch search = SearchOf(segments);
  EXPECT_EQ(CodeOf(SelectAll(search, {})), absl::StatusCode::kDataLoss);
  search.allow_partial = true;
  EXPECT_EQ(SelectAll(search, {})->skipped, (std::vector<bool>{true, false}));
  EXPECT_EQ(Nearest(search, 20).size(), 10u);
}

}  // namespace
}  // namespace vecdb::query
