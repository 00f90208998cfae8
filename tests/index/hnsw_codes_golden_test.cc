#include <gtest/gtest.h>

#include <string>

#include "index/coded_testing.h"
#include "index/golden_testing.h"

namespace vecdb::index {
namespace {

// To write the files anew, which nobody may do after a release:
//   VECDB_WRITE_GOLDEN=1 vecdb_index_test --gtest_filter='HnswCodesGoldenTest.*'
// Whole numbers, which float16 holds and whose distances are exact in any order of summation, so
// that answers are those of the rows; under COSINE, and by copies of SQ8, nearly so.

struct CodedGolden {
  const char* name;
  IndexSpec spec{};
  double tolerance = 0;
};

constexpr HnswParams GoldenGraph(HnswCodec codec, Refine refine) {
  return {.m = 4, .ef_construction = 30, .seed = 11, .codec = codec, .refine = refine};
}

const CodedGolden kCodedGolden[] = {
    {"hnsw-sq8-float16-l2.idx", {Metric::kL2, GoldenGraph(HnswCodec::kSq8, Refine::kFloat16)}},
    {"hnsw-sq8-auto-ip.idx", {Metric::kIp, GoldenGraph(HnswCodec::kSq8, Refine::kAuto)}},
    {"hnsw-sq4-sq8-ip.idx", {Metric::kIp, GoldenGraph(HnswCodec::kSq4, Refine::kSq8)}, 1},
    {"hnsw-rabitq-float32-l2.idx",
     {Metric::kL2, GoldenGraph(HnswCodec::kRabitq, Refine::kFloat32)}},
    {"hnsw-float16-cosine.idx", {Metric::kCosine, GoldenGraph(HnswCodec::kFloat16, Refine::kAuto)}},
    {"ivf-sq8-float16-l2.idx", {Metric::kL2, IvfSq8Params{.nlist = 4, .refine = Refine::kFloat16}}},
    {"ivf-pq4-sq8-cosine.idx",
     {Metric::kCosine,
      IvfPqParams{.nlist = 4, .m = 4, .nbits = 4, .refine = Refine::kSq8, .seed = 9}},
     0.02},
};

constexpr uint32_t kCodedGoldenRows = 150;
TestRows CodedGoldenRows() { return GridRows(kCodedGoldenRows, 8, 5, 17); }

SearchParams LookAtAll(const IndexSpec& spec) {
  if (!std::holds_alternative<HnswParams>(spec.params)) {
    return IvfSearchParams{.nprobe = 65536, .refine_k = 1000};
  }
  return HnswSearchParams{.ef = kCodedGoldenRows, .refine_k = 1000};
}

TEST(HnswCodesGoldenTest, FilesAnswerAsTheirRowsDo) {
  const TestRows rows = CodedGoldenRows();
  for (const CodedGolden& golden : kCodedGolden) {
    const auto index = LoadGoldenIndex(golden.name, golden.spec, rows.view());
    ASSERT_OK(index) << golden.name;
    EXPECT_EQ((*index)->spec(), golden.spec);
    for (uint32_t row = 0; row < kCodedGoldenRows; row += 13) {
      const RowQuery query{.vector = rows.view().row(row),
                           .k = 5,
                           .params = LookAtAll(golden.spec),
                           .mask = {.num_rows = kCodedGoldenRows}};
      const auto found = FindCoded(**index, query);
      const auto expected =
          NaiveSearch(rows.view(), golden.spec.metric, query.vector, query.mask, 5);
      if (golden.tolerance == 0) {
        EXPECT_EQ(found, expected) << golden.name;
        continue;
      }
      ASSERT_EQ(found.size(), 5U);
      for (size_t i = 0; i < 5; ++i) {
        EXPECT_NEAR(found[i].distance, expected[i].distance, golden.tolerance) << golden.name;
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::index
