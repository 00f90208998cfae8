#include "index/row_inlets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "index/hnsw_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

// Rows with up to four links each at level 0 alone; row 0 is the entry.
HnswGraph GraphWithLinks(const std::vector<std::vector<uint32_t>>& lists) {
  HnswGraph graph = *HnswGraph::Make(static_cast<uint32_t>(lists.size()), 2, {}, {});
  std::memset(graph.base_links.data(), 0xff, graph.base_links.size());
  graph.entry_row = 0;
  for (uint32_t row = 0; row < lists.size(); ++row) {
    std::copy(lists[row].begin(), lists[row].end(), graph.level(0).of(row));
  }
  return graph;
}

std::vector<uint32_t> LinksOf(const HnswGraph& graph, uint32_t row) {
  const uint32_t* const links = graph.level(0).of(row);
  return {links, links + CountLinks(links, 4)};
}

RowInlets InletsOf(const HnswGraph& graph, uint32_t num_rows) {
  RowInlets inlets = *RowInlets::Make(graph.num_rows, {});
  inlets.Count(graph.level(0), num_rows);
  return inlets;
}

void RestoreInlets(const HnswGraph& graph, std::vector<uint32_t> new_rows, RowInlets* inlets) {
  ListChanges changes;
  ListChanges* const all[] = {&changes};
  inlets->Restore(graph, new_rows, all);
  changes.Apply();
}

TEST(RowInletsTest, ARowThatHasALinkIsLeftAlone) {
  const HnswGraph graph = GraphWithLinks({{1}, {0}, {}});
  RowInlets inlets = InletsOf(graph, 2);
  inlets.Add(1);
  inlets.Remove(1);
  RestoreInlets(graph, {}, &inlets);
  EXPECT_EQ(LinksOf(graph, 0), (std::vector<uint32_t>{1}));
  EXPECT_EQ(LinksOf(graph, 1), (std::vector<uint32_t>{0}));
}

TEST(RowInletsTest, ANewRowIsLinkedFromTheNearestWhereThatHasRoom) {
  const HnswGraph graph = GraphWithLinks({{1}, {0}, {1, 0}});
  RowInlets inlets = InletsOf(graph, 2);
  inlets.Add(1);
  inlets.Add(0);
  RestoreInlets(graph, {2}, &inlets);
  EXPECT_EQ(LinksOf(graph, 1), (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(LinksOf(graph, 2), (std::vector<uint32_t>{1, 0}));
}

TEST(RowInletsTest, WithoutRoomItIsPutBetweenTheNearestAndTheLastOfIts) {
  const HnswGraph graph = GraphWithLinks({{1, 2, 3, 4}, {0}, {0}, {0}, {0}, {0, 1}});
  RowInlets inlets = InletsOf(graph, 5);
  RestoreInlets(graph, {5}, &inlets);
  EXPECT_EQ(LinksOf(graph, 0), (std::vector<uint32_t>{1, 2, 3, 5}));
  EXPECT_EQ(LinksOf(graph, 5), (std::vector<uint32_t>{0, 1, 4}));
}

TEST(RowInletsTest, AnOldRowThatLostItsLastLinkGetsOneToo) {
  const HnswGraph graph = GraphWithLinks({{1, 2}, {0, 2}, {1, 0}});
  RowInlets inlets = InletsOf(graph, 3);
  graph.level(0).of(0)[1] = kNoRow;
  graph.level(0).of(1)[1] = kNoRow;
  inlets.Remove(2);
  inlets.Remove(2);
  RestoreInlets(graph, {}, &inlets);
  EXPECT_EQ(LinksOf(graph, 1), (std::vector<uint32_t>{0, 2}));
}

TEST(RowInletsTest, WhoLosesTheLastLinkToAnotherIsSeenTo) {
  // All lists are full: 5 takes the place of 4 at 0, and 4 that of a link of 5.
  const HnswGraph graph =
      GraphWithLinks({{1, 2, 3, 4}, {0, 2, 3, 6}, {0}, {0}, {0}, {0, 1, 2, 6}, {1, 0, 2, 3}});
  RowInlets inlets = InletsOf(graph, 5);
  for (const uint32_t link : {0U, 1U, 2U, 6U, 1U, 0U, 2U, 3U}) inlets.Add(link);
  inlets.Remove(6);  // from the list of row 1, which is about to lose it
  graph.level(0).of(1)[3] = 4;
  inlets.Add(4);
  RestoreInlets(graph, {5, 6}, &inlets);
  std::vector<bool> led_to(7);
  for (uint32_t row = 0; row < 7; ++row) {
    for (const uint32_t link : LinksOf(graph, row)) led_to[link] = true;
  }
  EXPECT_EQ(std::count(led_to.begin(), led_to.end(), false), 0);
}

TEST(RowInletsTest, CopiesThatAreThereAreChangedFurther) {
  const HnswGraph graph = GraphWithLinks({{1}, {0}, {0}});
  RowInlets inlets = InletsOf(graph, 2);
  ListChanges changes;
  changes.Copy(graph.level(0).of(0), 4)[1] = kNoRow;
  ListChanges others;
  ListChanges* const all[] = {&changes, &others};
  inlets.Restore(graph, std::vector<uint32_t>{2}, all);
  EXPECT_EQ(LinksOf(graph, 0), (std::vector<uint32_t>{1}));
  changes.Apply();
  EXPECT_EQ(LinksOf(graph, 0), (std::vector<uint32_t>{1, 2}));
}

TEST(RowInletsTest, CountsAreOfTheBudget) {
  MemoryBudget budget(399);
  EXPECT_EQ(CodeOf(RowInlets::Make(100, {.budget = &budget})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
