#include "query/rows_by_key.h"

#include <gtest/gtest.h>

#include <limits>

#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::CodeOf;
using support::Ids;

class RowsByKeyTest : public QueryFixture {
 protected:
  std::vector<int64_t> Keys(const RowQuery& query) {
    const auto places = FindRows(query, {});
    EXPECT_OK(places);
    std::vector<int64_t> keys;
    for (const RowPlace& place : *places) {
      keys.push_back(
          query.segments[place.segment].Gather(0, std::span(&place.row, 1), {})->int64s()[0]);
    }
    return keys;
  }

  BoundFilter Where(const char* text) const { return *BoundFilter::Make(text, *schema_); }

  // Keys 0 to 299 in no order, in segments of every kind.
  std::vector<SegmentView> Segments() {
    std::vector<std::vector<int64_t>> parts(3);
    for (int64_t id = 0; id < 300; ++id)
      parts[static_cast<size_t>(id % 3)].push_back(299 - id * 7 % 300);
    return {Growing(parts[0], 10), Sealed(Growing(parts[1], 10)),
            Loaded(Sealed(Growing(parts[2], 10)))};
  }
};

TEST_F(RowsByKeyTest, TheFirstRowsByKeyComeFromAllSegments) {
  const auto segments = Segments();
  for (const uint64_t limit : {1u, 10u, 299u, 300u, 1000u}) {
    RowQuery query{.segments = segments, .as_of = 10, .limit = limit};
    EXPECT_EQ(Keys(query), Ids(0, std::min<size_t>(limit, 300)));
    query.filter = Where("id >= 100");
    EXPECT_EQ(Keys(query), Ids(100, std::min<size_t>(limit, 200)));
    query.filter = Where("id in [7, 299, 150]");  // few, which are sorted
    EXPECT_EQ(Keys(query).size(), std::min<size_t>(limit, 3));
    EXPECT_EQ(Keys(query)[0], 7);
    query.filter = Where("id > 1000");
    EXPECT_TRUE(Keys(query).empty());
  }
}

TEST_F(RowsByKeyTest, OnlyRowsBehindAKeyCome) {
  const auto segments = Segments();
  RowQuery query{.segments = segments, .as_of = 10, .limit = 20};
  query.after = schema::Key(int64_t{40});
  EXPECT_EQ(Keys(query), Ids(41, 20));
  query.filter = Where("id in [40, 41, 200]");
  EXPECT_EQ(Keys(query), (std::vector<int64_t>{41, 200}));
  query.after = schema::Key(int64_t{299});
  EXPECT_TRUE(Keys(query).empty());
}

TEST_F(RowsByKeyTest, CountsAreExactWhateverTheLimit) {
  const auto segments = Segments();
  segments[1].deletes()->Set(0, 10);
  RowQuery query{.segments = segments, .as_of = 10, .limit = 1};
  EXPECT_EQ(*CountRows(query, {}), 299u);
  query.filter = Where("id < 150");
  EXPECT_LE(*CountRows(query, {}), 150u);
  EXPECT_GE(*CountRows(query, {}), 149u);
  query.as_of = 9;
  EXPECT_EQ(*CountRows(query, {}), 0u);
}

TEST_F(RowsByKeyTest, DamageAndTheEndOfTheContextAreErrors) {
  auto segments = Segments();
  Context cancelled{.cancel = CancelToken::Make()};
  cancelled.cancel.Cancel();
  RowQuery query{.segments = segments, .as_of = 10, .limit = 1};
  EXPECT_EQ(CodeOf(FindRows(query, cancelled)), absl::StatusCode::kCancelled);
  segments[2].damage = absl::DataLossError("gone");
  query.segments = segments;
  EXPECT_EQ(CodeOf(FindRows(query, {})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(CountRows(query, {})), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace vecdb::query
