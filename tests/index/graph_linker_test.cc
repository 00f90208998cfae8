#include "index/graph_linker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "index/coded_testing.h"
#include "index/hnsw_order.h"
#include "index/hnsw_testing.h"
#include "support/store_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kLinkedM = 4;

// A graph with its first row alone, and the others in the order in which they enter.
struct UnlinkedGraph {
  explicit UnlinkedGraph(uint32_t num_rows) {
    const HnswOrder order = *HnswOrder::Make(num_rows, kLinkedM, 0, {});
    graph = *HnswGraph::Make(num_rows, kLinkedM, order.level_counts(), {});
    std::memset(graph.base_links.data(), 0xff, graph.base_links.size());
    std::memset(graph.upper_links.data(), 0xff, graph.upper_links.size());
    graph.entry_row = order.row(0);
    for (uint32_t place = 0; place < num_rows; ++place) {
      size_t level = 0;
      while (level < graph.top_level() && place < graph.num_nodes(level + 1)) ++level;
      if (level > 0) graph.upper_rows.as<uint32_t>()[place] = order.row(place);
      if (place > 0) {
        nodes.push_back({.row = order.row(place), .node = place, .top_level = level});
      }
    }
  }

  HnswGraph graph;
  std::vector<NewNode> nodes;
};

// Links all rows in batches that double.
void LinkAll(const LinkerSpec& spec, const Host& host, UnlinkedGraph* to) {
  const auto linker = GraphLinker::Make(spec, to->graph, 1, host);
  ASSERT_OK(linker);
  const std::span<const NewNode> nodes(to->nodes);
  for (size_t done = 0; done < nodes.size();) {
    const size_t count = std::min({done + 1, size_t{64}, nodes.size() - done});
    ASSERT_OK((*linker)->Link(nodes.subspan(done, count), {}));
    if (spec.defer) (*linker)->Apply();
    done += count;
  }
}

// How many links of `expected` at level 0 are there too.
double ShareOfLinks(const HnswGraph& graph, const HnswGraph& expected) {
  const HnswLevel a = graph.level(0);
  const HnswLevel b = expected.level(0);
  std::ptrdiff_t same = 0;
  size_t all = 0;
  for (uint32_t row = 0; row < graph.num_rows; ++row) {
    const size_t count = CountLinks(b.of(row), b.degree);
    for (size_t i = 0; i < count; ++i) {
      same += std::count(a.of(row), a.of(row) + a.degree, b.of(row)[i]);
    }
    all += count;
  }
  return static_cast<double>(same) / static_cast<double>(all);
}

TEST(GraphLinkerTest, DeferredLinksGiveTheSameGraphAtEveryNumberOfThreads) {
  const TestRows rows = MixedRows(1200, 8, 10, 1);
  const auto codes = RowCodes::Build(
      rows.view(), {.kind = codec::CodecKind::kFloat16, .metric = Metric::kL2, .dim = 8}, {}, {});
  ASSERT_OK(codes);
  for (const RowCodes* by : {static_cast<const RowCodes*>(nullptr), &*codes}) {
    LinkerSpec spec{.view = rows.view(), .codes = by, .metric = Metric::kL2, .ef = 30};
    UnlinkedGraph at_once(1200);
    LinkAll(spec, {}, &at_once);
    spec.defer = true;
    UnlinkedGraph alone(1200);
    LinkAll(spec, {}, &alone);
    EXPECT_GT(ShareOfLinks(alone.graph, at_once.graph), 0.98);  // but for rows that lost all
    for (const int threads : {1, 3}) {
      const auto executor = MakeThreadPool(threads);
      UnlinkedGraph deferred(1200);
      LinkAll(spec, {.executor = executor.get()}, &deferred);
      EXPECT_TRUE(SameGraph(alone.graph, deferred.graph)) << threads;
    }
  }
}

TEST(GraphLinkerTest, RowsThatAreNotInMemoryAreLinkedByTheirCodes) {
  const TestRows rows = MixedRows(1500, 8, 10, 2);
  for (const Metric metric : kAllMetrics) {
    const auto codes = RowCodes::Build(
        rows.view(), {.kind = codec::CodecKind::kFloat16, .metric = metric, .dim = 8}, {}, {});
    ASSERT_OK(codes);
    UnlinkedGraph by_codes(1500);
    LinkAll({.view = {.num_rows = 1500, .dim = 8}, .codes = &*codes, .metric = metric, .ef = 30},
            {}, &by_codes);
    UnlinkedGraph by_rows(1500);
    LinkAll({.view = rows.view(), .metric = metric, .ef = 30}, {}, &by_rows);
    // Rounding changes a few links in a hundred.
    EXPECT_GT(ShareOfLinks(by_codes.graph, by_rows.graph), 0.9) << MetricName(metric);
  }
}

TEST(GraphLinkerTest, DeferredLinksAreWrittenByApplyAndNotAfterAnError) {
  const TestRows rows = MixedRows(200, 8, 5, 3);
  UnlinkedGraph unlinked(200);
  const auto linker = GraphLinker::Make(
      {.view = rows.view(), .metric = Metric::kL2, .ef = 30, .defer = true}, unlinked.graph, 1, {});
  ASSERT_OK(linker);
  const std::span<const NewNode> nodes(unlinked.nodes);
  const uint32_t* const entry_links = unlinked.graph.level(0).of(unlinked.graph.entry_row);
  ASSERT_OK((*linker)->Link(nodes.first(1), {}));
  EXPECT_EQ(entry_links[0], kNoRow);
  EXPECT_EQ(CodeOf((*linker)->Link(nodes.first(1), support::CancelledContext())),
            absl::StatusCode::kCancelled);
  (*linker)->Apply();
  EXPECT_EQ(entry_links[0], kNoRow);
  ASSERT_OK((*linker)->Link(nodes.first(1), {}));
  (*linker)->Apply();
  EXPECT_EQ(entry_links[0], nodes[0].row);
  EXPECT_EQ(entry_links[1], kNoRow);
}

TEST(GraphLinkerTest, ALinkLeadsToEveryRowWhereLinksAreDeferred) {
  for (const TestRows& rows : {TestRows(std::vector<float>(2400, 1.5f), 3), GridRows(800, 3, 3, 5),
                               RandomRows(800, 3, 6)}) {
    UnlinkedGraph unlinked(800);
    LinkAll({.view = rows.view(), .metric = Metric::kL2, .ef = 20, .defer = true}, {}, &unlinked);
    std::vector<bool> led_to(800);
    for (uint32_t row = 0; row < 800; ++row) {
      const HnswLevel level = unlinked.graph.level(0);
      const size_t count = CountLinks(level.of(row), level.degree);
      for (size_t i = 0; i < count; ++i) led_to[level.of(row)[i]] = true;
      const std::set<uint32_t> links(level.of(row), level.of(row) + count);
      EXPECT_EQ(links.size(), count) << "a link twice";
      EXPECT_FALSE(links.contains(row)) << "a link to itself";
    }
    EXPECT_EQ(std::count(led_to.begin(), led_to.end(), false), 0);
  }
}

TEST(GraphLinkerTest, MarksAreOfTheBudget) {
  const TestRows rows = RandomRows(100, 8, 4);
  const UnlinkedGraph unlinked(100);
  MemoryBudget budget(99);
  EXPECT_EQ(CodeOf(GraphLinker::Make({.view = rows.view(), .ef = 30}, unlinked.graph, 1,
                                     {.budget = &budget})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
