// Row T1 of PROMISES.md once more, with calls that take long: one that does not look at its context
// shows.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "limits/cancel_trials.h"

namespace vecdb::support {
namespace {

// Context promises 50 ms, of a core that nobody else wants.
constexpr double kStopsWithinMs = 100;
constexpr int kSlowTrials = 3;

TEST(CancelSlowTest, CallsThatTakeLongStopSoon) {
  CancelWorld world({.num_rows = 20'000,
                     .dim = 64,
                     .batch_rows = 10'000,
                     .num_queries = 150,
                     .index = {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 64}}});
  CancelTrials trials(TestSeed("T1 slow"));
  const auto run = [&](const std::vector<CancelKind>& kinds) {
    for (const CancelKind& kind : kinds) {
      const auto tally = trials.Run(kind, kSlowTrials);
      std::printf("%-20s %8.2f ms  done %3d stopped %3d unknown %3d  %s\n", kind.name.c_str(),
                  tally.call_ms, tally.num_done, tally.num_stopped, tally.num_unknown,
                  tally.latencies.ToString().c_str());
      std::fflush(stdout);
      EXPECT_LE(tally.latencies.median_ms(), kStopsWithinMs) << kind.name;
    }
  };
  run(WriteKinds(world));
  run(IngestKinds(world));
  run(ReadKinds(world));
  run(SearchKinds(world));
  run(WorkKinds(world));
  run(LoadKinds(world));
  run(OpenKinds(std::make_shared<CancelAside>(world)));
  run(DatabaseKinds(world));
  run(RefreshKinds(world));
  run(DoorKinds(world));
}

}  // namespace
}  // namespace vecdb::support
