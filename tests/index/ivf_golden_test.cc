#include <gtest/gtest.h>

#include <string>

#include "index/golden_testing.h"
#include "index/index_testing.h"
#include "index/ivf_testing.h"

namespace vecdb::index {
namespace {

// To write the files anew, which nobody may do after a release:
//   VECDB_WRITE_GOLDEN=1 vecdb_index_test --gtest_filter='IvfGoldenTest.*'
// Centroids may differ in their last bits from one instruction set to another, so that a file that
// is built need not have the bytes of a golden one.

struct IvfGolden {
  const char* name;
  IndexSpec spec{};
};

const IvfGolden kIvfGolden[] = {
    {"ivf-flat-cosine.idx", {Metric::kCosine, IvfFlatParams{.nlist = 4, .seed = 9}}},
    {"ivf-sq8-l2.idx", {Metric::kL2, IvfSq8Params{.nlist = 4, .refine = Refine::kNone}}},
    {"ivf-pq4-l2.idx", {Metric::kL2, IvfPqParams{.nlist = 4, .m = 2, .nbits = 4}}},
    {"ivf-pq6-ip.idx", {Metric::kIp, IvfPqParams{.nlist = 4, .m = 4, .nbits = 6}}},
};

TestRows IvfGoldenRows() { return GridRows(200, 4, 5, 7); }

TEST(IvfGoldenTest, FilesAnswerAsTheirRowsDo) {
  const TestRows rows = IvfGoldenRows();
  for (const IvfGolden& golden : kIvfGolden) {
    const auto index = LoadGoldenIndex(golden.name, golden.spec, rows.view());
    ASSERT_OK(index) << golden.name;
    EXPECT_EQ((*index)->spec(), golden.spec);
    for (uint32_t row = 0; row < 200; row += 13) {
      std::vector<Candidate> found;
      const RowQuery query{.vector = rows.view().row(row),
                           .k = 5,
                           .params = Exhaustive(),
                           .mask = {.num_rows = 200}};
      ASSERT_OK((*index)->Search(query, {}, &found));
      const auto expected =
          NaiveSearch(rows.view(), golden.spec.metric, query.vector, query.mask, 5);
      if (golden.spec != kIvfGolden[1].spec) {
        EXPECT_EQ(found, expected) << golden.name;
      } else {  // by codes alone, which hold whole numbers without loss
        EXPECT_EQ(found.front().distance, expected.front().distance);
        EXPECT_EQ(found.back().distance, expected.back().distance);
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::index
