#include "segment/scalar_index_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "segment/scalar_index_testing.h"
#include "segment/segment_testing.h"
#include "support/test_executors.h"

namespace vecdb::segment {
namespace {

std::string BytesOf(const ScalarIndexData& data) {
  std::string bytes;
  for (const base::LargeBuffer* part :
       {&data.rows, &data.run_ends, &data.numbers, &data.text_ends, &data.texts}) {
    bytes.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
  return bytes;
}

// More than two pieces, so that they are merged twice.
Column ManyTexts(support::SeededRandom& random) {
  std::vector<std::string> texts(10000);
  for (std::string& text : texts) text = "prefix-" + std::to_string(random.Below(3000));
  return TextColumn(texts);
}

Column ManyNumbers(support::SeededRandom& random) {
  std::vector<int64_t> values(20001);
  for (int64_t& value : values) value = static_cast<int64_t>(random.Next());
  return Column(DataType::kInt64, 0, std::move(values));
}

TEST(ScalarIndexBuilderTest, RowsAreSortedByValueThenRow) {
  const uint64_t seed = support::TestSeed("RowsAreSortedByValueThenRow");
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  support::SeededRandom random(seed);
  const Column column = ManyTexts(random);
  const auto data = MakeScalarIndex(column, {}, {});
  ASSERT_OK(data);
  std::vector<uint32_t> expected = AllRows(column.num_rows());
  std::stable_sort(expected.begin(), expected.end(),
                   [&](uint32_t a, uint32_t b) { return column.string(a) < column.string(b); });
  const std::span<const uint32_t> rows = data->rows.as<const uint32_t>();
  ASSERT_TRUE(std::equal(rows.begin(), rows.end(), expected.begin(), expected.end()));
  uint32_t begin = 0;
  for (uint32_t value = 0; value < data->num_values; ++value) {
    ASSERT_LT(begin, data->run_end(value));
    for (; begin < data->run_end(value); ++begin) {
      ASSERT_EQ(column.string(rows[begin]), data->text(value));
    }
    if (value > 0) {
      ASSERT_LT(data->text(value - 1), data->text(value));
    }
  }
  EXPECT_EQ(begin, column.num_rows());
}

TEST(ScalarIndexBuilderTest, NumberOfThreadsChangesNoByte) {
  const uint64_t seed = support::TestSeed("NumberOfThreadsChangesNoByte");
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  support::SeededRandom random(seed);
  const auto threads = MakeThreadPool(3);
  for (const Column& column : {ManyTexts(random), ManyNumbers(random)}) {
    const auto alone = MakeScalarIndex(column, {}, {});
    const auto together = MakeScalarIndex(column, {.executor = threads.get()}, {});
    ASSERT_OK(alone);
    ASSERT_OK(together);
    EXPECT_EQ(BytesOf(*alone), BytesOf(*together));
  }
}

TEST(ScalarIndexBuilderTest, MemoryComesFromTheBudgetAndGoesBack) {
  support::SeededRandom random(1);
  const Column column = ManyNumbers(random);
  const uint64_t sorting = column.num_rows() * 32;
  uint64_t needed = 0;
  {
    MemoryBudget budget;
    const auto data = MakeScalarIndex(column, {.budget = &budget}, {});
    ASSERT_OK(data);
    EXPECT_EQ(budget.used_bytes(), data->bytes());
    needed = sorting + data->bytes();
  }
  for (const uint64_t limit : {uint64_t{0}, sorting / 2, sorting, needed - 1}) {
    MemoryBudget budget(limit);
    EXPECT_EQ(CodeOf(MakeScalarIndex(column, {.budget = &budget}, {})),
              absl::StatusCode::kResourceExhausted)
        << limit;
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
  MemoryBudget budget(needed);
  EXPECT_OK(MakeScalarIndex(column, {.budget = &budget}, {}));
}

TEST(ScalarIndexBuilderTest, HonoursTheContext) {
  support::SeededRandom random(1);
  const Column column = ManyNumbers(random);
  EXPECT_EQ(CodeOf(MakeScalarIndex(column, {}, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  const Context late = Context::WithTimeout(absl::ZeroDuration());
  EXPECT_EQ(CodeOf(MakeScalarIndex(column, {}, late)), absl::StatusCode::kDeadlineExceeded);
}

TEST(ScalarIndexBuilderTest, IndexOfASegmentLiesBesideItsRows) {
  const auto growing = MakeGrowing(SmallSchema());
  Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, 300)), 1);
  const Written written = Write(*growing);
  const auto sealed = OpenSealed(written);
  const auto info = BuildScalarIndex(*sealed, 2, kSorted, {});
  ASSERT_OK(info);
  EXPECT_EQ(info->field, "group");
  EXPECT_EQ(info->spec, kSorted);
  EXPECT_EQ(info->object.name.size(), std::string("102-0123456789abcdef.idx").size());
  EXPECT_TRUE(info->object.name.starts_with("102-"));
  const auto index = OpenScalarIndex(*written.store, PathOf("segments/s/" + info->object.name),
                                     *info, {DataType::kInt32, 300}, {}, {});
  ASSERT_OK(index);
  const auto column = sealed->GetColumn(2, {});
  EXPECT_EQ(BytesOf((*index)->data()), BytesOf(*MakeScalarIndex((*column)->column, {}, {})));
}

TEST(ScalarIndexBuilderTest, FailedStoreFailsTheBuild) {
  const auto growing = MakeGrowing(SmallSchema());
  Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, 10)), 1);
  const auto sealed = OpenSealed(Write(*growing));
  EXPECT_EQ(CodeOf(BuildScalarIndex(*sealed, 2, kSorted, support::CancelledContext())),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::segment
