#include "query/fetch.h"

#include <gtest/gtest.h>

#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::CodeOf;

class FetchTest : public QueryFixture {};

TEST_F(FetchTest, RowsComeInTheOrderOfTheirPlacesFromAllSegments) {
  const SegmentView growing = Growing({1, 2, 3}, 10);
  const std::vector<SegmentView> segments = {growing, Sealed(Growing({4, 5}, 20)),
                                             Loaded(Sealed(Growing({6}, 30)))};
  const std::vector<RowPlace> places = {{1, 1}, {0, 2}, {2, 0}, {0, 0}, {1, 0}, {0, 2}};
  const auto batch = FetchRows(schema_, segments, places, std::vector<size_t>{0, 1, 2}, {});
  ASSERT_OK(batch);
  ASSERT_EQ(batch->num_rows(), 6u);
  const std::vector<int64_t> ids = {5, 3, 6, 1, 4, 3};
  const std::vector<std::string> tags = {"at 20", "at 10", "at 30", "at 10", "at 20", "at 10"};
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(batch->column("id")->int64s()[i], ids[i]);
    EXPECT_EQ(batch->column("tag")->string(i), tags[i]);
    EXPECT_TRUE(std::ranges::equal(batch->column("v")->vector(i), support::GridVector(ids[i], 4)));
  }
}

TEST_F(FetchTest, NoPlacesGiveAnEmptyBatch) {
  const auto batch = FetchRows(schema_, {}, {}, std::vector<size_t>{0}, {});
  ASSERT_OK(batch);
  EXPECT_EQ(batch->num_rows(), 0u);
}

TEST_F(FetchTest, EveryTypeIsPutTogetherFromSeveralSegments) {
  const Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                                 {.name = "b", .type = DataType::kBool},
                                 {.name = "i8", .type = DataType::kInt8},
                                 {.name = "i16", .type = DataType::kInt16},
                                 {.name = "i32", .type = DataType::kInt32},
                                 {.name = "f", .type = DataType::kFloat},
                                 {.name = "d", .type = DataType::kDouble},
                                 {.name = "j", .type = DataType::kJson},
                                 {.name = "v", .type = DataType::kFloatVector, .dim = 1}},
                      .enable_dynamic_field = true};
  support::TestDatabase db;
  const auto c = db->CreateCollection("c", schema);
  support::Oracle oracle(schema);
  for (int i = 0; i < 6; ++i) {
    const auto row = RowBatch::FromJson(
        schema, absl::StrFormat(R"([{"id":%d,"b":%s,"i8":%d,"i16":%d,"i32":%d,"f":%g,"d":%g,
                                     "j":[%d],"v":[%d],"dynamic":%d}])",
                                i, i % 2 == 0 ? "true" : "false", i, -i, i * 100000, i / 2.0,
                                i / 4.0, i, i, i));
    ASSERT_OK(row);
    ASSERT_OK((*c)->Insert(*row));
    oracle.Put(*row);
    if (i < 4) {
      ASSERT_OK((*c)->Flush());
    }
  }
  ExpectSameRows(oracle, **c);
}

TEST(ColumnsOfTest, KeyComesFirstAndEachFieldOnce) {
  Schema schema = support::TaggedSchema();
  using Fields = std::vector<std::string>;
  using Columns = std::vector<size_t>;
  EXPECT_EQ(*ColumnsOf(schema, Fields{}, true), (Columns{0, 1, 2}));
  EXPECT_EQ(*ColumnsOf(schema, Fields{}, false), Columns{0});
  EXPECT_EQ(*ColumnsOf(schema, Fields{"v", "id", "v"}, true), (Columns{0, 2}));
  EXPECT_EQ(CodeOf(ColumnsOf(schema, Fields{"x"}, true)), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(ColumnsOf(schema, Fields{"$meta"}, true)), absl::StatusCode::kNotFound);
  schema.enable_dynamic_field = true;
  EXPECT_EQ(*ColumnsOf(schema, Fields{}, true), (Columns{0, 1, 2, 3}));
  EXPECT_EQ(*ColumnsOf(schema, Fields{"$meta"}, true), (Columns{0, 3}));
}

}  // namespace
}  // namespace vecdb::query
