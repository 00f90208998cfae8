#include "engine/query_plan.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

using absl::StatusCode::kInvalidArgument;

// What makes a plan fail is tried through the API, too, in tests/api/query_test.cc.
class QueryPlanTest : public CoreFixture {};

TEST_F(QueryPlanTest, KeysComeBackFromTheirText) {
  Schema named = schema_;
  named.fields[0].type = DataType::kVarChar;
  named.fields[0].max_length = 100;
  for (const int64_t number : {int64_t{0}, int64_t{-1}, std::numeric_limits<int64_t>::min(),
                               std::numeric_limits<int64_t>::max()}) {
    const OwnedKey key = OwnedKey::Of(schema::Key(number));
    const auto again = OwnedKey::Parse(key.ToString(), schema_);
    ASSERT_OK(again);
    EXPECT_EQ(again->key(), schema::Key(number));
    EXPECT_EQ(CodeOf(OwnedKey::Parse(key.ToString(), named)), kInvalidArgument);
  }
  for (const char* text : {"", "a", "i7", "\xc3\xa9"}) {
    const OwnedKey key = OwnedKey::Of(schema::Key(std::string_view(text)));
    const auto again = OwnedKey::Parse(key.ToString(), named);
    ASSERT_OK(again);
    EXPECT_EQ(again->key(), schema::Key(std::string_view(text)));
    EXPECT_EQ(CodeOf(OwnedKey::Parse(key.ToString(), schema_)), kInvalidArgument);
  }
  for (const char* text :
       {"", "7", "i", "i 7", "i7 ", "i07", "i-0", "i9223372036854775808", "s\xff"}) {
    EXPECT_EQ(CodeOf(OwnedKey::Parse(text, schema_)), kInvalidArgument) << text;
    EXPECT_EQ(CodeOf(OwnedKey::Parse(text, named)), kInvalidArgument) << text;
  }
}

TEST_F(QueryPlanTest, NoLimitIsTheCeilingOfTheDatabase) {
  EXPECT_EQ(PlanQuery(*core_, {})->limit, 100u);
  EXPECT_EQ(PlanQuery(*core_, {.offset = 40})->limit, 60u);
  EXPECT_OK(PlanQuery(*core_, {.limit = 60, .offset = 40}));
  EXPECT_EQ(CodeOf(PlanQuery(*core_, {.limit = 61, .offset = 40})), kInvalidArgument);
  EXPECT_EQ(CodeOf(PlanQuery(*core_, {.offset = 100})), kInvalidArgument);
  EXPECT_EQ(CodeOf(PlanQuery(*core_, {.limit = 2, .offset = 2147483647})), kInvalidArgument);
}

TEST_F(QueryPlanTest, IterationsHaveNoCeiling) {
  EXPECT_EQ(PlanQueryIteration(*core_, {}, {.batch_size = 100})->limit,
            std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(PlanQueryIteration(*core_, {.limit = 1000, .offset = 500}, {.batch_size = 1})->limit,
            1000u);
  EXPECT_EQ(CodeOf(PlanQueryIteration(*core_, {}, {.batch_size = 101})), kInvalidArgument);
  EXPECT_EQ(CodeOf(PlanQueryIteration(*core_, {}, {.batch_size = 0})), kInvalidArgument);
  EXPECT_EQ(CodeOf(PlanQueryIteration(*core_, {.order_by_key = false}, {.batch_size = 1})),
            kInvalidArgument);
  const auto plan = PlanQueryIteration(*core_, {}, {.batch_size = 1, .position = "i5"});
  ASSERT_OK(plan);
  EXPECT_EQ(plan->after->key(), schema::Key(int64_t{5}));
}

TEST_F(QueryPlanTest, PositionsOfALimitSayHowManyRowsAreLeft) {
  const auto plan_at = [this](int32_t limit, const std::string& position) {
    return PlanQueryIteration(*core_, {.limit = limit, .offset = 5},
                              {.batch_size = 1, .position = position});
  };
  const OwnedKey key = OwnedKey::Of(schema::Key(int64_t{14}));
  EXPECT_EQ(PositionText(kAllRows, key), "i14");
  for (const uint64_t left : {0u, 1u, 24u}) {
    const auto plan = plan_at(25, PositionText(left, key));
    ASSERT_OK(plan);
    EXPECT_EQ(plan->limit, left);
    EXPECT_EQ(plan->offset, 0u);
    EXPECT_EQ(plan->after->key(), schema::Key(int64_t{14}));
  }
  EXPECT_EQ(plan_at(0, "i14")->limit, kAllRows);
  EXPECT_EQ(plan_at(0, "i14")->offset, 0u);
  EXPECT_EQ(CodeOf(plan_at(0, "24:i14")), kInvalidArgument);
  for (const char* text :
       {"i14", "25:i14", "18446744073709551615:i14", "18446744073709551616:i14", ":i14", "07:i14",
        "+7:i14", "-7:i14", " 7:i14", "7 :i14", "7i14", "7", "7:", "7:7:i14", "7:14", "7:i014"}) {
    EXPECT_EQ(CodeOf(plan_at(25, text)), kInvalidArgument) << text;
  }
}

TEST_F(QueryPlanTest, RowsComeWithTheFieldsOfThePlan) {
  core_->AddSegment({.growing = MakeGrowing(support::Ids(0, 20), 10)});
  Snapshot snapshot = core_->Read();
  snapshot.as_of = 10;
  const auto plan =
      PlanQuery(*core_, {.filter = "id >= 5", .output_fields = {"tag"}, .limit = 3, .offset = 2});
  ASSERT_OK(plan);
  const auto rows = ReadRows(*core_, snapshot, *plan, {});
  ASSERT_OK(rows);
  ASSERT_EQ(rows->num_rows(), 3u);
  EXPECT_EQ(rows->column("id")->int64s()[0], 7);
  EXPECT_EQ(rows->column("tag")->string(2), "t");
  EXPECT_EQ(rows->column("v"), nullptr);
  snapshot.as_of = 9;
  EXPECT_EQ(ReadRows(*core_, snapshot, *plan, {})->num_rows(), 0u);
}

}  // namespace
}  // namespace vecdb::engine
