#include "schema/search_params.h"

#include <gtest/gtest.h>

#include <limits>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

const IndexSpec kFlat = {.params = FlatParams{}};
const IndexSpec kHnsw = {.params = HnswParams{}};
const IndexSpec kHnswRows = {.params = HnswParams{.codec = HnswCodec::kFloat32}};
const IndexSpec kHnswSq4 = {.params = HnswParams{.codec = HnswCodec::kSq4}};
const IndexSpec kHnswRabitq = {.params = HnswParams{.codec = HnswCodec::kRabitq}};
const IndexSpec kHnswAlone = {.params =
                                  HnswParams{.codec = HnswCodec::kSq8, .refine = Refine::kNone}};
const IndexSpec kIvfFlat = {.params = IvfFlatParams{}};
const IndexSpec kIvfSq8 = {.params = IvfSq8Params{}};
const IndexSpec kIvfPq = {.params = IvfPqParams{}};
const IndexSpec kIvfSq8Alone = {.params = IvfSq8Params{.refine = Refine::kNone}};
const IndexSpec kIvfPqAlone = {.params = IvfPqParams{.refine = Refine::kNone}};
const IndexSpec* const kEveryIvf[] = {&kIvfFlat, &kIvfSq8, &kIvfPq, &kIvfSq8Alone, &kIvfPqAlone};

TEST(SearchParamsTest, DefaultsFitEveryIndex) {
  EXPECT_OK(ValidateSearchParams(kFlat, {}, 1));
  EXPECT_OK(ValidateSearchParams(kHnsw, {}, 16384));
  for (const IndexSpec* spec : kEveryIvf) {
    EXPECT_OK(ValidateSearchParams(*spec, {}, 16384));
    EXPECT_OK(ValidateSearchParams(*spec, IvfSearchParams{}, 16384));
  }
}

TEST(SearchParamsTest, TargetRecallFitsEveryIndex) {
  for (const IndexSpec* spec : {&kFlat, &kHnsw, &kIvfFlat, &kIvfSq8, &kIvfPq}) {
    EXPECT_OK(ValidateSearchParams(*spec, TargetRecall{}, 16384));
    for (const double recall : {0.49, 1.0}) {
      EXPECT_TRUE(IsInvalid(ValidateSearchParams(*spec, TargetRecall{.recall = recall}, 1),
                            {"target_recall is ", "the range is 0.5 to 0.999"}));
    }
  }
}

TEST(SearchParamsTest, EfRunsFromKTo65536) {
  const struct {
    int32_t ef;
    int32_t k;
    bool ok;
  } cases[] = {{0, 100, true}, {100, 100, true},     {99, 100, false},   {1, 1, true},
               {-1, 1, false}, {65536, 10, true},    {65537, 10, false}, {16384, 16384, true},
               {1, 2, false},  {16383, 16384, false}};
  for (const auto& c : cases) {
    const absl::Status status = ValidateSearchParams(kHnsw, HnswSearchParams{.ef = c.ef}, c.k);
    if (c.ok) {
      EXPECT_OK(status) << c.ef;
    } else {
      EXPECT_TRUE(
          IsInvalid(status, {"ef is " + std::to_string(c.ef), std::to_string(c.k) + " to 65536"}));
    }
  }
}

TEST(SearchParamsTest, RefusesParametersOfAnotherIndex) {
  const struct {
    const IndexSpec* spec;
    SearchParams params;
    const char* message;
  } cases[] = {
      {&kFlat, HnswSearchParams{}, "the search has parameters for HNSW; the index is FLAT"},
      {&kIvfFlat, HnswSearchParams{}, "the search has parameters for HNSW; the index is IVF_FLAT"},
      {&kIvfSq8, HnswSearchParams{}, "the search has parameters for HNSW; the index is IVF_SQ8"},
      {&kIvfPq, HnswSearchParams{}, "the search has parameters for HNSW; the index is IVF_PQ"},
      {&kFlat, IvfSearchParams{}, "the search has parameters for IVF; the index is FLAT"},
      {&kHnsw, IvfSearchParams{}, "the search has parameters for IVF; the index is HNSW"},
      {&kHnsw, IvfSearchParams{.nprobe = 0},
       "the search has parameters for IVF; the index is HNSW"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ValidateSearchParams(*c.spec, c.params, 1), absl::InvalidArgumentError(c.message));
  }
}

TEST(SearchParamsTest, NprobeRunsFrom1To65536) {
  for (const IndexSpec* spec : kEveryIvf) {
    for (const int32_t nprobe : {1, 8, 65536}) {
      EXPECT_OK(ValidateSearchParams(*spec, IvfSearchParams{.nprobe = nprobe}, 1)) << nprobe;
    }
    for (const int32_t nprobe : {0, -1, 65537}) {
      EXPECT_EQ(ValidateSearchParams(*spec, IvfSearchParams{.nprobe = nprobe}, 1),
                absl::InvalidArgumentError("nprobe is " + std::to_string(nprobe) +
                                           "; the range is 1 to 65536"));
    }
  }
}

TEST(SearchParamsTest, RefineKRunsFrom1To1000) {
  const struct {
    float refine_k;
    const char* shown;  // null: it is in range
  } cases[] = {
      {0, nullptr},
      {-0.0F, nullptr},
      {1, nullptr},
      {1.5F, nullptr},
      {1000, nullptr},
      {0.5F, "0.5"},
      {-1, "-1"},
      {1001, "1001"},
      {std::numeric_limits<float>::infinity(), "inf"},
      {std::numeric_limits<float>::quiet_NaN(), "nan"},
  };
  for (const auto& c : cases) {
    const IvfSearchParams params = {.refine_k = c.refine_k};
    for (const IndexSpec* spec : {&kIvfSq8, &kIvfPq}) {
      if (c.shown == nullptr) {
        EXPECT_OK(ValidateSearchParams(*spec, params, 1)) << c.refine_k;
        continue;
      }
      EXPECT_EQ(ValidateSearchParams(*spec, params, 1),
                absl::InvalidArgumentError("refine_k is " + std::string(c.shown) +
                                           "; the range is 1 to 1000, or 0 for the default"));
    }
  }
}

TEST(SearchParamsTest, WithoutRefineThereIsNoRefineK) {
  for (const IndexSpec* spec : {&kIvfFlat, &kIvfSq8Alone, &kIvfPqAlone}) {
    for (const float refine_k : {0.0F, 1.0F}) {
      EXPECT_OK(ValidateSearchParams(*spec, IvfSearchParams{.refine_k = refine_k}, 1));
    }
    EXPECT_EQ(ValidateSearchParams(*spec, IvfSearchParams{.refine_k = 4}, 1),
              absl::InvalidArgumentError("refine_k is 4; the index was built without refine"));
    EXPECT_EQ(ValidateSearchParams(*spec, IvfSearchParams{.refine_k = 1.5F}, 1),
              absl::InvalidArgumentError("refine_k is 1.5; the index was built without refine"));
    EXPECT_TRUE(IsInvalid(ValidateSearchParams(*spec, IvfSearchParams{.refine_k = 1001}, 1),
                          {"refine_k is 1001; the range is 1 to 1000"}));
  }
}

TEST(SearchParamsTest, RefineKOfGraphsIsCheckedLikewise) {
  for (const IndexSpec* spec : {&kHnsw, &kHnswSq4, &kHnswRabitq}) {
    for (const float refine_k : {0.0F, 1.0F, 1.5F, 1000.0F}) {
      EXPECT_OK(ValidateSearchParams(*spec, HnswSearchParams{.refine_k = refine_k}, 1));
    }
    for (const float refine_k : {-1.0F, 0.9F, 1000.5F, std::numeric_limits<float>::quiet_NaN()}) {
      EXPECT_TRUE(IsInvalid(ValidateSearchParams(*spec, HnswSearchParams{.refine_k = refine_k}, 1),
                            {"refine_k is", "the range is 1 to 1000, or 0 for the default"}));
    }
    EXPECT_EQ(EffectiveRefineK(*spec, HnswSearchParams{.ef = 9, .refine_k = 2.5F}), 2.5);
  }
  for (const IndexSpec* spec : {&kHnswRows, &kHnswAlone}) {
    EXPECT_OK(ValidateSearchParams(*spec, HnswSearchParams{.refine_k = 1}, 1));
    EXPECT_EQ(ValidateSearchParams(*spec, HnswSearchParams{.refine_k = 4}, 1),
              absl::InvalidArgumentError("refine_k is 4; the index was built without refine"));
  }
}

TEST(SearchParamsTest, SearchListRunsFromKAndBeamwidthFrom1) {
  const IndexSpec spec{.metric = Metric::kL2, .params = DiskannParams{}};
  for (const int32_t search_list : {0, 20, 65536}) {
    EXPECT_OK(ValidateSearchParams(spec, DiskannSearchParams{.search_list = search_list}, 20));
  }
  for (const int32_t search_list : {-1, 1, 19, 65537}) {
    EXPECT_TRUE(
        IsInvalid(ValidateSearchParams(spec, DiskannSearchParams{.search_list = search_list}, 20),
                  {"search_list is", "the range is 20 to 65536"}));
  }
  for (const int32_t beamwidth : {1, 128}) {
    EXPECT_OK(ValidateSearchParams(spec, DiskannSearchParams{.beamwidth = beamwidth}, 1));
  }
  for (const int32_t beamwidth : {-1, 0, 129}) {
    EXPECT_TRUE(
        IsInvalid(ValidateSearchParams(spec, DiskannSearchParams{.beamwidth = beamwidth}, 1),
                  {"beamwidth is", "the range is 1 to 128"}));
  }
  EXPECT_EQ(ValidateSearchParams(kHnsw, DiskannSearchParams{}, 1),
            absl::InvalidArgumentError("the search has parameters for DISKANN; the index is HNSW"));
  EXPECT_EQ(ValidateSearchParams(spec, HnswSearchParams{}, 1),
            absl::InvalidArgumentError("the search has parameters for HNSW; the index is DISKANN"));
  EXPECT_EQ(EffectiveSearchList({}, 10), 16);
  EXPECT_EQ(EffectiveSearchList({}, 100), 100);
  EXPECT_EQ(EffectiveSearchList(DiskannSearchParams{.search_list = 40}, 10), 40);
  EXPECT_EQ(EffectiveBeamwidth({}), 8);
  EXPECT_EQ(EffectiveBeamwidth(DiskannSearchParams{.beamwidth = 2}), 2);
}

TEST(SearchParamsTest, TheDefaultNprobeIs8) {
  EXPECT_EQ(EffectiveNprobe({}), 8);
  EXPECT_EQ(EffectiveNprobe(IvfSearchParams{}), 8);
  EXPECT_EQ(EffectiveNprobe(IvfSearchParams{.nprobe = 65536}), 65536);
}

TEST(SearchParamsTest, TheDefaultRefineKIsThatOfTheIndex) {
  const struct {
    const IndexSpec* spec;
    double refine_k;
  } cases[] = {{&kIvfFlat, 1},    {&kIvfSq8, 2},        {&kIvfPq, 8},    {&kIvfSq8Alone, 1},
               {&kIvfPqAlone, 1}, {&kHnsw, 1000},       {&kFlat, 1},     {&kHnswRows, 1},
               {&kHnswSq4, 1000}, {&kHnswRabitq, 1000}, {&kHnswAlone, 1}};
  for (const auto& c : cases) {
    EXPECT_EQ(EffectiveRefineK(*c.spec, {}), c.refine_k) << c.spec->ToJson();
  }
  for (const IndexSpec* spec : {&kIvfSq8, &kIvfPq}) {
    EXPECT_EQ(EffectiveRefineK(*spec, IvfSearchParams{}), EffectiveRefineK(*spec, {}));
    EXPECT_EQ(EffectiveRefineK(*spec, IvfSearchParams{.refine_k = 1}), 1);
    EXPECT_EQ(EffectiveRefineK(*spec, IvfSearchParams{.refine_k = 12.5F}), 12.5);
  }
}

TEST(SearchParamsTest, TheDefaultEfIs64OrK) {
  EXPECT_EQ(EffectiveEf({}, 10), 64);
  EXPECT_EQ(EffectiveEf({}, 64), 64);
  EXPECT_EQ(EffectiveEf({}, 65), 65);
  EXPECT_EQ(EffectiveEf(HnswSearchParams{}, 100), 100);
  EXPECT_EQ(EffectiveEf(HnswSearchParams{.ef = 12}, 10), 12);
}

}  // namespace
}  // namespace vecdb::schema
