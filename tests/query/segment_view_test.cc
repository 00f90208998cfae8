#include "query/segment_view.h"

#include <gtest/gtest.h>

#include "query/query_testing.h"

namespace vecdb::query {
namespace {

class SegmentViewTest : public QueryFixture {};

TEST_F(SegmentViewTest, GrowingAndSealedRowsGiveTheSame) {
  SegmentView view = Growing({5, 3, 9}, 10);
  ASSERT_TRUE(view.growing->deletes()->Set(1, 20));  // key 3
  for (const bool sealed : {false, true}) {
    if (sealed) view = Sealed(view);
    EXPECT_EQ(view.num_rows(), 3u);
    EXPECT_EQ(view.deletes()->count(), 1u);
    EXPECT_EQ(*view.FindRow(schema::Key(int64_t{9}), 10, {}), 2u);
    EXPECT_EQ(*view.FindRow(schema::Key(int64_t{9}), 9, {}), std::nullopt);
    EXPECT_EQ(*view.FindRow(schema::Key(int64_t{3}), 19, {}), 1u);
    EXPECT_EQ(*view.FindRow(schema::Key(int64_t{3}), 20, {}), std::nullopt);
    EXPECT_EQ(*view.FindRow(schema::Key(int64_t{4}), 30, {}), std::nullopt);
    const auto ids = view.Gather(0, std::vector<uint32_t>{2, 0, 0}, {});
    ASSERT_OK(ids);
    EXPECT_EQ(std::vector<int64_t>(ids->int64s().begin(), ids->int64s().end()),
              (std::vector<int64_t>{9, 5, 5}));
    const auto vectors = view.Gather(2, std::vector<uint32_t>{1}, {});
    ASSERT_OK(vectors);
    EXPECT_TRUE(std::ranges::equal(vectors->vector(0), support::GridVector(3, 4)));
  }
}

// Until the sealed rows are loaded, the growing ones of the same segment are searched.
TEST_F(SegmentViewTest, SealedRowsAreReadOnceTheyAreResident) {
  SegmentView view = Growing({1, 2}, 10);
  EXPECT_FALSE(view.reads_sealed());
  const SegmentView sealed = Sealed(view);
  EXPECT_TRUE(sealed.reads_sealed());
  view.sealed = sealed.sealed;
  EXPECT_FALSE(view.reads_sealed());
  view.resident = Loaded(sealed).resident;
  EXPECT_TRUE(view.reads_sealed());
  EXPECT_EQ(view.deletes(), sealed.deletes());
}

}  // namespace
}  // namespace vecdb::query
