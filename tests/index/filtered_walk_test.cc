#include "index/filtered_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "index/hnsw_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

// Rows at 0, 1, 2, ... on a line, each linked to the one before and the one behind.
struct Line {
  static constexpr uint32_t kRows = 130;

  Line() : rows(Values(), 1), graph(*HnswGraph::Make(kRows, 1, {}, {})) {
    graph.entry_row = 0;
    for (uint32_t row = 0; row < kRows; ++row) {
      uint32_t* const links = graph.level(0).of(row);
      links[0] = row == 0 ? 1 : row - 1;
      links[1] = row == 0 || row + 1 == kRows ? kNoRow : row + 1;
    }
  }

  static std::vector<float> Values() {
    std::vector<float> values(kRows);
    for (uint32_t row = 0; row < kRows; ++row) values[row] = static_cast<float>(row);
    return values;
  }

  const TestRows rows;
  HnswGraph graph;
};

std::vector<uint64_t> BitmapOf(uint32_t num_rows, std::initializer_list<uint32_t> allowed) {
  std::vector<uint64_t> words((num_rows + 63) / 64);
  for (const uint32_t row : allowed) words[row / 64] |= uint64_t{1} << (row % 64);
  return words;
}

std::vector<Candidate> PoolOf(const WalkScratch& scratch) {
  std::vector<Candidate> found;
  for (size_t i = 0; i < scratch.pool.size(); ++i) {
    found.push_back({scratch.pool.distance(i), scratch.pool.node(i)});
  }
  return found;
}

// Walks from `start` to the row nearest to `query`, and returns what the pool holds.
std::vector<Candidate> WalkFrom(const VectorView& view, const HnswGraph& graph, const float* query,
                                const base::RowMask& mask, uint32_t start, size_t ef,
                                bool against) {
  const QueryDistance distance(view, Metric::kL2, query);
  WalkScratch scratch(*VisitedMarks::Make(view.num_rows, {}));
  const Context context;
  Poller poller(context, view.dim);
  const FilteredWalk walk{
      .level = graph.level(0), .mask = mask, .num_allowed = mask.Estimate(), .ef = ef};
  EXPECT_OK(WalkAllowed(walk, distance, {start, distance.One(start)}, against, &scratch, &poller));
  return PoolOf(scratch);
}

std::vector<uint32_t> RowsOnLine(std::initializer_list<uint32_t> allowed, uint32_t start,
                                 bool against) {
  const Line line;
  const std::vector<uint64_t> words = BitmapOf(Line::kRows, allowed);
  const base::RowMask mask{.num_rows = Line::kRows, .allowed = words.data()};
  const float query = 0;
  std::vector<uint32_t> rows;
  for (const Candidate& found :
       WalkFrom(line.rows.view(), line.graph, &query, mask, start, 10, against)) {
    rows.push_back(found.row);
  }
  return rows;
}

using Rows = std::vector<uint32_t>;

TEST(FilteredWalkTest, PassesThroughTwoMaskedRowsButNotThree) {
  EXPECT_EQ(RowsOnLine({0, 3, 6, 8, 9}, 0, false), (Rows{0, 3, 6, 8, 9}));
  EXPECT_EQ(RowsOnLine({0, 3, 7, 8}, 0, false), (Rows{0, 3}));
}

TEST(FilteredWalkTest, BeginsAtAMaskedRowToo) {
  EXPECT_EQ(RowsOnLine({3, 6, 8}, 5, false), (Rows{3, 6, 8}));
}

TEST(FilteredWalkTest, BeginsElsewhereWhereNothingIsAllowedNearby) {
  EXPECT_EQ(RowsOnLine({50, 52, 129}, 5, false), (Rows{50, 52, 129}));
}

TEST(FilteredWalkTest, BeginsEverywhereWhenTheFilterGoesAgainstTheQuery) {
  EXPECT_EQ(RowsOnLine({0, 50, 52, 129}, 0, false), (Rows{0}));
  EXPECT_EQ(RowsOnLine({0, 50, 52, 129}, 0, true), (Rows{0, 50, 52, 129}));
}

TEST(FilteredWalkTest, FindsNothingWhereNothingIsAllowed) {
  EXPECT_EQ(RowsOnLine({}, 5, false), Rows{});
  EXPECT_EQ(RowsOnLine({}, 5, true), Rows{});
}

class RandomWalkTest : public ::testing::Test {
 protected:
  RandomWalkTest()
      : rows_(RandomRows(1500, 6, 1)),
        graph_(BuildGraph(rows_, Metric::kL2, {.m = 6, .ef_construction = 40})),
        query_(RandomValues(6, 2)) {}

  std::vector<Candidate> Walk(const base::RowMask& mask, size_t ef, bool against) const {
    return WalkFrom(rows_.view(), graph_, query_.data(), mask, graph_.entry_row, ef, against);
  }

  const TestRows rows_;
  const HnswGraph graph_;
  const std::vector<float> query_;
};

TEST_F(RandomWalkTest, AWalkThatKeepsAllFindsAllAllowedRowsOnceAndNoOthers) {
  for (const double share : {0.9, 0.5, 0.2, 0.1}) {
    const std::vector<uint64_t> bitmap = RandomBitmap(1500, share, 3);
    const base::RowMask mask{.num_rows = 1500, .allowed = bitmap.data()};
    const auto expected = NaiveSearch(rows_.view(), Metric::kL2, query_.data(), mask, 1500);
    for (const bool against : {false, true}) {
      SCOPED_TRACE(testing::Message() << share << " " << against);
      EXPECT_EQ(Walk(mask, 1500, against), expected);
    }
  }
}

TEST_F(RandomWalkTest, KeepsTheNearestItMetAndForAnUnfavourableQueryThriceAsMany) {
  const std::vector<uint64_t> bitmap = RandomBitmap(1500, 0.5, 4);
  const base::RowMask mask{.num_rows = 1500, .allowed = bitmap.data()};
  for (const bool against : {false, true}) {
    const std::vector<Candidate> found = Walk(mask, 20, against);
    EXPECT_EQ(found.size(), against ? 60U : 20U);
    EXPECT_TRUE(std::is_sorted(
        found.begin(), found.end(),
        [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; }));
  }
}

// Deletes and times mask rows just as a bitmap does.
TEST_F(RandomWalkTest, TheFormOfTheMaskDoesNotMatter) {
  const std::vector<uint64_t> bitmap = RandomBitmap(1500, 0.4, 5);
  base::DeleteTimes deletes;
  std::vector<uint64_t> times(1500);
  for (uint32_t row = 0; row < 1500; ++row) {
    const bool allowed = ((bitmap[row / 64] >> (row % 64)) & 1) != 0;
    times[row] = allowed || row % 2 == 0 ? 10 : 11;
    if (!allowed && row % 2 == 0) deletes.Set(row, 9);
    if (allowed && row % 3 == 0) deletes.Set(row, 11);  // later than the search
  }
  const base::RowMask plain{.num_rows = 1500, .allowed = bitmap.data()};
  const base::RowMask timed{
      .num_rows = 1500, .deletes = &deletes, .row_times = times.data(), .as_of = 10};
  for (const bool against : {false, true}) {
    EXPECT_EQ(Walk(plain, 50, against), Walk(timed, 50, against));
  }
}

TEST_F(RandomWalkTest, LooksAtTheContextWhileItWalks) {
  const std::vector<uint64_t> bitmap = RandomBitmap(1500, 0.5, 6);
  const base::RowMask mask{.num_rows = 1500, .allowed = bitmap.data()};
  const QueryDistance distance(rows_.view(), Metric::kL2, query_.data());
  const FilteredWalk walk{.level = graph_.level(0), .mask = mask, .num_allowed = 750, .ef = 10};
  WalkScratch scratch(*VisitedMarks::Make(1500, {}));
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  const Context cancelled{.cancel = token};
  Poller poller(cancelled, 1 << 20);  // so wide that every step is worth a look
  const HnswStart start{graph_.entry_row, distance.One(graph_.entry_row)};
  EXPECT_EQ(CodeOf(WalkAllowed(walk, distance, start, false, &scratch, &poller)),
            absl::StatusCode::kCancelled);
}

TEST_F(RandomWalkTest, AnIndependentFilterGoesAgainstNoRow) {
  for (const double share : {1.0, 0.9, 0.5, 0.1, 0.01, 0.0}) {
    const std::vector<uint64_t> bitmap = RandomBitmap(1500, share, 7);
    const base::RowMask mask{.num_rows = 1500, .allowed = bitmap.data()};
    const FilteredWalk walk{.level = graph_.level(0), .mask = mask, .num_allowed = mask.Estimate()};
    size_t against = 0;
    for (uint32_t row = 0; row < 1500; ++row) against += FilterGoesAgainst(walk, row);
    EXPECT_LE(against, 30U) << share;  // chance, in two of a hundred
  }
}

TEST(FilterGoesAgainstTest, IsTrueWhereAllIsMaskedAndAllowedRowsAreElsewhere) {
  const TestRows rows = ClusteredRows(1000, 4, 2, 8);
  const HnswGraph graph = BuildGraph(rows, Metric::kL2, {.m = 8, .ef_construction = 40});
  std::vector<uint64_t> second(1000 / 64 + 1);
  for (uint32_t row = 500; row < 1000; ++row) second[row / 64] |= uint64_t{1} << (row % 64);
  const base::RowMask mask{.num_rows = 1000, .allowed = second.data()};
  const FilteredWalk walk{.level = graph.level(0), .mask = mask, .num_allowed = 500};
  size_t first_against = 0;
  size_t second_against = 0;
  for (uint32_t row = 0; row < 1000; ++row) {
    (row < 500 ? first_against : second_against) += FilterGoesAgainst(walk, row);
  }
  EXPECT_GE(first_against, 490U);  // all but the bridges
  EXPECT_EQ(second_against, 0U);
}

}  // namespace
}  // namespace vecdb::index
