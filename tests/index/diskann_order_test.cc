#include "index/diskann_order.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

// Rows in a ring, each linked to the next two.
HnswGraph RingGraph(uint32_t num_rows) {
  HnswGraph graph = *HnswGraph::Make(num_rows, 1, {}, {});
  for (uint32_t row = 0; row < num_rows; ++row) {
    graph.level(0).of(row)[0] = (row + 1) % num_rows;
    graph.level(0).of(row)[1] = (row + 2) % num_rows;
  }
  graph.entry_row = num_rows / 2;
  return graph;
}

DiskannLayout LayoutOfOrder(uint32_t num_rows, uint32_t nodes_per_page) {
  DiskannLayout layout = DiskannLayout::Of(num_rows, 4, 2);
  layout.nodes_per_page = nodes_per_page;
  return layout;
}

TEST(DiskannOrderTest, EveryRowHasOnePlaceAndTheEntryTheFirst) {
  for (const uint32_t nodes_per_page : {1U, 3U, 50U}) {
    for (const uint32_t num_rows : {1U, 2U, 10U, 101U}) {
      const HnswGraph graph = RingGraph(num_rows);
      const auto rows = OrderRows(graph, LayoutOfOrder(num_rows, nodes_per_page), {}, {});
      ASSERT_OK(rows);
      const auto places = PlacesOf(*rows, {});
      ASSERT_OK(places);
      EXPECT_EQ(rows->as<const uint32_t>()[0], graph.entry_row);
      for (uint32_t place = 0; place < num_rows; ++place) {
        EXPECT_EQ(places->as<const uint32_t>()[rows->as<const uint32_t>()[place]], place);
      }
    }
  }
}

TEST(DiskannOrderTest, RowsOfAPageAreLinked) {
  const auto rows = OrderRows(RingGraph(100), LayoutOfOrder(100, 4), {}, {});
  ASSERT_OK(rows);
  for (uint32_t place = 0; place < 100; ++place) {
    EXPECT_EQ(rows->as<const uint32_t>()[place], (50 + place) % 100);
  }
}

TEST(DiskannOrderTest, RowsThatNoLinkLeadsToComeAtTheEnd) {
  HnswGraph graph = *HnswGraph::Make(6, 1, {}, {});
  std::memset(graph.base_links.data(), 0xff, graph.base_links.size());
  graph.entry_row = 3;
  const auto rows = OrderRows(graph, LayoutOfOrder(6, 2), {}, {});
  ASSERT_OK(rows);
  const auto found = rows->as<const uint32_t>();
  EXPECT_EQ(std::vector<uint32_t>(found.begin(), found.end()),
            (std::vector<uint32_t>{3, 0, 1, 2, 4, 5}));
}

TEST(DiskannOrderTest, NoRowsHaveNoPlaces) {
  const auto rows = OrderRows(*HnswGraph::Make(0, 1, {}, {}), LayoutOfOrder(0, 2), {}, {});
  ASSERT_OK(rows);
  EXPECT_EQ(rows->size(), 0U);
}

}  // namespace
}  // namespace vecdb::index
