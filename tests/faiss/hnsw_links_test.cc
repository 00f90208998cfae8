#include "faiss/hnsw_links.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "faiss/faiss_testing.h"

namespace vecdb::faiss {
namespace {

using HnswLinksTest = FaissFixture;
using ::faiss::HNSW;

constexpr uint32_t kGraphRows = 500;

// A graph with several levels.
std::unique_ptr<::faiss::IndexHNSWFlat> SmallGraph() {
  const std::vector<float> rows = index::RandomRows(kGraphRows, kTestDim, 7).values();
  return Filled(EmptyHnsw(Metric::kL2, 4), rows);
}

absl::StatusOr<index::HnswGraph> Read(const HNSW& hnsw, uint32_t num_rows = kGraphRows) {
  return GraphFromFaiss(hnsw, num_rows, {}, {});
}

size_t RowOfLevels(const HNSW& hnsw, int levels) {
  for (size_t row = 0; row < hnsw.levels.size(); ++row) {
    if (hnsw.levels[row] == levels) return row;
  }
  ADD_FAILURE() << "no row of " << levels << " levels";
  return 0;
}

TEST_F(HnswLinksTest, NodesOfHigherLevelsComeFirstAndTheEntryBeforeAll) {
  const auto index = SmallGraph();
  ASSERT_GE(index->hnsw.max_level, 2);
  const auto graph = Read(index->hnsw);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->m, 4U);
  EXPECT_EQ(graph->top_level(), static_cast<size_t>(index->hnsw.max_level));
  EXPECT_EQ(graph->RowOf(0), static_cast<uint32_t>(index->hnsw.entry_point));
  EXPECT_EQ(graph->entry_row, graph->RowOf(0));
  for (size_t level = 1; level <= graph->top_level(); ++level) {
    for (uint32_t node = 0; node < graph->num_nodes(1); ++node) {
      const bool there = index->hnsw.levels[graph->RowOf(node)] > static_cast<int>(level);
      EXPECT_EQ(there, node < graph->num_nodes(level));
    }
  }
}

TEST_F(HnswLinksTest, LinksComeBackAsTheyWere) {
  const auto index = SmallGraph();
  const auto graph = Read(index->hnsw);
  ASSERT_OK(graph);
  HNSW back(4);
  ASSERT_OK(GraphToFaiss(*graph, {}, &back));
  EXPECT_EQ(back.levels, index->hnsw.levels);
  EXPECT_EQ(back.offsets, index->hnsw.offsets);
  EXPECT_EQ(back.neighbors, index->hnsw.neighbors);
  EXPECT_EQ(back.entry_point, index->hnsw.entry_point);
  EXPECT_EQ(back.max_level, index->hnsw.max_level);
}

TEST_F(HnswLinksTest, UnusualDegreesMakeRoom) {
  HNSW hnsw(4);
  hnsw.set_nb_neighbors(0, 11);
  hnsw.levels = {1, 1};
  hnsw.offsets = {0, 11, 22};
  hnsw.neighbors.assign(22, -1);
  hnsw.neighbors[0] = 1;
  hnsw.neighbors[11] = 0;
  hnsw.entry_point = 0;
  hnsw.max_level = 0;
  const auto graph = Read(hnsw, 2);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->m, 6U);
  EXPECT_EQ(graph->level(0).of(0)[0], 1U);
  EXPECT_EQ(graph->level(0).of(0)[1], index::kNoRow);
  EXPECT_EQ(graph->level(0).of(0)[11], index::kNoRow);
}

TEST_F(HnswLinksTest, AnEmptyGraphIsOne) {
  const auto graph = Read(HNSW(4), 0);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->entry_row, index::kNoRow);
  HNSW back(4);
  ASSERT_OK(GraphToFaiss(*graph, {}, &back));
  EXPECT_EQ(back.entry_point, -1);
  EXPECT_EQ(back.max_level, -1);
}

TEST_F(HnswLinksTest, MoreLevelsThanFaissExpectsGetRoom) {
  const size_t levels = 40;
  auto graph = index::HnswGraph::Make(1, 2048, std::vector<uint32_t>(levels, 1), {});
  ASSERT_OK(graph);
  graph->entry_row = 0;
  std::ranges::fill(graph->base_links.as<uint32_t>(), index::kNoRow);
  std::ranges::fill(graph->upper_links.as<uint32_t>(), index::kNoRow);
  std::ranges::fill(graph->upper_rows.as<uint32_t>(), 0);
  HNSW hnsw(2048);
  ASSERT_LT(hnsw.cum_nneighbor_per_level.size(), levels + 2);
  ASSERT_OK(GraphToFaiss(*graph, {}, &hnsw));
  EXPECT_EQ(hnsw.levels, std::vector<int>{41});
  EXPECT_EQ(hnsw.offsets.back(), (levels + 2) * 2048);
  EXPECT_OK(Read(hnsw, 1));
}

struct Damage {
  const char* says;
  std::function<void(HNSW*)> done;
};

TEST_F(HnswLinksTest, EveryDamageIsSeen) {
  const auto index = SmallGraph();
  const HNSW& whole = index->hnsw;
  const size_t high = RowOfLevels(whole, 2);
  const size_t low = RowOfLevels(whole, 1);
  const size_t upper_links = whole.offsets[high] + 8;
  const Damage damages[] = {
      {"do not belong to 500 rows", [](HNSW* hnsw) { hnsw->levels.pop_back(); }},
      {"do not belong to 500 rows", [](HNSW* hnsw) { hnsw->offsets.pop_back(); }},
      {"do not belong to 500 rows", [](HNSW* hnsw) { hnsw->offsets.clear(); }},
      {"do not belong to 500 rows", [](HNSW* hnsw) { hnsw->offsets[0] = 4; }},
      {"do not belong to 500 rows", [](HNSW* hnsw) { hnsw->neighbors.pop_back(); }},
      {"has 0 levels", [](HNSW* hnsw) { hnsw->levels[9] = 0; }},
      {"has -3 levels", [](HNSW* hnsw) { hnsw->levels[9] = -3; }},
      {"has 1000 levels", [](HNSW* hnsw) { hnsw->levels[9] = 1000; }},
      {"do not lie where", [&](HNSW* hnsw) { hnsw->levels[low] = 2; }},
      {"do not lie where", [](HNSW* hnsw) { hnsw->offsets[9] += 1; }},
      {"do not lie where", [](HNSW* hnsw) { hnsw->offsets[9] = ~size_t{0}; }},
      {"the entry point is row -1", [](HNSW* hnsw) { hnsw->entry_point = -1; }},
      {"the entry point is row 500", [](HNSW* hnsw) { hnsw->entry_point = 500; }},
      {"the entry point is", [&](HNSW* hnsw) { hnsw->entry_point = static_cast<int>(low); }},
      {"max_level 9", [](HNSW* hnsw) { hnsw->max_level = 9; }},
      {"cum_nneighbor_per_level", [](HNSW* hnsw) { hnsw->cum_nneighbor_per_level[0] = 1; }},
      {"cum_nneighbor_per_level", [](HNSW* hnsw) { hnsw->cum_nneighbor_per_level[2] = 1; }},
      {"cum_nneighbor_per_level", [](HNSW* hnsw) { hnsw->cum_nneighbor_per_level = {0}; }},
      {"cum_nneighbor_per_level", [](HNSW* hnsw) { hnsw->cum_nneighbor_per_level.clear(); }},
      {"links to row 500, which does not exist", [](HNSW* hnsw) { hnsw->neighbors[0] = 500; }},
      {"links to row -2, which does not exist", [](HNSW* hnsw) { hnsw->neighbors[1] = -2; }},
      {"which is not on that level",
       [&](HNSW* hnsw) { hnsw->neighbors[upper_links] = static_cast<int>(low); }},
      {"behind the end of its list",
       [](HNSW* hnsw) {
         hnsw->neighbors[0] = -1;
         hnsw->neighbors[1] = 3;
       }},
  };
  for (const Damage& damage : damages) {
    HNSW hnsw = whole;
    damage.done(&hnsw);
    ExpectInvalid(Read(hnsw), damage.says);
  }
}

TEST_F(HnswLinksTest, MoreLinksThanVecdbHasAreRefused) {
  HNSW hnsw(2050);
  hnsw.levels = {1};
  hnsw.offsets = {0, 4100};
  hnsw.neighbors.assign(4100, -1);
  hnsw.entry_point = 0;
  hnsw.max_level = 0;
  ExpectInvalid(Read(hnsw, 1), "ask for M 2050");
}

TEST_F(HnswLinksTest, TheContextIsHonoured) {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  const auto index = SmallGraph();
  EXPECT_EQ(CodeOf(GraphFromFaiss(index->hnsw, kGraphRows, {}, context)),
            absl::StatusCode::kCancelled);
  HNSW back(4);
  EXPECT_EQ(CodeOf(GraphToFaiss(*Read(index->hnsw), context, &back)), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::faiss
