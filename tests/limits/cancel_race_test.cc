// Row T1 of PROMISES.md: calls of every kind that takes a Context, cancelled at random times.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "limits/cancel_trials.h"
#include "limits/process_limits.h"

namespace vecdb::support {
namespace {

constexpr int kNumTrials = 2000;
constexpr int kNumKinds = 39;  // the long ones count as a quarter
// The promise is 50 ms; two busy cores and a sanitizer add to it. What a call that never looks at
// its context does is found by cancel_slow_test.cc, whose calls take longer than this.
constexpr double kLatestMs = 5000;
constexpr double kMedianMs = 100;

using KindsOf = std::vector<CancelKind> (*)(CancelWorld&);

std::vector<CancelKind> AsideKinds(CancelWorld& world) {
  return OpenKinds(std::make_shared<CancelAside>(world));
}

// Runs the kinds of a group, and expects everything to be as it was before.
void RunGroup(CancelWorld& world, CancelTrials& trials, KindsOf kinds_of, int num_trials,
              Latencies* all) {
  world.Settle();
  const uint64_t bytes = world.UsedBytes();
  const size_t files = NumOpenFiles();
  for (const CancelKind& kind : kinds_of(world)) {
    const CancelTrials::Tally tally =
        trials.Run(kind, kind.is_long ? (num_trials + 3) / 4 : num_trials);
    std::printf("%-20s %8.2f ms  done %3d stopped %3d unknown %3d  %s\n", kind.name.c_str(),
                tally.call_ms, tally.num_done, tally.num_stopped, tally.num_unknown,
                tally.latencies.ToString().c_str());
    EXPECT_LE(tally.latencies.max_ms(), kLatestMs) << kind.name;
    EXPECT_LE(tally.latencies.median_ms(), kMedianMs) << kind.name;
    all->Add(tally.latencies);
    world.Settle();
    EXPECT_EQ(world.UsedBytes(), bytes) << kind.name;
  }
  EXPECT_EQ(NumOpenFiles(), files);
  world.ExpectAllRows();
}

TEST(CancelRaceTest, EveryKindOfCallStopsAndLeavesNothingHalfDone) {
  const uint64_t seed = TestSeed("T1");
  std::printf("VECDB_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  CancelWorld world({.num_rows = 3000,
                     .dim = 32,
                     .batch_rows = 200,
                     .num_queries = 64,
                     .index = {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 16}}});
  CancelTrials trials(seed);
  Latencies all;
  for (const KindsOf kinds_of :
       {&WriteKinds, &IngestKinds, &ReadKinds, &SearchKinds, &WorkKinds, &LoadKinds, &AsideKinds,
        &DatabaseKinds, &RefreshKinds, &DoorKinds}) {
    RunGroup(world, trials, kinds_of, ScaledCount(kNumTrials) / kNumKinds + 1, &all);
    if (::testing::Test::HasFailure()) return;
  }
  world.Reopen();
  world.ExpectAllRows();
  std::printf("%d trials: %s\n", trials.num_trials(), all.ToString().c_str());
  EXPECT_GE(trials.num_trials(), ScaledCount(kNumTrials));
}

}  // namespace
}  // namespace vecdb::support
