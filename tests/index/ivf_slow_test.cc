#include <gtest/gtest.h>

#include "index/file_testing.h"
#include "index/index_testing.h"
#include "index/ivf_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

TEST(IvfSlowTest, ManyListsAreFoundByAGraphThatIsWrittenAndRead) {
  constexpr uint32_t kRows = 165000;
  const TestRows rows = RandomRows(kRows, 4, 1);
  const auto executor = MakeThreadPool(2);
  const IndexSpec spec{.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 4200}};
  const auto built = BuildIvfIndex(rows.view(), spec, {.executor = executor.get()});
  const Sections sections = ReadSections(*WriteFile(*built));
  EXPECT_EQ(sections.size(), 10U);
  const auto loaded = LoadSections(sections, rows.view());
  ASSERT_OK(loaded);
  EXPECT_EQ((*loaded)->index_bytes(), built->index_bytes());
  double recall = 0;
  for (uint32_t row = 0; row < kRows; row += 3300) {
    const RowQuery query{.vector = rows.view().row(row),
                         .k = 10,
                         .params = IvfSearchParams{.nprobe = 12},
                         .mask = {.num_rows = kRows}};
    std::vector<Candidate> before, after;
    ASSERT_OK(built->Search(query, {}, &before));
    ASSERT_OK((*loaded)->Search(query, {}, &after));
    EXPECT_EQ(before, after);
    recall += RecallOf(before, NaiveSearch(rows.view(), spec.metric, query.vector, query.mask, 10));
  }
  EXPECT_GT(recall, 0.95 * 50);
  Sections without = sections;
  without.erase(format::Tag("LNK0"));
  EXPECT_EQ(support::CodeOf(LoadSections(without, rows.view())), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace vecdb::index
