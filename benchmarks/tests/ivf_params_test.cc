#include "ann/ivf_params.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "ann/vecdb_params.h"

namespace vecdb::bench {
namespace {

constexpr size_t kManyRows = 1000000;

std::string BuildErrorOf(std::string_view index, std::string_view build, size_t dim = 96) {
  const Params params = *ParseParams(build);
  return std::string(ReadIvfBuild(index, params, kManyRows, dim).status().message());
}

std::string SearchErrorOf(const Params& search) {
  return std::string(ReadIvfSearch(search).status().message());
}

int PartsOf(std::string_view build, size_t dim) {
  const Params params = *ParseParams(build);
  const absl::StatusOr<IvfBuild> read = ReadIvfBuild("IVF_PQ", params, kManyRows, dim);
  return read.ok() ? read->num_parts : -1;
}

int ListsOf(std::string_view build, size_t num_rows) {
  const Params params = *ParseParams(build);
  return ReadIvfBuild("IVF_FLAT", params, num_rows, 96)->nlist;
}

TEST(IvfParamsTest, ThreeIndexesHaveLists) {
  for (const char* index : {"IVF_FLAT", "IVF_SQ8", "IVF_PQ"}) EXPECT_TRUE(IsIvf(index)) << index;
  for (const char* index : {"HNSW", "FLAT", "IVF", ""}) EXPECT_FALSE(IsIvf(index)) << index;
}

TEST(IvfParamsTest, WhatIsNotGivenIsAsInVecdb) {
  const IvfBuild flat = *ReadIvfBuild("IVF_FLAT", {}, kManyRows, 96);
  EXPECT_EQ(flat.nlist, IvfFlatParams{}.nlist);
  EXPECT_FALSE(flat.refine);
  const IvfBuild sq8 = *ReadIvfBuild("IVF_SQ8", {}, kManyRows, 96);
  EXPECT_EQ(sq8.nlist, IvfSq8Params{}.nlist);
  EXPECT_TRUE(sq8.refine);
  const IvfBuild pq = *ReadIvfBuild("IVF_PQ", {}, kManyRows, 96);
  EXPECT_EQ(pq.nlist, IvfPqParams{}.nlist);
  EXPECT_EQ(pq.num_bits, IvfPqParams{}.nbits);
  EXPECT_EQ(pq.num_parts, 24);
  EXPECT_TRUE(pq.refine);
}

TEST(IvfParamsTest, WhatIsGivenIsTakenAndOtherKeysAreIgnored) {
  const Params build = *ParseParams("nlist=256,m=32,nbits=4,refine=false,seed=7");
  const IvfBuild read = *ReadIvfBuild("IVF_PQ", build, kManyRows, 96);
  EXPECT_EQ(read.nlist, 256);
  EXPECT_EQ(read.num_parts, 32);
  EXPECT_EQ(read.num_bits, 4);
  EXPECT_FALSE(read.refine);
}

TEST(IvfParamsTest, FewRowsHaveFewerLists) {
  EXPECT_EQ(ListsOf("nlist=100", 3900), 100);
  EXPECT_EQ(ListsOf("nlist=100", 3899), 99);
  EXPECT_EQ(ListsOf("nlist=100", 1), 1);
}

TEST(IvfParamsTest, PartsAreAsManyAsVecdbTakesOrHaveToBeNamed) {
  EXPECT_EQ(PartsOf("nbits=4", 96), 48);
  EXPECT_EQ(PartsOf("nbits=5", 96), 24);
  EXPECT_EQ(PartsOf("m=0,nbits=8", 96), 24);
  EXPECT_EQ(PartsOf("m=7,nbits=4", 49), 7);
  EXPECT_EQ(BuildErrorOf("IVF_PQ", "nbits=8", 98),
            "m is missing; a peer cannot guess vecdb's for dim 98");
  EXPECT_EQ(BuildErrorOf("IVF_PQ", "m=5"), "m is 5; it divides dim 96");
}

TEST(IvfParamsTest, BuildsOutOfRangeAreRefused) {
  EXPECT_EQ(BuildErrorOf("IVF_FLAT", "nlist=1"), "");
  EXPECT_EQ(BuildErrorOf("IVF_FLAT", "nlist=65536"), "");
  EXPECT_EQ(BuildErrorOf("IVF_FLAT", "nlist=0"), "nlist: \"0\" is no number from 1 to 65536");
  EXPECT_EQ(BuildErrorOf("IVF_FLAT", "nlist=65537"),
            "nlist: \"65537\" is no number from 1 to 65536");
  EXPECT_EQ(BuildErrorOf("IVF_PQ", "nbits=0"), "nbits: \"0\" is no number from 1 to 8");
  EXPECT_EQ(BuildErrorOf("IVF_PQ", "nbits=9"), "nbits: \"9\" is no number from 1 to 8");
  EXPECT_EQ(BuildErrorOf("IVF_PQ", "m=97"), "m: \"97\" is no number from 0 to 96");
  EXPECT_EQ(BuildErrorOf("IVF_SQ8", "refine=maybe"), "refine: \"maybe\" is neither true nor false");
}

TEST(IvfParamsTest, SearchesHaveDefaultsAndRanges) {
  EXPECT_EQ(*ReadIvfSearch({}), IvfSearchParams{});
  EXPECT_EQ(*ReadIvfSearch({{"nprobe", "65536"}, {"refine_k", "1.5"}}),
            (IvfSearchParams{.nprobe = 65536, .refine_k = 1.5F}));
  EXPECT_EQ(SearchErrorOf({{"refine_k", "0"}}), "");
  EXPECT_EQ(SearchErrorOf({{"refine_k", "1"}}), "");
  EXPECT_EQ(SearchErrorOf({{"refine_k", "1000"}}), "");
  EXPECT_EQ(SearchErrorOf({{"refine_k", "0.5"}}), "refine_k is 0.5; it is 0, or from 1 to 1000");
  EXPECT_EQ(SearchErrorOf({{"refine_k", "1001"}}), "refine_k is 1001; it is 0, or from 1 to 1000");
  EXPECT_EQ(SearchErrorOf({{"refine_k", "-1"}}), "refine_k is -1; it is 0, or from 1 to 1000");
  EXPECT_EQ(SearchErrorOf({{"nprobe", "0"}}), "nprobe: \"0\" is no number from 1 to 65536");
  EXPECT_EQ(SearchErrorOf({{"nprobe", "65537"}}), "nprobe: \"65537\" is no number from 1 to 65536");
}

TEST(IvfParamsTest, WithoutRefineKItIsThatOfTheIndex) {
  EXPECT_EQ(EffectiveRefineK("IVF_SQ8", {}), 2);
  EXPECT_EQ(EffectiveRefineK("IVF_PQ", {}), 8);
  EXPECT_EQ(EffectiveRefineK("IVF_PQ", {.refine_k = 3}), 3);
}

TEST(VecdbParamsTest, EachIndexHasItsSearchParameters) {
  const IndexSpec hnsw{.params = HnswParams{}};
  EXPECT_EQ(std::get<HnswSearchParams>(*VecdbSearchParams(hnsw, {{"ef", "20"}})).ef, 20);
  EXPECT_EQ(
      std::get<HnswSearchParams>(*VecdbSearchParams(hnsw, {{"ef", "20"}, {"refine_k", "1.5"}})),
      (HnswSearchParams{.ef = 20, .refine_k = 1.5F}));
  EXPECT_FALSE(VecdbSearchParams(hnsw, {{"refine_k", "many"}}).ok());
  EXPECT_FALSE(VecdbSearchParams(hnsw, {{"nprobe", "4"}}).ok());
  EXPECT_FALSE(VecdbSearchParams({.params = FlatParams{}}, {{"nprobe", "4"}}).ok());
  const IndexParams all[] = {IvfFlatParams{}, IvfSq8Params{}, IvfPqParams{}};
  for (const IndexParams& params : all) {
    const IndexSpec lists{.params = params};
    EXPECT_EQ(
        std::get<IvfSearchParams>(*VecdbSearchParams(lists, {{"nprobe", "4"}, {"refine_k", "2"}})),
        (IvfSearchParams{.nprobe = 4, .refine_k = 2}));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(*VecdbSearchParams(lists, {})));
    EXPECT_FALSE(VecdbSearchParams(lists, {{"ef", "20"}}).ok());
    EXPECT_FALSE(VecdbSearchParams(lists, {{"nprobe", "0"}}).ok());
  }
}

TEST(VecdbParamsTest, TheSpecOfAnIndexOfListsIsReadFromItsParameters) {
  Options options;
  options.index = "IVF_PQ";
  options.metric = Metric::kL2;
  options.build = *ParseParams("nlist=256,m=32,nbits=4,refine=false");
  const absl::StatusOr<IndexSpec> spec = VecdbIndexSpec(options);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->metric, Metric::kL2);
  EXPECT_EQ(std::get<IvfPqParams>(spec->params),
            (IvfPqParams{.nlist = 256, .m = 32, .nbits = 4, .refine = Refine::kNone}));
}

TEST(VecdbParamsTest, TheSpecOfAGraphOfCodesIsReadFromItsParameters) {
  Options options;
  options.index = "HNSW";
  options.metric = Metric::kCosine;
  options.build = *ParseParams("M=32,codec=SQ8,refine_type=FP16");
  const absl::StatusOr<IndexSpec> spec = VecdbIndexSpec(options);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(std::get<HnswParams>(spec->params),
            (HnswParams{.m = 32, .codec = HnswCodec::kSq8, .refine = Refine::kFloat16}));
  options.build = *ParseParams("codec=SQ9");
  EXPECT_FALSE(VecdbIndexSpec(options).ok());
}

}  // namespace
}  // namespace vecdb::bench
