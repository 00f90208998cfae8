#include "segment/sealed_columns.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

using filter::PathState;
using filter::PathStep;

class SealedColumnsTest : public testing::Test {
 protected:
  static constexpr uint32_t kRows = 5000;

  // Json texts with an integer at "n" in most rows, an object in every tenth, and a text in every
  // hundredth.
  void SetUp() override {
    const auto growing = MakeGrowing(schema_);
    RowBatch batch = MakeRows(schema_, KeyRange(0, kRows));
    std::vector<std::string> texts;
    for (uint32_t row = 0; row < kRows; ++row) {
      if (row % 100 == 1) {
        texts.push_back(absl::StrCat(R"({"n":"text)", row, "\"}"));
      } else if (row % 10 == 0) {
        texts.push_back(R"({"n":{"deep":1}})");
      } else {
        texts.push_back(absl::StrCat(R"({"n":)", row, "}"));
      }
    }
    batch.SetJson("json", texts);
    Add(growing.get(), batch, 10);
    segment_ = OpenSealed(Write(*growing));
  }

  const Schema schema_ = WideSchema();
  std::shared_ptr<SealedSegment> segment_;
};

TEST_F(SealedColumnsTest, FieldsHaveStatisticsAndValues) {
  const auto columns = SealedColumns::Open(segment_, std::vector<size_t>{2}, {});
  ASSERT_OK(columns);
  const schema::ColumnStats* stats = (*columns)->SegmentStats(2);
  ASSERT_NE(stats, nullptr);
  EXPECT_EQ(stats->max_integer, kRows - 1);
  EXPECT_EQ((*columns)->BlockStats(2, 1)->min_integer, schema::kBlockRows);
  EXPECT_EQ((*columns)->BlockStats(2, 2), nullptr);
  EXPECT_EQ((*columns)->SegmentStats(3), nullptr);  // not asked for
  const auto block = (*columns)->Read(2, 1, {});
  ASSERT_OK(block);
  EXPECT_EQ(block->as<int64_t>()[0], schema::kBlockRows);
  EXPECT_EQ((*columns)->Index(2), nullptr);
}

TEST_F(SealedColumnsTest, ShreddedPathsHaveColumnsOfTheirOwn) {
  const auto columns = SealedColumns::Open(segment_, std::vector<size_t>{9}, {});
  ASSERT_OK(columns);
  const auto path = (*columns)->FindPath(9, std::vector<PathStep>{"n"});
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(path->type, DataType::kInt64);
  const auto states = (*columns)->Read(path->states, 0, {});
  const auto values = (*columns)->Read(path->values, 0, {});
  ASSERT_OK(states);
  ASSERT_OK(values);
  const auto state = [&](uint32_t row) {
    return static_cast<PathState>(states->as<int8_t>()[states->constant ? 0 : row]);
  };
  EXPECT_EQ(state(0), PathState::kNoScalar);
  EXPECT_EQ(state(1), PathState::kElsewhere);
  EXPECT_EQ(state(2), PathState::kValue);
  EXPECT_EQ(values->as<int64_t>()[2], 2);
  for (const auto& steps :
       {std::vector<PathStep>{"m"}, {}, {"n", "deep", "deeper"}, {int64_t{0}}}) {
    EXPECT_FALSE((*columns)->FindPath(9, steps).has_value());
  }
  EXPECT_FALSE((*columns)->FindPath(11, std::vector<PathStep>{"n"}).has_value());
}

TEST_F(SealedColumnsTest, StringsThatAreNowhereAreKnownByTheirFilter) {
  const Schema schema{
      .fields = {{.name = "id", .type = DataType::kVarChar, .primary_key = true, .max_length = 100},
                 {.name = "vector", .type = DataType::kFloatVector, .dim = 4}}};
  const auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(0, kRows)), 10);
  const auto columns = SealedColumns::Open(OpenSealed(Write(*growing)), std::vector<size_t>{0}, {});
  ASSERT_OK(columns);
  for (int64_t key = 0; key < kRows; key += 97) {
    EXPECT_TRUE((*columns)->MayContain(0, TextKey(key)));
  }
  int false_positives = 0;
  for (int64_t key = kRows; key < 2 * kRows; ++key) {
    false_positives += (*columns)->MayContain(0, TextKey(key)) ? 1 : 0;
  }
  EXPECT_LT(false_positives, 250);  // 1 % expected
}

}  // namespace
}  // namespace vecdb::segment
