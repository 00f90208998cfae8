#include "vecdb/index_spec.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

absl::StatusOr<IndexSpec> Hnsw(std::string_view params) {
  return IndexSpec::FromJson(R"({"index_type":"HNSW","metric_type":"COSINE","params":)" +
                             std::string(params) + "}");
}

TEST(IndexSpecTest, ReadsTheSpellingOfMilvus) {
  const auto spec = Hnsw(R"({"M":24,"efConstruction":100})");
  ASSERT_OK(spec);
  EXPECT_EQ(*spec, (IndexSpec{.metric = Metric::kCosine,
                              .params = HnswParams{.m = 24, .ef_construction = 100}}));
}

TEST(IndexSpecTest, ReadsParamsAndValuesThatAreStrings) {
  const auto expected = Hnsw(R"({"M":24,"efConstruction":100,"seed":7})");
  ASSERT_OK(expected);
  for (const char* params : {R"({"M":"24","efConstruction":"100","seed":"7"})",
                             R"("{\"M\":24,\"efConstruction\":\"100\",\"seed\":7}")"}) {
    const auto spec = Hnsw(params);
    ASSERT_OK(spec);
    EXPECT_EQ(*spec, *expected);
  }
}

TEST(IndexSpecTest, MissingMembersHaveDefaults) {
  EXPECT_EQ(*IndexSpec::FromJson(R"({"index_type":"FLAT"})"),
            (IndexSpec{.metric = Metric::kIp, .params = FlatParams{}}));
  EXPECT_EQ(*IndexSpec::FromJson(R"({"index_type":"HNSW","params":{}})"),
            (IndexSpec{.metric = Metric::kIp, .params = HnswParams{}}));
  EXPECT_EQ(*IndexSpec::FromJson(R"({"index_type":"FLAT","params":"{}"})"), IndexSpec{});
}

TEST(IndexSpecTest, ReadsEveryMetric) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const auto spec = IndexSpec::FromJson(R"({"index_type":"FLAT","metric_type":")" +
                                          std::string(MetricName(metric)) + "\"}");
    ASSERT_OK(spec);
    EXPECT_EQ(spec->metric, metric);
  }
}

TEST(IndexSpecTest, ParametersRunToTheirLimitsAndNoFurther) {
  for (const char* params :
       {R"({"M":2})", R"({"M":2048})", R"({"M":"2048"})", R"({"efConstruction":1})",
        R"({"efConstruction":65536})", R"({"seed":0})", R"({"seed":18446744073709551615})",
        R"({"seed":"18446744073709551615"})"}) {
    EXPECT_OK(Hnsw(params)) << params;
  }
  const struct {
    const char* params;
    std::initializer_list<std::string_view> parts;
  } cases[] = {
      {R"({"M":1})", {"M is 1;", "2 to 2048"}},
      {R"({"M":2049})", {"M is 2049;", "2 to 2048"}},
      {R"({"M":-16})", {"M is -16;"}},
      {R"({"M":"2049"})", {"M is 2049;"}},
      {R"({"M":4294967312})", {"4294967312", "2 to 2048"}},
      {R"({"M":"4294967312"})", {"4294967312", "2 to 2048"}},
      {R"({"efConstruction":0})", {"efConstruction is 0;", "1 to 65536"}},
      {R"({"efConstruction":65537})", {"efConstruction is 65537;", "1 to 65536"}},
      {R"({"seed":-1})", {"seed is \"-1\""}},
      {R"({"seed":"18446744073709551616"})", {"seed is", "2^64"}},
  };
  for (const auto& c : cases) EXPECT_TRUE(IsInvalid(Hnsw(c.params), c.parts));
}

TEST(IndexSpecTest, RefusesParametersThatAreNoIntegers) {
  for (const char* value : {"16.0", "true", "null", "[16]", "{}", "\"\"", "\" 16\"", "\"16 \"",
                            "\"0x10\"", "\"1e1\"", "\"+16\"", "\"sixteen\""}) {
    EXPECT_TRUE(IsInvalid(Hnsw("{\"M\":" + std::string(value) + "}"), {"M is", "an integer"}))
        << value;
  }
}

TEST(IndexSpecTest, RefusesUnknownNamesAndOtherCases) {
  const struct {
    const char* json;
    std::initializer_list<std::string_view> parts;
  } cases[] = {
      {R"({"index_type":"ivf_flat"})",
       {"\"ivf_flat\"",
        "FLAT, HNSW, HNSW_SQ, IVF_FLAT, IVF_SQ8, IVF_PQ, DISKANN, INVERTED, SORTED"}},
      {R"({"index_type":"IVF_FLAT","params":{"m":16}})", {"IVF_FLAT has no parameter \"m\""}},
      {R"({"index_type":"hnsw"})", {"\"hnsw\""}},
      {R"({"index_type":"sorted"})", {"\"sorted\""}},
      {R"({"index_type":"SORTED","params":{"M":16}})", {"SORTED has no parameter \"M\""}},
      {R"({"index_type":"STL_SORT","params":{"M":16}})", {"STL_SORT has no parameter \"M\""}},
      {R"({"index_type":"INVERTED","params":{"M":16}})", {"INVERTED has no parameter \"M\""}},
      {R"({"index_type":"INVERTED","metric_type":"IP"})",
       {"metric_type is IP; INVERTED, an index of scalar fields, has none"}},
      {R"({"metric_type":"L2","index_type":"STL_SORT"})", {"metric_type is L2; STL_SORT"}},
      {R"({"index_type":"SORTED","metric_type":"x"})", {"metric_type \"\\\"x\\\"\""}},
      {R"({"index_type":7})", {"index_type is not a string"}},
      {R"({"index_type":"FLAT","metric_type":"l2"})", {"l2", "L2, IP, COSINE"}},
      {R"({"index_type":"FLAT","metric_type":1})", {"metric_type"}},
      {R"({"index_type":"FLAT","index_name":"x"})", {"\"index_name\""}},
      {R"({"index_type":"FLAT","params":{"M":16}})", {"FLAT", "\"M\""}},
      {R"({"index_type":"HNSW","params":{"m":16}})", {"HNSW", "\"m\"", "efConstruction"}},
      {R"({"index_type":"HNSW","params":{"ef":16}})", {"\"ef\""}},
      {R"({"index_type":"HNSW","M":16})", {"\"M\""}},
  };
  for (const auto& c : cases) EXPECT_TRUE(IsInvalid(IndexSpec::FromJson(c.json), c.parts));
}

TEST(IndexSpecTest, RefusesWhatIsNotAnObject) {
  for (const char* json : {"", "[]", "1", "\"HNSW\"", "{", "nonsense"}) {
    EXPECT_TRUE(IsInvalid(IndexSpec::FromJson(json), {"the index is not a JSON object"})) << json;
  }
  for (const char* params : {"1", "[]", "null", "\"\"", "\"[]\"", "\"{\""}) {
    EXPECT_TRUE(IsInvalid(Hnsw(params), {"params is not a JSON object"})) << params;
  }
  EXPECT_TRUE(IsInvalid(
      IndexSpec::FromJson("{}"),
      {"index_type is missing; there are FLAT, HNSW, HNSW_SQ, IVF_FLAT, IVF_SQ8, IVF_PQ, DISKANN, "
       "INVERTED, SORTED"}));
  EXPECT_TRUE(IsInvalid(IndexSpec::FromJson(std::string(1000, '[')), {"deeper"}));
  EXPECT_TRUE(IsInvalid(IndexSpec::FromJson(std::string(65537, ' ')), {"65537", "65536"}));
}

TEST(IndexSpecTest, WritesWhatItReads) {
  EXPECT_EQ((IndexSpec{.metric = Metric::kL2, .params = FlatParams{}}).ToJson(),
            R"({"index_type":"FLAT","metric_type":"L2","params":{}})");
  EXPECT_EQ(
      (IndexSpec{.metric = Metric::kCosine, .params = HnswParams{}}).ToJson(),
      R"({"index_type":"HNSW","metric_type":"COSINE","params":{"M":16,"efConstruction":200}})");
  const IndexSpec spec = {.params = HnswParams{.m = 2048,
                                               .ef_construction = 1,
                                               .seed = std::numeric_limits<uint64_t>::max()}};
  const auto read = IndexSpec::FromJson(spec.ToJson());
  ASSERT_OK(read);
  EXPECT_EQ(*read, spec);
}

TEST(IndexSpecTest, ReadsAndWritesIvf) {
  const struct {
    const char* json;
    IndexSpec spec;
    const char* written;
  } cases[] = {
      {R"({"index_type":"IVF_FLAT","metric_type":"L2","params":{"nlist":1024,"seed":3}})",
       {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 1024, .seed = 3}},
       R"({"index_type":"IVF_FLAT","metric_type":"L2","params":{"nlist":1024,"seed":3}})"},
      {R"({"index_type":"IVF_FLAT","params":"{\"nlist\":\"16\"}"})",
       {.params = IvfFlatParams{.nlist = 16}},
       R"({"index_type":"IVF_FLAT","metric_type":"IP","params":{"nlist":16}})"},
      {R"({"index_type":"IVF_SQ8","params":{"nbits":8,"refine":true,"refine_type":"FP32"}})",
       {.params = IvfSq8Params{}},
       R"({"index_type":"IVF_SQ8","metric_type":"IP","params":{"nlist":128}})"},
      {R"({"index_type":"IVF_SQ8","params":{"refine":"false"}})",
       {.params = IvfSq8Params{.refine = Refine::kNone}},
       R"({"index_type":"IVF_SQ8","metric_type":"IP","params":{"nlist":128,"refine":false}})"},
      {R"({"index_type":"IVF_PQ","metric_type":"COSINE","params":{"m":"8","nbits":4}})",
       {.metric = Metric::kCosine, .params = IvfPqParams{.m = 8, .nbits = 4}},
       R"({"index_type":"IVF_PQ","metric_type":"COSINE","params":{"nlist":128,"m":8,"nbits":4}})"},
      {R"({"index_type":"IVF_PQ","params":{"m":0,"refine":false}})",
       {.params = IvfPqParams{.refine = Refine::kNone}},
       R"({"index_type":"IVF_PQ","metric_type":"IP","params":{"nlist":128,"nbits":8,"refine":false}})"},
  };
  for (const auto& c : cases) {
    const auto read = IndexSpec::FromJson(c.json);
    ASSERT_OK(read) << c.json;
    EXPECT_EQ(*read, c.spec) << c.json;
    EXPECT_EQ(read->ToJson(), c.written);
    EXPECT_EQ(*IndexSpec::FromJson(c.written), c.spec) << c.written;
  }
}

TEST(IndexSpecTest, RefusesOtherJsonInIvfParameters) {
  const struct {
    const char* params;
    const char* message;
  } cases[] = {
      {R"({"nbits":16})", "nbits is 16; it is an integer, 1 to 8"},
      {R"({"nlist":[128]})", "nlist is \"[128]\"; it is an integer"},
      {R"({"refine":1})", "refine is \"1\"; it is true or false"},
      {R"({"refine":null})", "refine is \"null\"; it is true or false"},
      {R"({"refine_type":true})", "refine_type \"true\" is unknown"},
      {R"({"refine":false,"refine_type":"flat"})", "refine is false, so there is no refine_type"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(IsInvalid(
        IndexSpec::FromJson(R"({"index_type":"IVF_PQ","params":)" + std::string(c.params) + "}"),
        {c.message}));
  }
}

TEST(IndexSpecTest, PartsOfPqMustDivideTheDim) {
  const IndexSpec pq = {.params = IvfPqParams{.m = 6}};
  EXPECT_OK(pq.Validate());
  EXPECT_OK(pq.Validate(6));
  EXPECT_OK(pq.Validate(12));
  for (const int32_t dim : {1, 3, 7, 16, 0, -6}) {
    EXPECT_EQ(pq.Validate(dim), absl::InvalidArgumentError("m is 6; it must divide dim, which is " +
                                                           std::to_string(dim)));
  }
  EXPECT_OK((IndexSpec{.params = IvfPqParams{}}).Validate(7));
  EXPECT_OK((IndexSpec{.params = IvfSq8Params{}}).Validate(7));
  EXPECT_OK((IndexSpec{.params = HnswParams{.m = 6}}).Validate(7));
  EXPECT_OK((IndexSpec{.params = InvertedParams{}}).Validate(0));
  EXPECT_TRUE(IsInvalid((IndexSpec{.params = IvfPqParams{.nbits = 9}}).Validate(8),
                        {"nbits is 9; it is an integer, 1 to 8"}));
}

TEST(IndexSpecTest, ValidatesParametersAndMetric) {
  EXPECT_OK(IndexSpec{}.Validate());
  EXPECT_OK((IndexSpec{.params = HnswParams{.m = 2, .ef_construction = 65536}}).Validate());
  EXPECT_TRUE(
      IsInvalid((IndexSpec{.params = HnswParams{.m = 1}}).Validate(), {"M is 1;", "2 to 2048"}));
  EXPECT_TRUE(IsInvalid((IndexSpec{.params = HnswParams{.m = 2049}}).Validate(), {"M is 2049;"}));
  EXPECT_TRUE(IsInvalid((IndexSpec{.params = HnswParams{.ef_construction = 0}}).Validate(),
                        {"efConstruction is 0;", "1 to 65536"}));
  EXPECT_OK((IndexSpec{.params = IvfFlatParams{.nlist = 65536}}).Validate());
  EXPECT_TRUE(IsInvalid((IndexSpec{.params = IvfFlatParams{.nlist = 65537}}).Validate(),
                        {"nlist is 65537;", "1 to 65536"}));
  EXPECT_TRUE(IsInvalid((IndexSpec{.params = IvfSq8Params{.refine = Refine{7}}}).Validate(),
                        {"refine is 7;"}));
  for (const int32_t metric : {0, 4, -1}) {
    EXPECT_TRUE(IsInvalid((IndexSpec{.metric = static_cast<Metric>(metric)}).Validate(),
                          {"metric is " + std::to_string(metric)}));
  }
}

TEST(IndexSpecTest, IndexesOfScalarFieldsHaveNoMetric) {
  const IndexSpec inverted = {.params = InvertedParams{}};
  const IndexSpec sorted = {.params = SortedParams{}};
  EXPECT_EQ(*IndexSpec::FromJson(R"({"index_type":"INVERTED"})"), inverted);
  EXPECT_EQ(*IndexSpec::FromJson(R"({"index_type":"SORTED","params":{}})"), sorted);
  EXPECT_EQ(*IndexSpec::FromJson(R"({"index_type":"STL_SORT","params":"{}"})"), sorted);
  EXPECT_EQ(inverted.ToJson(), R"({"index_type":"INVERTED","params":{}})");
  EXPECT_EQ(sorted.ToJson(), R"({"index_type":"SORTED","params":{}})");
  EXPECT_EQ(*IndexSpec::FromJson(inverted.ToJson()), inverted);
  EXPECT_EQ(*IndexSpec::FromJson(sorted.ToJson()), sorted);
  EXPECT_NE(inverted, sorted);
  EXPECT_NE(inverted, IndexSpec{});
  const IndexSpec with_metric = {.metric = static_cast<Metric>(9), .params = SortedParams{}};
  EXPECT_OK(with_metric.Validate());
  EXPECT_EQ(with_metric, sorted);
  EXPECT_NE((IndexSpec{.metric = Metric::kL2}), (IndexSpec{.metric = Metric::kIp}));
  EXPECT_TRUE(inverted.is_scalar());
  EXPECT_TRUE(sorted.is_scalar());
  EXPECT_FALSE(IndexSpec{}.is_scalar());
  EXPECT_FALSE((IndexSpec{.params = HnswParams{}}).is_scalar());
  EXPECT_FALSE((IndexSpec{.params = IvfPqParams{}}).is_scalar());
}

TEST(IndexSpecTest, NamesTypesAndMetrics) {
  EXPECT_EQ(IndexSpec{}.type_name(), "FLAT");
  EXPECT_EQ((IndexSpec{.params = HnswParams{}}).type_name(), "HNSW");
  EXPECT_EQ((IndexSpec{.params = IvfFlatParams{}}).type_name(), "IVF_FLAT");
  EXPECT_EQ((IndexSpec{.params = IvfSq8Params{}}).type_name(), "IVF_SQ8");
  EXPECT_EQ((IndexSpec{.params = IvfPqParams{}}).type_name(), "IVF_PQ");
  EXPECT_EQ((IndexSpec{.params = InvertedParams{}}).type_name(), "INVERTED");
  EXPECT_EQ((IndexSpec{.params = SortedParams{}}).type_name(), "SORTED");
  EXPECT_EQ(MetricName(Metric::kL2), "L2");
  EXPECT_EQ(MetricName(Metric::kIp), "IP");
  EXPECT_EQ(MetricName(Metric::kCosine), "COSINE");
  EXPECT_EQ(MetricName(static_cast<Metric>(9)), "unknown");
}

}  // namespace
}  // namespace vecdb::schema
