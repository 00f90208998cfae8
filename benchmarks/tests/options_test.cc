#include "ann/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vecdb::bench {
namespace {

using Names = std::vector<std::string>;

absl::StatusOr<Options> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"--base", "b.fbin", "--query=q.fbin"});
  return ParseOptions(arguments);
}

std::string ErrorOf(const std::vector<const char*>& arguments) {
  return std::string(Parse(arguments).status().message());
}

std::vector<std::string> SweepTexts(std::string_view text) {
  std::vector<std::string> texts;
  const std::vector<Params> settings = *ParseSweep(text);
  for (const Params& params : settings) texts.push_back(ParamsText(params));
  return texts;
}

TEST(SweepTest, ValuesWithoutAKeyBelongToTheKeyBefore) {
  EXPECT_EQ(SweepTexts("ef=10,20,40"), (Names{"ef=10", "ef=20", "ef=40"}));
}

TEST(SweepTest, EveryValueMeetsEveryOther) {
  const Names all = {"nprobe=1,ef=10", "nprobe=1,ef=20", "nprobe=4,ef=10", "nprobe=4,ef=20"};
  EXPECT_EQ(SweepTexts("nprobe=1,4:ef=10,20"), all);
  EXPECT_EQ(SweepTexts("nprobe=1,4;ef=10,20"), all);
  EXPECT_EQ(SweepTexts("nprobe=1,4,ef=10,20"), all);
}

TEST(SweepTest, NothingIsOneSettingWithoutParameters) { EXPECT_EQ(SweepTexts(""), Names{""}); }

TEST(SweepTest, MalformedTextIsRefused) {
  for (const char* text : {"10", "=10", "ef=", "ef=10,,20", "ef=10,ef=20", "ef=10;", ";ef=10",
                           "ef=10:", ":ef=10", "nprobe=1:nprobe=2"}) {
    EXPECT_EQ(ParseSweep(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(ParseParams("M=16,32").ok());
}

TEST(SweepTest, NumbersAreCheckedWhenTheyAreAskedFor) {
  const Params params = {{"M", "16"}, {"bad", "x"}, {"negative", "-1"}};
  EXPECT_EQ(*IntParam(params, "M", 5), 16);
  EXPECT_EQ(*IntParam(params, "absent", 5), 5);
  EXPECT_FALSE(IntParam(params, "bad", 5).ok());
  EXPECT_FALSE(IntParam(params, "negative", 5).ok());
  EXPECT_EQ(*IntParam(params, "M", 5, 16, 16), 16);
  EXPECT_FALSE(IntParam(params, "M", 5, 17, 20).ok());
  EXPECT_FALSE(IntParam(params, "M", 5, 10, 15).ok());
}

TEST(SweepTest, NumbersNeedNotBeWholeButFinite) {
  const Params params = {
      {"half", "1.5"}, {"inf", "inf"}, {"nan", "nan"}, {"huge", "1e999"}, {"tail", "1.5x"}};
  EXPECT_EQ(*NumberParam(params, "half", 2), 1.5);
  EXPECT_EQ(*NumberParam(params, "absent", 2), 2);
  for (const char* key : {"inf", "nan", "huge", "tail"}) {
    EXPECT_EQ(NumberParam(params, key, 2).status().code(), absl::StatusCode::kInvalidArgument)
        << key;
  }
}

TEST(SweepTest, BoolsAreTrueOrFalse) {
  const Params params = {{"yes", "true"}, {"no", "false"}, {"one", "1"}};
  EXPECT_TRUE(*BoolParam(params, "yes", false));
  EXPECT_FALSE(*BoolParam(params, "no", true));
  EXPECT_TRUE(*BoolParam(params, "absent", true));
  EXPECT_EQ(std::string(BoolParam(params, "one", true).status().message()),
            "one: \"1\" is neither true nor false");
}

TEST(OptionsTest, TheCommandLineOfTheReadmeIsUnderstood) {
  const absl::StatusOr<Options> options = Parse({"--truth",
                                                 "t.ibin",
                                                 "--metric",
                                                 "cosine",
                                                 "--engine",
                                                 "vecdb,hnswlib",
                                                 "--index",
                                                 "hnsw",
                                                 "--build",
                                                 "M=16,efConstruction=200",
                                                 "--search",
                                                 "ef=10,20",
                                                 "--k",
                                                 "10",
                                                 "--threads",
                                                 "3",
                                                 "--build-threads",
                                                 "2",
                                                 "--compare-at",
                                                 "0.90,0.95",
                                                 "--json",
                                                 "o"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->files.base, "b.fbin");
  EXPECT_EQ(options->files.queries, "q.fbin");
  EXPECT_EQ(options->files.truth, "t.ibin");
  EXPECT_EQ(options->metric, Metric::kCosine);
  EXPECT_EQ(options->engines, (Names{"vecdb", "hnswlib"}));
  EXPECT_EQ(options->index, "HNSW");
  EXPECT_EQ(options->build, (Params{{"M", "16"}, {"efConstruction", "200"}}));
  EXPECT_EQ(options->searches.size(), 2U);
  EXPECT_EQ(options->num_threads, 3);
  EXPECT_EQ(options->num_build_threads, 2);
  EXPECT_EQ(options->compare_at, (std::vector<double>{0.90, 0.95}));
  EXPECT_EQ(options->json_path, "o");
}

TEST(OptionsTest, AnIndexOfListsIsUnderstood) {
  const absl::StatusOr<Options> options =
      Parse({"--engine", "vecdb,faiss", "--index", "ivf_pq", "--build",
             "nlist=256,m=32,nbits=4,refine=true", "--search", "nprobe=1,2,4,8:refine_k=4"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->index, "IVF_PQ");
  EXPECT_EQ(options->build,
            (Params{{"nlist", "256"}, {"m", "32"}, {"nbits", "4"}, {"refine", "true"}}));
  ASSERT_EQ(options->searches.size(), 4U);
  EXPECT_EQ(options->searches[3], (Params{{"nprobe", "8"}, {"refine_k", "4"}}));
}

TEST(OptionsTest, HnswlibHasNoLists) {
  for (const char* index : {"IVF_FLAT", "IVF_SQ8", "IVF_PQ"}) {
    EXPECT_EQ(ErrorOf({"--index", index}), "--engine: hnswlib has no " + std::string(index) +
                                               "; leave it out, as in --engine vecdb,faiss");
    EXPECT_EQ(ErrorOf({"--index", index, "--engine", "faiss"}), "");
  }
  EXPECT_EQ(ErrorOf({"--index", "HNSW"}), "");
  EXPECT_EQ(ErrorOf({"--index", "FLAT"}), "");
}

TEST(OptionsTest, FiltersAndQueriesAreOptional) {
  EXPECT_TRUE(Parse({})->filters.empty());
  EXPECT_EQ(Parse({})->num_queries, 0);
  const Options options =
      *Parse({"--filter", "all,label=1+2:0.1", "--meta", "m", "--queries", "7"});
  EXPECT_EQ(options.filters, (Names{"all", "label=1+2:0.1"}));
  EXPECT_EQ(options.meta_path, "m");
  EXPECT_EQ(options.num_queries, 7);
}

TEST(OptionsTest, TheDoorSaysWhatVecdbIs) {
  EXPECT_EQ(Parse({})->door, Door::kIndex);
  EXPECT_EQ(Parse({"--door", "collection"})->door, Door::kCollection);
  const Options both = *Parse({"--door", "both", "--engine", "hnswlib,vecdb"});
  EXPECT_EQ(both.door, Door::kIndex);
  EXPECT_EQ(both.engines, (Names{"hnswlib", "vecdb", "vecdb-collection"}));
}

TEST(OptionsTest, MistakesAreNamed) {
  EXPECT_EQ(std::string(ParseOptions({}).status().message()), "--base is missing");
  EXPECT_EQ(ErrorOf({"--k", "0"}), "--k: \"0\" is no number from 1 to 16384");
  EXPECT_EQ(ErrorOf({"--k", "10x"}), "--k: \"10x\" is no number from 1 to 16384");
  EXPECT_EQ(ErrorOf({"--k"}), "--k needs a value");
  EXPECT_EQ(ErrorOf({"--k", "1", "--k", "2"}), "--k is given twice");
  EXPECT_EQ(ErrorOf({"--nope", "1"}), "unknown argument \"--nope\"");
  EXPECT_EQ(ErrorOf({"nope"}), "unknown argument \"nope\"");
  EXPECT_EQ(ErrorOf({"--metric", "l1"}), "--metric: \"l1\" is unknown");
  EXPECT_EQ(ErrorOf({"--index", "ivf"}), "--index: \"IVF\" is unknown");
  EXPECT_EQ(ErrorOf({"--door", "window"}), "--door: \"window\" is unknown");
  EXPECT_EQ(ErrorOf({"--sweeps", "2"}), "--sweeps: \"2\" is no number from 3 to 1000");
  EXPECT_EQ(ErrorOf({"--engine", "vecdb,"}), "--engine: \"vecdb,\" has an empty value");
  EXPECT_EQ(ErrorOf({"--compare-at", "0.9,x"}), "--compare-at: \"x\" is no number");
  EXPECT_EQ(ErrorOf({"--compare-at", "90"}), "--compare-at: 90 is no recall above 0 and up to 1");
}

}  // namespace
}  // namespace vecdb::bench
