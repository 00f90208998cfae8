#include "ann/pass.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "ann/measure.h"
#include "common/stats.h"
#include "tests/test_files.h"

namespace vecdb::bench {
namespace {

// Answers query q with rows q and q + 1, or with row 0 alone once `is_lame` is configured.
class FakeEngine : public Engine {
 public:
  absl::StatusOr<BuildReport> Build() override {
    return BuildReport{.seconds = 10.0 - static_cast<double>(++num_builds)};
  }
  absl::Status Configure(const Params& search) override {
    is_lame = !search.empty();
    return absl::OkStatus();
  }
  void EnterThread() override { ++num_threads; }
  absl::StatusOr<size_t> Search(size_t query, std::span<uint32_t> ids) override {
    ++num_searches;
    if (query == failing_query) return absl::InternalError("no");
    ids[0] = is_lame ? 0 : static_cast<uint32_t>(query);
    if (!is_lame) ids[1] = static_cast<uint32_t>(query + 1);
    return is_lame ? 1 : 2;
  }

  size_t failing_query = 1000;
  bool is_lame = false;
  int num_builds = 0;
  std::atomic<int> num_threads = 0;
  std::atomic<int> num_searches = 0;
};

TEST(PassTest, EveryQueryIsAnsweredOnceWhateverTheThreads) {
  for (const size_t threads : {1U, 2U, 5U}) {
    FakeEngine engine;
    const Pass pass = *RunPass(engine, {.num_queries = 3, .k = 2, .num_threads = threads});
    EXPECT_EQ(pass.ids, (std::vector<uint32_t>{0, 1, 1, 2, 2, 3}));
    EXPECT_EQ(pass.latencies_us.size(), 3U);
    EXPECT_EQ(engine.num_threads, static_cast<int>(threads));
    EXPECT_GT(pass.cpu_seconds, 0);
    EXPECT_GT(pass.wall_seconds, 0);
  }
}

TEST(PassTest, RepeatsAskAgain) {
  FakeEngine engine;
  const Pass pass = *RunPass(engine, {.num_queries = 3, .k = 2, .num_repeats = 4});
  EXPECT_EQ(engine.num_searches, 12);
  EXPECT_EQ(pass.latencies_us.size(), 12U);
}

TEST(PassTest, RowsThatWereNotFoundAreMarked) {
  FakeEngine engine;
  engine.is_lame = true;
  const Pass pass = *RunPass(engine, {.num_queries = 2, .k = 2});
  EXPECT_EQ(pass.ids, (std::vector<uint32_t>{0, kNoRow, 0, kNoRow}));
}

TEST(PassTest, ErrorsOfTheEngineEndThePass) {
  for (const size_t threads : {1U, 2U}) {
    FakeEngine engine;
    engine.failing_query = 1;
    const auto pass = RunPass(engine, {.num_queries = 3, .k = 2, .num_threads = threads});
    EXPECT_EQ(pass.status().code(), absl::StatusCode::kInternal);
  }
}

TEST(MeasureTest, GivesEachEngineAPointPerSettingAndTheFastestBuild) {
  const Dataset dataset = {.base = MatrixOf(3, 1, {0, 1, 2}),
                           .queries = MatrixOf(2, 1, {0.1F, 1.1F}),
                           .truth = {.num_queries = 2, .k = 2, .ids = {0, 1, 1, 2}}};
  const Options options = {
      .searches = {{}, {{"lame", "1"}}}, .k = 2, .num_build_runs = 3, .num_sweeps = 3};
  std::vector<NamedEngine> engines;
  engines.push_back({"a", std::make_unique<FakeEngine>()});
  engines.push_back({"b", std::make_unique<FakeEngine>()});
  std::vector<EngineResult> results = *BuildAll(engines, dataset, options);
  ASSERT_TRUE(MeasureAll(engines, dataset, options, &results).ok());
  ASSERT_EQ(results.size(), 2U);
  for (const EngineResult& result : results) {
    EXPECT_EQ(result.build.seconds, 7);
    ASSERT_EQ(result.points.size(), 2U);
    EXPECT_EQ(result.points[0].search, "");
    EXPECT_EQ(result.points[0].recall, 1);
    EXPECT_EQ(result.points[1].search, "lame=1");
    EXPECT_EQ(result.points[1].recall, 0.25);
    EXPECT_GT(result.points[0].qps, 0);
    EXPECT_LE(result.points[0].p50_us, result.points[0].p99_us);
  }
}

TEST(StatsTest, PercentilesAreValuesThatWereSeen) {
  EXPECT_EQ(Percentile({}, 0.5), 0);
  EXPECT_EQ(Percentile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(Percentile({4, 3, 1, 2}, 0.5), 2);
  EXPECT_EQ(Percentile({4, 3, 1, 2}, 0.99), 4);
  EXPECT_EQ(Percentile({4, 3, 1, 2}, 0), 1);
  EXPECT_EQ(Median({5, 1, 9}), 5);
}

}  // namespace
}  // namespace vecdb::bench
