#include "index/hnsw_search.h"

#include <gtest/gtest.h>

#include "index/hnsw_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

class HnswSearchTest : public ::testing::Test {
 protected:
  HnswSearchTest()
      : rows_(RandomRows(2000, 10, 1)),
        graph_(BuildGraph(rows_, Metric::kL2, {.m = 4, .ef_construction = 40})),
        scratch_(*VisitedMarks::Make(2000, {})) {}

  QueryDistance DistanceTo(uint32_t row) const {
    return {rows_.view(), Metric::kL2, simd::KernelsFor(Metric::kL2), row};
  }

  const TestRows rows_;
  const HnswGraph graph_;
  WalkScratch scratch_;
  const Context context_;
};

TEST_F(HnswSearchTest, DescendEndsAtANodeWithoutNearerNeighbours) {
  ASSERT_GE(graph_.top_level(), 2U);
  for (uint32_t row = 0; row < 50; ++row) {
    const QueryDistance distance = DistanceTo(row);
    Poller poller(context_, 10);
    const auto found = Descend(graph_, distance, 0, &scratch_, &poller);
    ASSERT_OK(found);
    EXPECT_EQ(found->distance, distance.One(graph_.RowOf(found->node)));
    const HnswLevel level = graph_.level(1);
    const uint32_t* links = level.of(found->node);
    for (size_t i = 0; i < CountLinks(links, level.degree); ++i) {
      EXPECT_GE(distance.One(level.row(links[i])), found->distance);
    }
  }
}

TEST_F(HnswSearchTest, DescendToTheTopStaysAtTheEntry) {
  Poller poller(context_, 10);
  const auto found = Descend(graph_, DistanceTo(5), graph_.top_level(), &scratch_, &poller);
  ASSERT_OK(found);
  EXPECT_EQ(found->node, 0U);
}

TEST_F(HnswSearchTest, AWalkThatKeepsAllFindsAllExactly) {
  const QueryDistance distance = DistanceTo(7);
  Poller poller(context_, 10);
  const HnswStart entry{graph_.entry_row, distance.One(graph_.entry_row)};
  ASSERT_OK(WalkLevel(graph_.level(0), distance, entry, 2000, &scratch_, &poller));
  ASSERT_EQ(scratch_.pool.size(), 2000U);
  const auto expected =
      NaiveSearch(rows_.view(), Metric::kL2, rows_.view().row(7), {.num_rows = 2000}, 2000);
  for (size_t i = 0; i < 2000; ++i) {
    EXPECT_EQ(scratch_.pool.distance(i), expected[i].distance);
  }
}

TEST_F(HnswSearchTest, AWalkOfAnUpperLevelKeepsItsNodes) {
  const QueryDistance distance = DistanceTo(7);
  Poller poller(context_, 10);
  const HnswLevel level = graph_.level(1);
  const HnswStart entry{0, distance.One(graph_.entry_row)};
  ASSERT_OK(WalkLevel(level, distance, entry, 30, &scratch_, &poller));
  ASSERT_EQ(scratch_.pool.size(), 30U);
  for (size_t i = 0; i < 30; ++i) {
    ASSERT_LT(scratch_.pool.node(i), graph_.num_nodes(1));
    EXPECT_EQ(scratch_.pool.distance(i), distance.One(level.row(scratch_.pool.node(i))));
  }
}

TEST_F(HnswSearchTest, MoreEffortFindsMore) {
  double low = 0, high = 0;
  for (uint32_t row = 0; row < 100; ++row) {
    const std::vector<float> query = RandomValues(10, row);
    const QueryDistance distance(rows_.view(), Metric::kL2, query.data());
    const auto expected =
        NaiveSearch(rows_.view(), Metric::kL2, query.data(), {.num_rows = 2000}, 10);
    for (const size_t ef : std::initializer_list<size_t>{10, 100}) {
      Poller poller(context_, 10);
      const HnswStart entry{graph_.entry_row, distance.One(graph_.entry_row)};
      ASSERT_OK(WalkLevel(graph_.level(0), distance, entry, ef, &scratch_, &poller));
      std::vector<Candidate> found;
      for (size_t i = 0; i < 10; ++i)
        found.push_back({scratch_.pool.distance(i), scratch_.pool.node(i)});
      (ef == 10 ? low : high) += RecallOf(found, expected) / 100;
    }
  }
  EXPECT_LT(low, high);
  EXPECT_GE(high, 0.97);
}

TEST_F(HnswSearchTest, LooksAtTheContextWhileItWalks) {
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  const Context cancelled{.cancel = token};
  Poller poller(cancelled, 1 << 20);  // so wide that every step is worth a look
  const QueryDistance distance = DistanceTo(7);
  const HnswStart entry{graph_.entry_row, distance.One(graph_.entry_row)};
  EXPECT_EQ(CodeOf(WalkLevel(graph_.level(0), distance, entry, 10, &scratch_, &poller)),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
