#include "query/grouped.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::Ids;

// Rows of one tag each segment: "at 10", "at 11", ...
class GroupedTest : public QueryFixture {
 protected:
  std::vector<std::string> Tags(const SnapshotSearch& search) {
    std::vector<SegmentSearchStats> stats(search.segments.size());
    const auto selections = SelectAll(search, {});
    EXPECT_OK(selections);
    const auto found = FindGrouped(search, *selections, query_.data(), {}, stats);
    EXPECT_OK(found);
    std::vector<std::string> tags;
    for (const Found& row : *found) {
      const auto tag =
          search.segments[row.place.segment].Gather(1, std::span(&row.place.row, 1), {});
      tags.emplace_back(tag->string(0));
    }
    return tags;
  }

  SnapshotSearch SearchOf(std::span<const SegmentView> segments, uint32_t limit,
                          uint32_t group_size) const {
    return {.schema = schema_,
            .segments = segments,
            .as_of = 1000,
            .column = 2,
            .vectors = query_,
            .limit = limit,
            .group_column = 1,
            .group_size = group_size,
            .output_columns = {0}};
  }

  const std::vector<float> query_ = {1, 1, 2, 0};
};

TEST_F(GroupedTest, ARareValueIsFoundBehindManyRowsOfOthers) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 3000), 10), Growing({5000}, 11),
                                             Loaded(Sealed(Growing(Ids(6000, 2), 12)))};
  auto tags = Tags(SearchOf(segments, 3, 1));
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(tags, (std::vector<std::string>{"at 10", "at 11", "at 12"}));
  EXPECT_EQ(Tags(SearchOf(segments, 10, 1)).size(), 3u);
}

TEST_F(GroupedTest, GroupsAreFilledAsFarAsTheirRowsGo) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 3000), 10), Growing({5000}, 11),
                                             Loaded(Sealed(Growing(Ids(6000, 2), 12)))};
  std::map<std::string, int> counts;
  for (const std::string& tag : Tags(SearchOf(segments, 3, 100))) ++counts[tag];
  EXPECT_EQ(counts, (std::map<std::string, int>{{"at 10", 100}, {"at 11", 1}, {"at 12", 2}}));
}

TEST_F(GroupedTest, NoRowsMakeNoGroups) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 30), 10)};
  SnapshotSearch search = SearchOf(segments, 3, 2);
  search.filter = *BoundFilter::Make("id < 0", *schema_);
  EXPECT_TRUE(Tags(search).empty());
  search.filter = {};
  search.offset = 1;
  EXPECT_TRUE(Tags(search).empty());
}

}  // namespace
}  // namespace vecdb::query
