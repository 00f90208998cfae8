#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "index/diskann_testing.h"
#include "index/golden_testing.h"

namespace vecdb::index {
namespace {

// To write the files anew, which nobody may do after a release:
//   VECDB_WRITE_GOLDEN=1 vecdb_index_test --gtest_filter='DiskannGoldenTest.*'

constexpr DiskannParams kGoldenParams{.max_degree = 5,
                                      .search_list_size = 30,
                                      .pq_code_budget = 0.25,
                                      .search_cache_budget = 0.25,
                                      .seed = 3};

TEST(DiskannGoldenTest, FilesAnswerAsTheirRowsDo) {
  const TestRows rows = GridRows(150, 8, 5, 17);
  const std::pair<const char*, Metric> files[] = {{"diskann-l2.idx", Metric::kL2},
                                                  {"diskann-ip.idx", Metric::kIp}};
  for (const auto& [name, metric] : files) {
    const IndexSpec spec{.metric = metric, .params = kGoldenParams};
    const auto index = LoadGoldenIndex(name, spec, rows.view());
    ASSERT_OK(index) << name;
    EXPECT_EQ((*index)->spec(), spec);
    for (uint32_t row = 0; row < 150; row += 13) {
      const RowQuery query{.vector = rows.view().row(row),
                           .k = 5,
                           .params = DiskannSearchParams{.search_list = 150},
                           .mask = {.num_rows = 150}};
      std::vector<Candidate> found;
      ASSERT_OK((*index)->Search(query, {}, &found));
      EXPECT_EQ(found, NaiveSearch(rows.view(), metric, query.vector, query.mask, 5)) << name;
    }
  }
}

}  // namespace
}  // namespace vecdb::index
