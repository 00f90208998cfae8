#include "index/flat_index.h"

#include <gtest/gtest.h>

#include "index/file_testing.h"
#include "index/index_testing.h"

namespace vecdb::index {
namespace {

TEST(FlatIndexTest, IsExactUnderMasksAndOrders) {
  const TestRows rows = GridRows(400, 4, 3, 1);
  const ReverseOrder reverse;
  const std::vector<uint64_t> bitmap = RandomBitmap(400, 0.3, 2);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const FlatIndex index(rows.view(), {.metric = metric});
    const RowQuery query{.vector = rows.view().row(9),
                         .k = 37,
                         .mask = {.num_rows = 400, .allowed = bitmap.data()},
                         .order = &reverse};
    std::vector<Candidate> found;
    ASSERT_OK(index.Search(query, {}, &found));
    EXPECT_EQ(found, NaiveSearch(rows.view(), metric, query.vector, query.mask, 37, &reverse));
  }
}

TEST(FlatIndexTest, HonoursLimitsAndCountsWhatItDid) {
  const TestRows rows = GridRows(400, 4, 3, 4);
  const FlatIndex index(rows.view(), {.metric = Metric::kL2});
  SearchCounts counts;
  const RowQuery query{.vector = rows.view().row(9),
                       .k = 37,
                       .mask = {.num_rows = 400},
                       .limits = {.min_distance = 2, .max_distance = 5},
                       .counts = &counts};
  std::vector<Candidate> found;
  ASSERT_OK(index.Search(query, {}, &found));
  EXPECT_EQ(found, NaiveSearch(rows.view(), Metric::kL2, query.vector, query.mask, 37, nullptr,
                               query.limits));
  EXPECT_EQ(counts,
            (SearchCounts{.plan = SearchPlan::kExactScan, .allowed_rows = 400, .distances = 400}));
}

TEST(FlatIndexTest, TakesNoMemoryAndIsReadBack) {
  const TestRows rows = RandomRows(10, 4, 3);
  const FlatIndex index(rows.view(), {.metric = Metric::kIp});
  EXPECT_EQ(index.index_bytes(), 0U);
  const auto loaded = LoadSections(ReadSections(*WriteFile(index)), rows.view());
  ASSERT_OK(loaded);
  EXPECT_EQ((*loaded)->spec(), index.spec());
}

}  // namespace
}  // namespace vecdb::index
