#include "schema/index_params.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

constexpr uint64_t kMaxSeed = std::numeric_limits<uint64_t>::max();

absl::StatusOr<IndexParams> ReadOne(std::string_view type, const char* name, const char* value) {
  const std::vector<ParamText> texts = {{.name = name, .value = value}};
  return ReadIndexParams(type, texts);
}

TEST(IndexParamsTest, EachTypeIsReadWithItsDefaults) {
  const struct {
    const char* type;
    IndexParams params;
  } cases[] = {
      {"FLAT", FlatParams{}},      {"HNSW", HnswParams{}},       {"IVF_FLAT", IvfFlatParams{}},
      {"IVF_SQ8", IvfSq8Params{}}, {"IVF_PQ", IvfPqParams{}},    {"INVERTED", InvertedParams{}},
      {"SORTED", SortedParams{}},  {"STL_SORT", SortedParams{}}, {"DISKANN", DiskannParams{}},
  };
  for (const auto& c : cases) {
    const auto read = ReadIndexParams(c.type, {});
    ASSERT_OK(read) << c.type;
    EXPECT_EQ(*read, c.params) << c.type;
    EXPECT_OK(CheckIndexParams(*read));
    EXPECT_EQ(IndexTypeName(*read) == c.type, std::string_view(c.type) != "STL_SORT") << c.type;
  }
  EXPECT_EQ(IvfFlatParams{}.nlist, 128);
  EXPECT_EQ((IvfPqParams{}), (IvfPqParams{.nlist = 128, .m = 0, .nbits = 8}));
}

TEST(IndexParamsTest, ATypeThatIsUnknownIsNamed) {
  for (const char* type : {"", "ivf_flat", "IVF", "BIN_IVF_FLAT", "ANNOY"}) {
    EXPECT_TRUE(IsInvalid(ReadIndexParams(type, {}),
                          {"index_type \"" + std::string(type) +
                           "\" is unknown; there are FLAT, "
                           "HNSW, HNSW_SQ, IVF_FLAT, IVF_SQ8, IVF_PQ, DISKANN, INVERTED, SORTED"}));
  }
}

TEST(IndexParamsTest, ParametersRunToTheirLimits) {
  const struct {
    const char* type;
    const char* name;
    const char* value;
    IndexParams params;
  } cases[] = {
      {"IVF_FLAT", "nlist", "1", IvfFlatParams{.nlist = 1}},
      {"IVF_FLAT", "nlist", "65536", IvfFlatParams{.nlist = 65536}},
      {"IVF_FLAT", "seed", "18446744073709551615", IvfFlatParams{.seed = kMaxSeed}},
      {"IVF_SQ8", "nlist", "1", IvfSq8Params{.nlist = 1}},
      {"IVF_SQ8", "nlist", "65536", IvfSq8Params{.nlist = 65536}},
      {"IVF_SQ8", "nbits", "8", IvfSq8Params{}},
      {"IVF_SQ8", "seed", "7", IvfSq8Params{.seed = 7}},
      {"IVF_PQ", "nlist", "1", IvfPqParams{.nlist = 1}},
      {"IVF_PQ", "nlist", "65536", IvfPqParams{.nlist = 65536}},
      {"IVF_PQ", "m", "0", IvfPqParams{}},
      {"IVF_PQ", "m", "1", IvfPqParams{.m = 1}},
      {"IVF_PQ", "m", "32768", IvfPqParams{.m = 32768}},
      {"IVF_PQ", "nbits", "1", IvfPqParams{.nbits = 1}},
      {"IVF_PQ", "nbits", "8", IvfPqParams{.nbits = 8}},
      {"IVF_PQ", "seed", "7", IvfPqParams{.seed = 7}},
      {"DISKANN", "max_degree", "1", DiskannParams{.max_degree = 1}},
      {"DISKANN", "max_degree", "2048", DiskannParams{.max_degree = 2048}},
      {"DISKANN", "MaxDegree", "56", DiskannParams{.max_degree = 56}},
      {"DISKANN", "search_list_size", "1", DiskannParams{.search_list_size = 1}},
      {"DISKANN", "search_list_size", "65536", DiskannParams{.search_list_size = 65536}},
      {"DISKANN", "SearchListSize", "100", DiskannParams{.search_list_size = 100}},
      {"DISKANN", "pq_code_budget", "0.25", DiskannParams{.pq_code_budget = 0.25}},
      {"DISKANN", "pq_code_budget_gb_ratio", "0.0625", DiskannParams{.pq_code_budget = 0.0625}},
      {"DISKANN", "PQCodeBudgetGBRatio", "0.125", DiskannParams{}},
      {"DISKANN", "search_cache_budget", "0", DiskannParams{.search_cache_budget = 0}},
      {"DISKANN", "SearchCacheBudgetGBRatio", "0.29", DiskannParams{.search_cache_budget = 0.29}},
      {"DISKANN", "seed", "7", DiskannParams{.seed = 7}},
  };
  for (const auto& c : cases) {
    const auto read = ReadOne(c.type, c.name, c.value);
    ASSERT_OK(read) << c.type << " " << c.name << " " << c.value;
    EXPECT_EQ(*read, c.params) << c.type << " " << c.name << " " << c.value;
    EXPECT_OK(CheckIndexParams(*read));
  }
}

TEST(IndexParamsTest, BeyondTheLimitsTheyAreRefused) {
  const struct {
    const char* type;
    const char* name;
    const char* value;
    const char* message;
  } cases[] = {
      {"IVF_FLAT", "nlist", "0", "nlist is 0; it is an integer, 1 to 65536"},
      {"IVF_FLAT", "nlist", "65537", "nlist is 65537; it is an integer, 1 to 65536"},
      {"IVF_FLAT", "nlist", "many", "nlist is \"many\"; it is an integer, 1 to 65536"},
      {"IVF_FLAT", "seed", "-1", "seed is \"-1\"; it is an integer, 0 to 2^64 - 1"},
      {"IVF_SQ8", "nlist", "0", "nlist is 0; it is an integer, 1 to 65536"},
      {"IVF_SQ8", "nlist", "65537", "nlist is 65537; it is an integer, 1 to 65536"},
      {"IVF_SQ8", "nbits", "7", "nbits is 7; it can only be 8"},
      {"IVF_SQ8", "nbits", "9", "nbits is 9; it can only be 8"},
      {"IVF_SQ8", "nbits", "8.0", "nbits is \"8.0\"; it can only be 8"},
      {"IVF_SQ8", "seed", "18446744073709551616",
       "seed is \"18446744073709551616\"; it is an integer, 0 to 2^64 - 1"},
      {"IVF_PQ", "nlist", "0", "nlist is 0; it is an integer, 1 to 65536"},
      {"IVF_PQ", "nlist", "65537", "nlist is 65537; it is an integer, 1 to 65536"},
      {"IVF_PQ", "m", "-1", "m is -1; it is an integer, 0 to 32768"},
      {"IVF_PQ", "m", "32769", "m is 32769; it is an integer, 0 to 32768"},
      {"IVF_PQ", "nbits", "0", "nbits is 0; it is an integer, 1 to 8"},
      {"IVF_PQ", "nbits", "9", "nbits is 9; it is an integer, 1 to 8"},
      {"IVF_PQ", "nbits", "16", "nbits is 16; it is an integer, 1 to 8"},
      {"DISKANN", "max_degree", "0", "max_degree is 0; it is an integer, 1 to 2048"},
      {"DISKANN", "max_degree", "2049", "max_degree is 2049; it is an integer, 1 to 2048"},
      {"DISKANN", "search_list_size", "0", "search_list_size is 0; it is an integer, 1 to 65536"},
      {"DISKANN", "pq_code_budget", "0",
       "pq_code_budget is \"0\"; it is a number, above 0 to 0.25"},
      {"DISKANN", "pq_code_budget", "0.26",
       "pq_code_budget is \"0.26\"; it is a number, above 0 to 0.25"},
      {"DISKANN", "pq_code_budget", "nan",
       "pq_code_budget is \"nan\"; it is a number, above 0 to 0.25"},
      {"DISKANN", "search_cache_budget", "-0.1",
       "search_cache_budget is \"-0.1\"; it is a number, 0 to below 0.3"},
      {"DISKANN", "search_cache_budget", "0.3",
       "search_cache_budget is \"0.3\"; it is a number, 0 to below 0.3"},
      {"IVF_PQ", "seed", "", "seed is \"\"; it is an integer, 0 to 2^64 - 1"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ReadOne(c.type, c.name, c.value).status(), absl::InvalidArgumentError(c.message));
  }
}

TEST(IndexParamsTest, AnUnknownParameterNamesThoseThereAre) {
  const struct {
    const char* type;
    const char* name;
    const char* message;
  } cases[] = {
      {"FLAT", "nlist", "FLAT has no parameter \"nlist\"; it has none"},
      {"HNSW", "nlist",
       "HNSW has no parameter \"nlist\"; it has M, efConstruction, codec, sq_type, refine, "
       "refine_type, seed"},
      {"HNSW_SQ", "nbits",
       "HNSW_SQ has no parameter \"nbits\"; it has M, efConstruction, codec, sq_type, refine, "
       "refine_type, seed"},
      {"IVF_FLAT", "nprobe", "IVF_FLAT has no parameter \"nprobe\"; it has nlist, seed"},
      {"IVF_FLAT", "refine", "IVF_FLAT has no parameter \"refine\"; it has nlist, seed"},
      {"IVF_FLAT", "nbits", "IVF_FLAT has no parameter \"nbits\"; it has nlist, seed"},
      {"IVF_SQ8", "m",
       "IVF_SQ8 has no parameter \"m\"; it has nlist, nbits, refine, refine_type, seed"},
      {"IVF_PQ", "M",
       "IVF_PQ has no parameter \"M\"; it has nlist, m, nbits, refine, refine_type, seed"},
      {"INVERTED", "seed", "INVERTED has no parameter \"seed\"; it has none"},
      {"STL_SORT", "m", "STL_SORT has no parameter \"m\"; it has none"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ReadOne(c.type, c.name, "1").status(), absl::InvalidArgumentError(c.message));
  }
}

TEST(IndexParamsTest, RefineIsOnUnlessItIsFalse) {
  const struct {
    std::vector<ParamText> texts;
    Refine refine;
  } cases[] = {
      {{}, Refine::kFloat32},
      {{{"refine", "true"}}, Refine::kFloat32},
      {{{"refine", "false"}}, Refine::kNone},
      {{{"refine_type", "fp32"}}, Refine::kFloat32},
      {{{"refine_type", "FP32"}}, Refine::kFloat32},
      {{{"refine", "true"}, {"refine_type", "flat"}}, Refine::kFloat32},
      {{{"refine_type", "FLAT"}, {"refine", "true"}}, Refine::kFloat32},
      {{{"refine_type", "Flat"}}, Refine::kFloat32},
      {{{"refine_type", "fp16"}}, Refine::kFloat16},
      {{{"refine", "true"}, {"refine_type", "FP16"}}, Refine::kFloat16},
  };
  for (const auto& c : cases) {
    const auto sq8 = ReadIndexParams("IVF_SQ8", c.texts);
    ASSERT_OK(sq8);
    EXPECT_EQ(*sq8, IndexParams(IvfSq8Params{.refine = c.refine}));
    const auto pq = ReadIndexParams("IVF_PQ", c.texts);
    ASSERT_OK(pq);
    EXPECT_EQ(*pq, IndexParams(IvfPqParams{.refine = c.refine}));
  }
}

TEST(IndexParamsTest, RefinesThatAreNotThereAreRefused) {
  const struct {
    std::vector<ParamText> texts;
    const char* message;
  } cases[] = {
      {{{"refine", "True"}}, "refine is \"True\"; it is true or false"},
      {{{"refine", "1"}}, "refine is \"1\"; it is true or false"},
      {{{"refine", ""}}, "refine is \"\"; it is true or false"},
      {{{"refine_type", "bf16"}},
       "refine_type \"bf16\" is unknown; there are FP32, FP16, SQ8, FLAT"},
      {{{"refine_type", ""}}, "refine_type \"\" is unknown; there are FP32, FP16, SQ8, FLAT"},
      {{{"refine", "false"}, {"refine_type", "sq6"}},
       "refine_type \"sq6\" is unknown; there are FP32, FP16, SQ8, FLAT"},
      {{{"refine", "false"}, {"refine_type", "fp16"}},
       "refine is false, so there is no refine_type; it is FP16"},
      {{{"refine_type", "FLAT"}, {"refine", "false"}},
       "refine is false, so there is no refine_type; it is FP32"},
  };
  for (const auto& c : cases) {
    for (const char* type : {"IVF_SQ8", "IVF_PQ"}) {
      EXPECT_EQ(ReadIndexParams(type, c.texts).status(), absl::InvalidArgumentError(c.message));
    }
  }
}

TEST(IndexParamsTest, WhatIsPrintedIsReadBack) {
  const struct {
    IndexParams params;
    std::vector<ParamText> texts;
  } cases[] = {
      {FlatParams{}, {}},
      {InvertedParams{}, {}},
      {SortedParams{}, {}},
      {HnswParams{}, {{"M", "16"}, {"efConstruction", "200"}}},
      {IvfFlatParams{}, {{"nlist", "128"}}},
      {IvfFlatParams{.nlist = 65536, .seed = 9}, {{"nlist", "65536"}, {"seed", "9"}}},
      {IvfSq8Params{}, {{"nlist", "128"}}},
      {IvfSq8Params{.nlist = 1, .refine = Refine::kNone, .seed = kMaxSeed},
       {{"nlist", "1"}, {"refine", "false"}, {"seed", "18446744073709551615"}}},
      {IvfPqParams{}, {{"nlist", "128"}, {"nbits", "8"}}},
      {IvfPqParams{.nlist = 7, .m = 32, .nbits = 4, .refine = Refine::kNone, .seed = 1},
       {{"nlist", "7"}, {"m", "32"}, {"nbits", "4"}, {"refine", "false"}, {"seed", "1"}}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(PrintIndexParams(c.params), c.texts) << IndexTypeName(c.params);
    const auto read = ReadIndexParams(IndexTypeName(c.params), c.texts);
    ASSERT_OK(read) << IndexTypeName(c.params);
    EXPECT_EQ(*read, c.params) << IndexTypeName(c.params);
  }
}

TEST(IndexParamsTest, ParametersOfTheHostAreCheckedToo) {
  const struct {
    IndexParams params;
    const char* message;
  } cases[] = {
      {HnswParams{.m = 1}, "M is 1; it is an integer, 2 to 2048"},
      {HnswParams{.ef_construction = 65537},
       "efConstruction is 65537; it is an integer, 1 to 65536"},
      {IvfFlatParams{.nlist = 0}, "nlist is 0; it is an integer, 1 to 65536"},
      {IvfFlatParams{.nlist = 65537}, "nlist is 65537; it is an integer, 1 to 65536"},
      {IvfSq8Params{.nlist = -1}, "nlist is -1; it is an integer, 1 to 65536"},
      {IvfSq8Params{.refine = static_cast<Refine>(0)},
       "refine is 0; there are 1 (none), 2 (float32), 3 (float16), 4 (SQ8)"},
      {IvfSq8Params{.refine = Refine::kSq8}, "refine is SQ8; IVF_SQ8 has such codes already"},
      {IvfPqParams{.nlist = 0}, "nlist is 0; it is an integer, 1 to 65536"},
      {IvfPqParams{.m = -1}, "m is -1; it is an integer, 0 to 32768"},
      {IvfPqParams{.m = 32769}, "m is 32769; it is an integer, 0 to 32768"},
      {IvfPqParams{.nbits = 0}, "nbits is 0; it is an integer, 1 to 8"},
      {IvfPqParams{.nbits = 9}, "nbits is 9; it is an integer, 1 to 8"},
      {IvfPqParams{.refine = static_cast<Refine>(5)},
       "refine is 5; there are 1 (none), 2 (float32), 3 (float16), 4 (SQ8)"},
      {HnswParams{.codec = static_cast<HnswCodec>(5)},
       "codec is 5; there are 0 (auto), 1 (float32), 2 (float16), 3 (SQ8), 4 (SQ4), 6 (RaBitQ)"},
      {HnswParams{.refine = static_cast<Refine>(-1)},
       "refine is -1; there are 1 (none), 2 (float32), 3 (float16), 4 (SQ8)"},
      {HnswParams{.refine = Refine::kFloat16}, "refine is FP16; name the codec too"},
      {HnswParams{.codec = HnswCodec::kFloat32, .refine = Refine::kFloat32},
       "refine is FP32; codec FP32 has nothing to refine"},
      {HnswParams{.codec = HnswCodec::kFloat16, .refine = Refine::kSq8},
       "refine is SQ8; codec FP16 is as fine"},
      {HnswParams{.codec = HnswCodec::kSq8, .refine = Refine::kSq8},
       "refine is SQ8; codec SQ8 is as fine"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(CheckIndexParams(c.params), absl::InvalidArgumentError(c.message));
  }
}

TEST(IndexParamsTest, CodecsOfGraphsAreReadInEitherSpelling) {
  const struct {
    const char* type;
    std::vector<ParamText> texts;
    HnswCodec codec;
    Refine refine;
  } cases[] = {
      {"HNSW", {}, HnswCodec::kAuto, Refine::kAuto},
      {"HNSW", {{"codec", "fp32"}}, HnswCodec::kFloat32, Refine::kAuto},
      {"HNSW", {{"codec", "RaBitQ"}}, HnswCodec::kRabitq, Refine::kAuto},
      {"HNSW", {{"codec", "SQ8"}, {"refine", "false"}}, HnswCodec::kSq8, Refine::kNone},
      {"HNSW_SQ", {}, HnswCodec::kSq8, Refine::kAuto},
      {"HNSW_SQ", {{"sq_type", "SQ4U"}}, HnswCodec::kSq4, Refine::kAuto},
      {"HNSW_SQ", {{"sq_type", "FP16"}, {"refine", "true"}}, HnswCodec::kFloat16, Refine::kFloat32},
      {"HNSW_SQ", {{"sq_type", "sq4"}, {"refine_type", "SQ8"}}, HnswCodec::kSq4, Refine::kSq8},
  };
  for (const auto& c : cases) {
    const auto read = ReadIndexParams(c.type, c.texts);
    ASSERT_OK(read);
    EXPECT_EQ(*read, IndexParams(HnswParams{.codec = c.codec, .refine = c.refine}));
    EXPECT_OK(CheckIndexParams(*read));
    const IndexSpec spec{.params = *read};
    const auto again = IndexSpec::FromJson(spec.ToJson());
    ASSERT_OK(again) << spec.ToJson();
    EXPECT_EQ(*again, spec) << spec.ToJson();
  }
  EXPECT_EQ(ReadOne("HNSW_SQ", "sq_type", "SQ6").status(),
            absl::InvalidArgumentError(
                "sq_type \"SQ6\" is unknown; there are FP32, FP16, SQ8, SQ4, RABITQ, SQ4U"));
  EXPECT_EQ(
      (IndexSpec{.params = HnswParams{.codec = HnswCodec::kSq4, .refine = Refine::kSq8}}).ToJson(),
      R"({"index_type":"HNSW","metric_type":"IP","params":{"M":16,"efConstruction":200,)"
      R"("codec":"SQ4","refine_type":"SQ8"}})");
}

TEST(IndexParamsTest, TheLibraryChoosesTheCodecByTheDim) {
  const struct {
    HnswParams params;
    int32_t dim;
    HnswCoding coding;
  } cases[] = {
      {{}, 63, {HnswCodec::kFloat32, Refine::kNone}},
      {{}, 64, {HnswCodec::kSq8, Refine::kFloat16}},
      {{.codec = HnswCodec::kSq8}, 1, {HnswCodec::kSq8, Refine::kFloat16}},
      {{.codec = HnswCodec::kSq4}, 9, {HnswCodec::kSq4, Refine::kFloat16}},
      {{.codec = HnswCodec::kRabitq}, 9, {HnswCodec::kRabitq, Refine::kFloat16}},
      {{.codec = HnswCodec::kFloat16}, 9, {HnswCodec::kFloat16, Refine::kFloat32}},
      {{.codec = HnswCodec::kFloat32}, 999, {HnswCodec::kFloat32, Refine::kNone}},
      {{.codec = HnswCodec::kSq8, .refine = Refine::kNone}, 99, {HnswCodec::kSq8, Refine::kNone}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(EffectiveHnswCoding(c.params, c.dim), c.coding) << c.dim;
    EXPECT_EQ(EffectiveRefine({.params = c.params}, c.dim), c.coding.refine);
  }
  EXPECT_EQ(EffectiveRefine({.params = IvfSq8Params{.refine = Refine::kFloat16}}, 9),
            Refine::kFloat16);
  EXPECT_EQ(EffectiveRefine({.params = IvfPqParams{}}, 9), Refine::kFloat32);
  EXPECT_EQ(EffectiveRefine({.params = IvfFlatParams{}}, 9), Refine::kNone);
}

TEST(IndexParamsTest, PartsOfPqDivideTheDim) {
  const struct {
    int32_t m;
    int32_t nbits;
    int32_t dim;
    int32_t parts;
  } cases[] = {
      {0, 4, 128, 64},  {0, 1, 128, 64},  {0, 5, 128, 32},    {0, 8, 128, 32},
      {0, 4, 1, 1},     {0, 8, 1, 1},     {0, 8, 3, 1},       {0, 8, 4, 1},
      {0, 4, 2, 1},     {0, 4, 9, 3},     {0, 8, 9, 1},       {0, 8, 100, 25},
      {0, 8, 90, 18},   {0, 8, 102, 17},  {0, 4, 127, 1},     {0, 8, 768, 192},
      {0, 4, 768, 384}, {16, 8, 128, 16}, {128, 4, 128, 128}, {0, 4, 32768, 16384},
  };
  for (const auto& c : cases) {
    const int32_t parts = EffectivePqM({.m = c.m, .nbits = c.nbits}, c.dim);
    EXPECT_EQ(parts, c.parts) << c.nbits << " bits, dim " << c.dim;
    EXPECT_EQ(c.dim % parts, 0) << c.nbits << " bits, dim " << c.dim;
  }
}

TEST(IndexParamsTest, ParametersOfDiskannAreReadAsTheyArePrinted) {
  const DiskannParams all[] = {
      {},
      {.max_degree = 7, .search_list_size = 9, .pq_code_budget = 0.1, .search_cache_budget = 0},
      {.pq_code_budget = 1.0 / 7, .search_cache_budget = 0.2999999, .seed = 5}};
  for (const DiskannParams& params : all) {
    const auto read = ReadIndexParams("DISKANN", PrintIndexParams(params));
    ASSERT_OK(read);
    EXPECT_EQ(*read, IndexParams(params));
  }
}

TEST(IndexParamsTest, CodesOfDiskannKeepToTheirBudget) {
  EXPECT_EQ(EffectiveCodeParts({}, 128), 32);   // 60 bytes may be
  EXPECT_EQ(EffectiveCodeParts({}, 768), 256);  // 380
  EXPECT_EQ(EffectiveCodeParts({.pq_code_budget = 0.25}, 128), 64);
  EXPECT_EQ(EffectiveCodeParts({.pq_code_budget = 0.001}, 128), 1);
  EXPECT_EQ(EffectiveCodeParts({}, 1), 1);
  EXPECT_EQ(EffectiveCodeParts({}, 127), 1);  // a prime
}

}  // namespace
}  // namespace vecdb::schema
