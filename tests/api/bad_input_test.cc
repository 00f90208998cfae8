// The list of bad input of the first slice, item by item, and every error that collection.h and
// search.h promise. Each call must answer with its code and change nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "absl/strings/str_format.h"
#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

using Code = absl::StatusCode;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// Id, tag, v (dim 4, L2, HNSW), w (dim 2, no index), n (Int8).
Schema TestSchema() {
  Schema schema = TaggedSchema();
  schema.fields.push_back({.name = "w", .type = DataType::kFloatVector, .dim = 2});
  schema.fields.push_back({.name = "n", .type = DataType::kInt8});
  return schema;
}

RowBatch GoodRows(const std::vector<int64_t>& ids) {
  RowBatch rows(TestSchema());
  rows.SetInt64("id", ids)
      .SetVarChar("tag", std::vector<std::string>(ids.size(), "t"))
      .SetFloatVectors("v", std::vector<float>(ids.size() * 4, 1))
      .SetFloatVectors("w", std::vector<float>(ids.size() * 2, 1))
      .SetInt8("n", std::vector<int8_t>(ids.size(), 1));
  return rows;
}

absl::Status InsertJson(Collection& c, const std::string& json) {
  const auto rows = RowBatch::FromJson(TestSchema(), json);
  return rows.ok() ? c.Insert(*rows).status() : rows.status();
}

absl::Status SearchWith(Collection& c, SearchRequest request) {
  const std::vector<float> query = {1, 1, 1, 1};
  if (request.vectors.empty()) request.vectors = query;
  if (request.field.empty()) request.field = "v";
  return c.Search(request).status();
}

absl::Status SearchFor(Collection& c, std::vector<float> query) {
  return c.Search({.field = "v", .vectors = query}).status();
}

absl::Status InsertVector(Collection& c, std::vector<float> vector) {
  RowBatch rows = GoodRows({50});
  return c.Insert(rows.SetFloatVectors("v", std::move(vector))).status();
}

struct BadInput {
  const char* name;
  Code code;
  const char* message;  // a part of it
  std::function<absl::Status(Collection&)> call;
};

const BadInput kBadInputs[] = {
    // Wrong dim.
    {"InsertWrongDim", Code::kInvalidArgument, "v",
     [](Collection& c) {
       return InsertVector(c, {1, 2, 3});
     }},
    {"InsertWrongDimOfWholeRows", Code::kInvalidArgument, "v",
     [](Collection& c) {
       return InsertVector(c, {1, 2, 3, 4, 5, 6, 7, 8});
     }},
    {"SearchWrongDim", Code::kInvalidArgument, "3 floats",
     [](Collection& c) {
       return SearchFor(c, {1, 2, 3});
     }},
    {"SearchNoVectors", Code::kInvalidArgument, "0 floats",
     [](Collection& c) { return SearchFor(c, {}); }},
    {"SearchTooManyQueries", Code::kInvalidArgument, "16385 queries",
     [](Collection& c) { return SearchFor(c, std::vector<float>(16385 * 4, 1)); }},
    // NaN or Inf.
    {"InsertNan", Code::kInvalidArgument, "NaN",
     [](Collection& c) {
       return InsertVector(c, {1, kNan, 3, 4});
     }},
    {"InsertInf", Code::kInvalidArgument, "Inf",
     [](Collection& c) {
       return InsertVector(c, {1, 2, 3, -kInf});
     }},
    {"SearchNan", Code::kInvalidArgument, "NaN or infinity",
     [](Collection& c) {
       return SearchFor(c, {kNan, 2, 3, 4});
     }},
    {"SearchInf", Code::kInvalidArgument, "NaN or infinity",
     [](Collection& c) {
       return SearchFor(c, {1, 2, 3, kInf});
     }},
    // Ragged columns.
    {"RaggedColumns", Code::kInvalidArgument, "rows and field",
     [](Collection& c) {
       RowBatch rows = GoodRows({50, 51});
       return c.Insert(rows.SetInt8("n", std::vector<int8_t>{1})).status();
     }},
    // Missing or unknown field.
    {"MissingColumn", Code::kInvalidArgument, "\"v\" is missing",
     [](Collection& c) {
       RowBatch rows(TestSchema());
       return c
           .Insert(rows.SetInt64("id", std::vector<int64_t>{5})
                       .SetVarChar("tag", std::vector<std::string>{"t"}))
           .status();
     }},
    {"UnknownColumn", Code::kInvalidArgument, "colour",
     [](Collection& c) {
       RowBatch rows = GoodRows({50});
       return c.Insert(rows.SetInt8("colour", std::vector<int8_t>{1})).status();
     }},
    {"UnknownKeyInJson", Code::kInvalidArgument, "colour",
     [](Collection& c) {
       return InsertJson(c, R"([{"id":9,"tag":"t","v":[1,2,3,4],"w":[1,2],"n":1,"colour":1}])");
     }},
    {"MissingKeyInJson", Code::kInvalidArgument, "\"w\"",
     [](Collection& c) { return InsertJson(c, R"([{"id":9,"tag":"t","v":[1,2,3,4],"n":1}])"); }},
    {"RowsOfAnotherSchema", Code::kInvalidArgument, "another schema",
     [](Collection& c) {
       Schema schema = TestSchema();
       schema.fields[3].dim = 3;
       RowBatch rows(schema);
       return c.Insert(rows.SetInt64("id", std::vector<int64_t>{5})).status();
     }},
    {"GetUnknownField", Code::kNotFound, "colour",
     [](Collection& c) { return c.Get({1}, std::vector<std::string>{"colour"}).status(); }},
    {"GetDynamicFieldThatIsNotEnabled", Code::kNotFound, "$meta",
     [](Collection& c) { return c.Get({1}, std::vector<std::string>{"$meta"}).status(); }},
    {"SearchUnknownField", Code::kNotFound, "colour",
     [](Collection& c) { return SearchWith(c, {.field = "colour"}); }},
    {"SearchUnknownOutputField", Code::kNotFound, "colour",
     [](Collection& c) {
       return SearchWith(c, {.output_fields = {"tag", "colour"}});
     }},
    {"SearchFieldThatIsNoVector", Code::kInvalidArgument, "\"tag\" is no vector field",
     [](Collection& c) { return SearchWith(c, {.field = "tag"}); }},
    {"SearchWithoutFieldAmongSeveral", Code::kInvalidArgument, "must be named",
     [](Collection& c) {
       const std::vector<float> query = {1, 1, 1, 1};
       return c.Search({.vectors = query}).status();
     }},
    // Over-long VarChar, invalid UTF-8.
    {"OverLongVarChar", Code::kInvalidArgument, "max_length is 32",
     [](Collection& c) {
       RowBatch rows = GoodRows({50});
       return c.Insert(rows.SetVarChar("tag", std::vector<std::string>{std::string(33, 'x')}))
           .status();
     }},
    {"InvalidUtf8", Code::kInvalidArgument, "UTF-8",
     [](Collection& c) {
       RowBatch rows = GoodRows({50});
       return c.Insert(rows.SetVarChar("tag", std::vector<std::string>{"\xff"})).status();
     }},
    // Integer overflow from JSON.
    {"IntegerOverflow", Code::kInvalidArgument, "\"n\"",
     [](Collection& c) {
       return InsertJson(c, R"([{"id":9,"tag":"t","v":[1,2,3,4],"w":[1,2],"n":128}])");
     }},
    {"KeyOverflow", Code::kInvalidArgument, "\"id\"",
     [](Collection& c) {
       return InsertJson(c,
                         R"([{"id":9223372036854775808,"tag":"t","v":[1,2,3,4],"w":[1,2],"n":1}])");
     }},
    {"FloatOverflow", Code::kInvalidArgument, "\"v\"",
     [](Collection& c) {
       return InsertJson(c, R"([{"id":9,"tag":"t","v":[1e39,2,3,4],"w":[1,2],"n":1}])");
     }},
    // Duplicate and missing keys, keys of another type.
    {"DuplicateKeyInBatch", Code::kInvalidArgument, "51",
     [](Collection& c) {
       return c.Insert(GoodRows({50, 51, 52, 51})).status();
     }},
    {"DuplicateKeyInUpsert", Code::kInvalidArgument, "51",
     [](Collection& c) {
       return c.Upsert(GoodRows({51, 51})).status();
     }},
    {"KeyThatIsThere", Code::kAlreadyExists, "key 2",
     [](Collection& c) {
       return c.Insert(GoodRows({50, 2})).status();
     }},
    {"MissingKey", Code::kInvalidArgument, "\"id\"",
     [](Collection& c) { return InsertJson(c, R"([{"tag":"t","v":[1,2,3,4],"w":[1,2],"n":1}])"); }},
    {"DeleteByTextKeys", Code::kInvalidArgument, "the keys given are VarChar",
     [](Collection& c) { return c.Delete(std::vector<std::string>{"1"}).status(); }},
    {"GetByTextKeys", Code::kInvalidArgument, "the keys given are VarChar",
     [](Collection& c) { return c.Get(std::vector<std::string>{"1"}).status(); }},
    // Empty and oversized batches.
    {"EmptyBatch", Code::kInvalidArgument, "no rows",
     [](Collection& c) { return c.Insert(GoodRows({})).status(); }},
    {"EmptyUpsert", Code::kInvalidArgument, "no rows",
     [](Collection& c) { return c.Upsert(GoodRows({})).status(); }},
    {"EmptyJson", Code::kInvalidArgument, "no rows",
     [](Collection& c) { return InsertJson(c, "[]"); }},
    // Index parameters.
    {"IndexOnUnknownField", Code::kNotFound, "colour",
     [](Collection& c) { return c.CreateIndex("colour", Flat()); }},
    {"IndexOnAnotherKindOfField", Code::kInvalidArgument, "VarChar",
     [](Collection& c) { return c.CreateIndex("tag", Flat()); }},
    {"IndexParameterTooSmall", Code::kInvalidArgument, "M",
     [](Collection& c) { return c.CreateIndex("w", {.params = HnswParams{.m = 1}}); }},
    {"IndexParameterTooLarge", Code::kInvalidArgument, "M",
     [](Collection& c) { return c.CreateIndex("w", {.params = HnswParams{.m = 2049}}); }},
    {"IndexEffortOutOfRange", Code::kInvalidArgument, "efConstruction",
     [](Collection& c) {
       return c.CreateIndex("w", {.params = HnswParams{.ef_construction = 0}});
     }},
    {"IndexMetricUnknown", Code::kInvalidArgument, "metric",
     [](Collection& c) { return c.CreateIndex("w", {.metric = static_cast<Metric>(9)}); }},
    {"IndexListsZero", Code::kInvalidArgument, "nlist is 0",
     [](Collection& c) { return c.CreateIndex("w", {.params = IvfFlatParams{.nlist = 0}}); }},
    {"IndexRefineUnknown", Code::kInvalidArgument, "refine is 0",
     [](Collection& c) {
       return c.CreateIndex("w", {.params = IvfSq8Params{.refine = static_cast<Refine>(0)}});
     }},
    {"IndexBitsTooMany", Code::kInvalidArgument, "nbits is 9",
     [](Collection& c) { return c.CreateIndex("w", {.params = IvfPqParams{.nbits = 9}}); }},
    {"IndexPartsThatDoNotDivideTheDim", Code::kInvalidArgument,
     "m is 4; it must divide dim, which is 2",
     [](Collection& c) { return c.CreateIndex("w", {.params = IvfPqParams{.m = 4}}); }},
    {"IndexDegreeTooLarge", Code::kInvalidArgument, "max_degree is 2049",
     [](Collection& c) {
       return c.CreateIndex("w", {.params = DiskannParams{.max_degree = 2049}});
     }},
    {"IndexCodeBudgetTooLarge", Code::kInvalidArgument, "pq_code_budget is 0.26",
     [](Collection& c) {
       return c.CreateIndex("w", {.params = DiskannParams{.pq_code_budget = 0.26}});
     }},
    {"DiskannIndexOnAnotherKindOfField", Code::kInvalidArgument, "VarChar",
     [](Collection& c) { return c.CreateIndex("tag", {.params = DiskannParams{}}); }},
    {"IvfIndexOnAnotherKindOfField", Code::kInvalidArgument, "VarChar",
     [](Collection& c) { return c.CreateIndex("tag", {.params = IvfPqParams{.m = 4}}); }},
    {"IndexParameterUnknown", Code::kInvalidArgument, "nlist",
     [](Collection&) {
       return IndexSpec::FromJson(
                  R"({"index_type":"HNSW","metric_type":"L2","params":{"nlist":16}})")
           .status();
     }},
    {"SecondIndexOnAField", Code::kAlreadyExists, "drop it first",
     [](Collection& c) { return c.CreateIndex("v", Hnsw()); }},
    {"DropIndexThatIsNotThere", Code::kNotFound, "has no index",
     [](Collection& c) { return c.DropIndex("w"); }},
    {"WaitForIndexThatIsNotThere", Code::kNotFound, "has no index",
     [](Collection& c) { return c.WaitForIndex("w"); }},
    {"DescribeIndexThatIsNotThere", Code::kNotFound, "has no index",
     [](Collection& c) { return c.DescribeIndex("colour").status(); }},
    // Search parameters.
    {"EffortBelowLimit", Code::kInvalidArgument, "ef is 9",
     [](Collection& c) { return SearchWith(c, {.params = HnswSearchParams{.ef = 9}}); }},
    {"EffortBelowOffsetAndLimit", Code::kInvalidArgument, "ef is 12",
     [](Collection& c) {
       return SearchWith(c, {.offset = 3, .params = HnswSearchParams{.ef = 12}});
     }},
    {"EffortNegative", Code::kInvalidArgument, "ef is -1",
     [](Collection& c) { return SearchWith(c, {.params = HnswSearchParams{.ef = -1}}); }},
    {"EffortTooLarge", Code::kInvalidArgument, "ef is 65537",
     [](Collection& c) { return SearchWith(c, {.params = HnswSearchParams{.ef = 65537}}); }},
    {"ParametersOfAnotherIndex", Code::kInvalidArgument, "parameters for IVF; the index is HNSW",
     [](Collection& c) { return SearchWith(c, {.params = IvfSearchParams{}}); }},
    {"LimitZero", Code::kInvalidArgument, "limit 0",
     [](Collection& c) { return SearchWith(c, {.limit = 0}); }},
    {"LimitNegative", Code::kInvalidArgument, "limit -5",
     [](Collection& c) { return SearchWith(c, {.limit = -5}); }},
    {"LimitAboveCeiling", Code::kInvalidArgument, "1 to 16384",
     [](Collection& c) { return SearchWith(c, {.limit = 16385}); }},
    {"OffsetNegative", Code::kInvalidArgument, "offset -1",
     [](Collection& c) { return SearchWith(c, {.offset = -1}); }},
    {"OffsetAndLimitAboveCeiling", Code::kInvalidArgument, "at most 16384",
     [](Collection& c) { return SearchWith(c, {.limit = 1, .offset = 16384}); }},
    {"OffsetThatWouldOverflow", Code::kInvalidArgument, "offset 2147483647",
     [](Collection& c) { return SearchWith(c, {.offset = std::numeric_limits<int32_t>::max()}); }},
    {"WrongMetric", Code::kInvalidArgument, "has L2",
     [](Collection& c) { return SearchWith(c, {.metric = Metric::kCosine}); }},
    {"SearchFieldWithoutIndex", Code::kFailedPrecondition, "CreateIndex",
     [](Collection& c) {
       const std::vector<float> query = {1, 1};
       return SearchWith(c, {.field = "w", .vectors = query});
     }},
};

class BadInputTest : public ::testing::TestWithParam<BadInput> {
 protected:
  void SetUp() override {
    collection_ = *db_->CreateCollection("c", TestSchema(), {.num_shards = 2});
    ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
    const RowBatch rows = GoodRows({1, 2, 3});
    ASSERT_OK(collection_->Insert(rows));
    oracle_.Put(rows);
  }

  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{TestSchema()};
};

INSTANTIATE_TEST_SUITE_P(All, BadInputTest, ::testing::ValuesIn(kBadInputs),
                         [](const auto& input) { return input.param.name; });

TEST_P(BadInputTest, IsRefusedAndChangesNothing) {
  const absl::Status status = GetParam().call(*collection_);
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_NE(status.message().find(GetParam().message), std::string::npos) << status;
  ExpectSameRows(oracle_, *collection_);
  ExpectSameSearch(oracle_, *collection_, {.field = "v", .vectors = {1, 2, 3, 4}});
  EXPECT_TRUE(collection_->HasIndex("v"));
  EXPECT_FALSE(collection_->HasIndex("w"));
}

// The other side of the limits in the table.
TEST(GoodInputTest, LimitsThemselvesAreFine) {
  TestDatabase db;
  const auto c = db->CreateCollection("c", TestSchema());
  ASSERT_OK((*c)->CreateIndex("v", Hnsw()));
  RowBatch rows = GoodRows({1});
  ASSERT_OK((*c)->Insert(rows.SetVarChar("tag", std::vector<std::string>{std::string(32, 'x')})));
  EXPECT_OK(InsertJson(**c, R"([{"id":9223372036854775807,"tag":"","v":[1,2,3,4],"w":[1,2],
                                 "n":-128},
                                {"id":-9223372036854775808,"tag":"","v":[3.4e38,2,3,4],"w":[1,2],
                                 "n":127}])"));
  EXPECT_OK(SearchWith(**c, {.params = HnswSearchParams{.ef = 10}}));
  EXPECT_OK(SearchWith(**c, {.params = HnswSearchParams{.ef = 65536}}));
  EXPECT_OK(SearchWith(**c, {.limit = 16384}));
  EXPECT_OK(SearchWith(**c, {.limit = 1, .offset = 16383}));
  EXPECT_OK(SearchWith(**c, {.metric = Metric::kL2}));
  EXPECT_OK((*c)->CreateIndex("w", {.params = HnswParams{.m = 2048, .ef_construction = 65536}}));
  EXPECT_EQ((*c)->Delete({12345})->delete_count, 0u);
  EXPECT_EQ((*c)->Delete(std::vector<int64_t>{})->delete_count, 0u);
  EXPECT_EQ((*c)->Get(std::vector<int64_t>{})->num_rows(), 0u);
}

TEST(GoodInputTest, CeilingOfResultsIsTheHosts) {
  TestDatabase db;
  db.options.max_result_rows = 5;
  const auto c = db->CreateCollection("c", TaggedSchema());
  ASSERT_OK((*c)->CreateIndex("v", Flat()));
  EXPECT_OK(SearchWith(**c, {.limit = 5}));
  EXPECT_EQ(SearchWith(**c, {.limit = 6}).code(), Code::kInvalidArgument);
  EXPECT_EQ(SearchWith(**c, {.limit = 5, .offset = 1}).code(), Code::kInvalidArgument);
}

TEST(GoodInputTest, ZeroVectorUnderCosineIsStoredAndScoresZero) {
  TestDatabase db;
  const Schema schema = TaggedSchema();
  const auto c = db->CreateCollection("c", schema);
  ASSERT_OK((*c)->CreateIndex("v", Flat(Metric::kCosine)));
  Oracle oracle(schema);
  RowBatch rows = TaggedRows(schema, {1, 2, 3}, "t");
  rows.SetFloatVectors("v", std::vector<float>{0, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0});
  ASSERT_OK((*c)->Insert(rows));
  oracle.Put(rows);
  for (int round = 0; round < 2; ++round) {
    const std::vector<float> query = {1, 0, 0, 0};
    const auto result = (*c)->Search({.vectors = query});
    ASSERT_OK(result);
    EXPECT_EQ(
        HitsOf(*result, schema),
        (std::vector<OracleHit>{{int64_t{2}, 1.0f}, {int64_t{1}, 0.0f}, {int64_t{3}, -1.0f}}));
    ExpectSameSearch(oracle, **c,
                     {.field = "v", .metric = Metric::kCosine, .vectors = {0, 0, 0, 0}});
    EXPECT_EQ((*c)->Get({1})->column("v")->vector(0)[0], 0.0f);
    ASSERT_OK((*c)->Flush());
  }
}

TEST(GoodInputTest, HugeValuesGiveEveryRowInSomeFixedOrder) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    TestDatabase db;
    const Schema schema = TaggedSchema(2);
    const auto c = db->CreateCollection("c", schema, {.num_shards = 3});
    ASSERT_OK((*c)->CreateIndex("v", Flat(metric)));
    const float huge = std::numeric_limits<float>::max();
    std::vector<float> vectors;
    for (int i = 0; i < 40; ++i) {
      vectors.push_back(i % 3 == 0 ? huge : i % 3 == 1 ? -huge : 1e-42f);
      vectors.push_back(i % 2 == 0 ? -huge : huge);
    }
    RowBatch rows = TaggedRows(schema, Ids(0, 40), "t");
    ASSERT_OK((*c)->Insert(rows.SetFloatVectors("v", vectors)));
    const std::vector<float> query = {huge, huge};
    const auto growing = (*c)->Search({.vectors = query, .limit = 50});
    ASSERT_OK(growing);
    ASSERT_OK((*c)->Flush());
    const auto sealed = (*c)->Search({.vectors = query, .limit = 50});
    ASSERT_OK(sealed);
    EXPECT_EQ(growing->hits(0).size(), 40u);
    EXPECT_EQ(HitsOf(*growing, schema), HitsOf(*sealed, schema));
  }
}

TEST(GoodInputTest, BatchOver64MiBIsRefused) {
  const Schema schema = TaggedSchema(32768);
  TestDatabase db;
  const auto c = db->CreateCollection("c", schema);
  const std::vector<float> vectors(size_t{512} * 32768);  // 64 MiB, and the keys come on top
  RowBatch rows(schema);
  rows.SetInt64("id", Ids(0, 512)).SetVarChar("tag", std::vector<std::string>(512));
  const auto result = (*c)->Insert(rows.SetFloatVectors("v", vectors));
  EXPECT_EQ(CodeOf(result), Code::kInvalidArgument);
  EXPECT_NE(result.status().message().find("67108864"), std::string::npos) << result.status();
  EXPECT_EQ(*(*c)->Count(), 0u);
}

TEST(AutoIdTest, KeysThatAreSentAndUpsertsAreRefused) {
  Schema schema = TaggedSchema();
  schema.fields[0].auto_id = true;
  TestDatabase db;
  const auto c = db->CreateCollection("c", schema);
  RowBatch rows = TaggedRows(schema, {1}, "t");
  EXPECT_EQ(CodeOf((*c)->Upsert(rows)), Code::kInvalidArgument);
  EXPECT_OK((*c)->Insert(rows));
  rows.SetInt64("id", std::vector<int64_t>{1});
  EXPECT_EQ(CodeOf((*c)->Insert(rows)), Code::kInvalidArgument);
  EXPECT_EQ(*(*c)->Count(), 1u);
}

// Deadlines and cancel tokens, call by call.
TEST(ContextTest, EveryCallHonoursDeadlineAndCancel) {
  TestDatabase db;
  const Schema schema = TaggedSchema();
  const auto c = db->CreateCollection("c", schema);
  ASSERT_OK((*c)->CreateIndex("v", Flat()));
  const RowBatch rows = TaggedRows(schema, {1}, "t");
  const std::vector<float> query = {1, 1, 1, 1};
  for (const auto& [context, code] :
       {std::pair(Context::WithTimeout(absl::ZeroDuration()), Code::kDeadlineExceeded),
        std::pair(CancelledContext(), Code::kCancelled)}) {
    EXPECT_EQ(CodeOf((*c)->Insert(rows, context)), code);
    EXPECT_EQ(CodeOf((*c)->Upsert(rows, context)), code);
    EXPECT_EQ(CodeOf((*c)->Delete({1}, context)), code);
    EXPECT_EQ(CodeOf((*c)->Get({1}, {}, context)), code);
    EXPECT_EQ(CodeOf((*c)->Count(context)), code);
    EXPECT_EQ(CodeOf((*c)->Flush(context)), code);
    EXPECT_EQ(CodeOf((*c)->CreateIndex("v", Flat(), context)), code);
    EXPECT_EQ(CodeOf((*c)->WaitForIndex("v", context)), code);
    EXPECT_EQ(CodeOf((*c)->DropIndex("v", context)), code);
    EXPECT_EQ(CodeOf((*c)->Load(context)), code);
    EXPECT_EQ(CodeOf((*c)->Release(context)), code);
    EXPECT_EQ(CodeOf((*c)->Search({.vectors = query}, context)), code);
  }
  EXPECT_EQ(*(*c)->Count(), 0u);
  EXPECT_OK((*c)->Search({.vectors = query}));
}

// A budget that is too small for inserts, for loading, and for building.
class BudgetTest : public ::testing::Test {
 protected:
  // Reserves all but `bytes` of the budget while it lives.
  class Squeeze {
   public:
    Squeeze(MemoryBudget* budget, uint64_t bytes)
        : budget_(budget), taken_(budget->limit_bytes() - budget->used_bytes() - bytes) {
      EXPECT_OK(budget_->Reserve(taken_, "the test"));
    }
    ~Squeeze() { budget_->Release(taken_); }

   private:
    MemoryBudget* budget_;
    uint64_t taken_;
  };

  Collection& Create(LoadPolicy load) {
    db_.options.host.budget = &budget_;
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 2, .load = load});
    return *collection_;
  }
  void Put(size_t rows) {
    const RowBatch batch = TaggedRows(schema_, Ids(0, rows), "t");
    ASSERT_OK(collection_->Upsert(batch));
    oracle_.Put(batch);
  }

  const Schema schema_ = TaggedSchema();
  MemoryBudget budget_{64 << 20};
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{schema_};
};

TEST_F(BudgetTest, InsertThatDoesNotFitAppliesNothing) {
  Collection& c = Create(LoadPolicy::kKeepLoaded);
  for (const uint64_t bytes : {0u, 1000u, 200000u, 300000u}) {
    const Squeeze squeeze(&budget_, bytes);
    const auto result = c.Insert(TaggedRows(schema_, Ids(100, 9000), "t"));
    EXPECT_EQ(CodeOf(result), Code::kResourceExhausted) << bytes;
    EXPECT_EQ(*c.Count(), 0u);
    EXPECT_EQ(c.Get(Ids(100, 20))->num_rows(), 0u);
  }
  Put(9000);
  ExpectSameRows(oracle_, c);
  ASSERT_OK(db_->Close());
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(BudgetTest, LoadThatDoesNotFitLoadsNothing) {
  Collection& c = Create(LoadPolicy::kManual);
  Put(2000);
  ASSERT_OK(c.Flush());
  ASSERT_OK(c.CreateIndex("v", Flat()));
  EXPECT_EQ(budget_.used_bytes(), 0u);
  for (uint64_t bytes = 0; bytes < 50000; bytes += 5000) {
    const Squeeze squeeze(&budget_, bytes);
    const uint64_t before = budget_.used_bytes();
    EXPECT_EQ(CodeOf(c.Load()), Code::kResourceExhausted) << bytes;
    EXPECT_EQ(budget_.used_bytes(), before);
    EXPECT_EQ(c.LoadState(), LoadState::kFailed);
  }
  ASSERT_OK(c.Load());
  ExpectSameSearch(oracle_, c, {.field = "v", .vectors = {1, 2, 3, 0}});
  ASSERT_OK(c.Release());
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(BudgetTest, BuildThatDoesNotFitIsToldAndCanBeTriedAgain) {
  Collection& c = Create(LoadPolicy::kKeepLoaded);
  Put(2500);
  ASSERT_OK(c.Flush());
  ASSERT_OK(c.CreateIndex("v", Hnsw()));
  ExpectSameSearch(oracle_, c, {.field = "v", .vectors = {1, 2, 3, 0}});  // its fields stay
  {
    const Squeeze squeeze(&budget_, 10000);
    const uint64_t before = budget_.used_bytes();
    EXPECT_EQ(CodeOf(c.WaitForIndex("v")), Code::kResourceExhausted);
    EXPECT_LE(budget_.used_bytes(), before);  // caches were emptied for it
    EXPECT_NE(c.DescribeIndex("v")->last_error, "");
    ExpectSameSearch(oracle_, c, {.field = "v", .vectors = {1, 2, 3, 0}});
  }
  ASSERT_OK(c.WaitForIndex("v"));
  EXPECT_EQ(c.DescribeIndex("v")->last_error, "");
  EXPECT_EQ(c.DescribeIndex("v")->indexed_rows, c.DescribeIndex("v")->total_rows);
  ExpectSoundSearch(oracle_, c, {.field = "v", .vectors = {1, 2, 3, 0}});
  ASSERT_OK(db_->DropCollection("c"));
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(BudgetTest, FlushNeedsNoRoomForLoading) {
  Collection& c = Create(LoadPolicy::kKeepLoaded);
  ASSERT_OK(c.CreateIndex("v", Flat()));
  Put(500);
  {
    const Squeeze squeeze(&budget_, 100);
    ASSERT_OK(c.Flush());
    ExpectSameSearch(oracle_, c, {.field = "v", .vectors = {1, 2, 3, 0}});
  }
  ExpectSameRows(oracle_, c);
  ASSERT_OK(c.Load());
  ExpectSameSearch(oracle_, c, {.field = "v", .vectors = {1, 2, 3, 0}});
  ASSERT_OK(c.Delete({3}));
  oracle_.Delete(int64_t{3});
  ASSERT_OK(c.Flush());
  db_.Crash();
  collection_ = *db_->OpenCollection("c");
  ExpectSameRows(oracle_, *collection_);
}

}  // namespace
}  // namespace vecdb::support
