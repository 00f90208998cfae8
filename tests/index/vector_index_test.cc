#include "index/vector_index.h"

#include <gtest/gtest.h>

#include "index/file_testing.h"
#include "index/index_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

const IndexSpec kSpecs[] = {
    {.metric = Metric::kL2, .params = FlatParams{}},
    {.metric = Metric::kCosine, .params = HnswParams{.m = 6, .ef_construction = 30}},
};

TEST(VectorIndexTest, ALoadedIndexAnswersAsTheOneThatWasBuilt) {
  const TestRows rows = RandomRows(500, 6, 1);
  for (const IndexSpec& spec : kSpecs) {
    const auto built = BuildVectorIndex(rows.view(), spec, {}, {});
    ASSERT_OK(built);
    const auto loaded = LoadSections(ReadSections(*WriteFile(**built)), rows.view());
    ASSERT_OK(loaded);
    for (uint32_t row = 0; row < 500; row += 50) {
      const RowQuery query{.vector = rows.view().row(row), .k = 20, .mask = {.num_rows = 500}};
      std::vector<Candidate> before, after;
      ASSERT_OK((*built)->Search(query, {}, &before));
      ASSERT_OK((*loaded)->Search(query, {}, &after));
      EXPECT_EQ(before, after);
    }
  }
}

TEST(VectorIndexTest, TheSameFileAtEveryNumberOfThreads) {
  const TestRows rows = GridRows(1200, 5, 4, 2);
  for (const IndexSpec& spec : kSpecs) {
    std::string expected;
    for (const int threads : {1, 2, 4}) {
      const auto executor = MakeThreadPool(threads);
      const auto index = BuildVectorIndex(rows.view(), spec, {.executor = executor.get()}, {});
      ASSERT_OK(index);
      const auto bytes = GetObject(*WriteFile(**index), TestPath(), 1 << 20);
      ASSERT_OK(bytes);
      if (threads == 1) expected = *bytes;
      EXPECT_TRUE(*bytes == expected) << spec.type_name() << " " << threads;
    }
  }
}

TEST(VectorIndexTest, RefusesAFileAboutOtherRows) {
  const TestRows rows = RandomRows(50, 6, 3);
  const TestRows fewer = RandomRows(49, 6, 3);
  const TestRows narrower = RandomRows(50, 5, 3);
  for (const IndexSpec& spec : kSpecs) {
    const auto index = BuildVectorIndex(rows.view(), spec, {}, {});
    ASSERT_OK(index);
    const auto store = WriteFile(**index);
    for (const TestRows* other : {&fewer, &narrower}) {
      EXPECT_EQ(CodeOf(LoadVectorIndex(*OpenFile(*store), other->view(), {}, {})),
                absl::StatusCode::kDataLoss);
    }
  }
}

}  // namespace
}  // namespace vecdb::index
