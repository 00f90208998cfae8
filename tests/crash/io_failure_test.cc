// N1: a call to the file system fails, at each call of scripted scenarios and in six ways. Reads go
// on and agree with the oracle; what was acknowledged is there after opening again, what was
// refused is not, and what has no answer is there whole or not at all.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "crash/on_threads.h"
#include "crash/scenarios.h"
#include "crash/workload.h"
#include "support/fault_file_system.h"
#include "support/power_cut_file_system.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

struct Way {
  const char* name;
  FaultMode mode = FaultMode::kFailBefore;
  bool sticky = false;
  absl::StatusCode code = absl::StatusCode::kUnknown;
};
// A slow call outlives the caller's patience: its context is cancelled meanwhile.
constexpr Way kWays[] = {
    {.name = "error before"},
    {.name = "error, but applied", .mode = FaultMode::kFailAfter},
    {.name = "short write", .mode = FaultMode::kShortAppend},
    {.name = "sticky error", .sticky = true},
    {.name = "no space", .code = absl::StatusCode::kResourceExhausted},
    {.name = "slow", .mode = FaultMode::kSlow},
};
constexpr int kNumWays = std::ssize(kWays);
constexpr size_t kNumScenarios = 13;

// Shared by the threads of the test; orders nothing else.
struct Tally {
  std::atomic<int> runs = 0;
  std::atomic<int> faults = 0;
  std::atomic<uint64_t> acknowledged = 0;
};

// Returns false when the scenario is over before its `nth` call.
bool FailNth(const Scenario& scenario, int nth, const Way& way, uint64_t seed, Tally* tally) {
  SCOPED_TRACE(
      absl::StrCat("scenario '", scenario.name, "', call ", nth, ", ", way.name, ", seed ", seed));
  const auto disk = std::make_shared<PowerCutFileSystem>();
  const auto injector = std::make_shared<FaultInjector>();
  Workload work(std::make_shared<FaultFileSystem>(disk, injector),
                {.seed = seed, .may_fail = [] { return true; }});
  injector->Arm({.nth = nth,
                 .sticky = way.sticky,
                 .mode = way.mode,
                 .error = absl::Status(way.code, "injected fault"),
                 .on_slow = [&work] { work.CancelCall(); }});
  scenario.run(work);
  const int num_faults = way.sticky ? injector->num_matched() - nth + 1 : 1;
  const bool reached = injector->num_matched() >= nth;
  injector->Disarm();
  work.CheckOpen();
  work.Stop();
  const auto image_seed = seed + static_cast<uint64_t>(nth);
  ExpectRecovery(disk->CutAll(), work.model(), Crash::kPowerCut, image_seed);
  ExpectRecovery(disk, work.model(), Crash::kKill, image_seed / 2);
  ++tally->runs;
  tally->faults += reached ? num_faults : 0;
  tally->acknowledged += work.num_acknowledged();
  return reached;
}

TEST(IoFailureTest, EveryCallOfTheScenarios) {
  const uint64_t seed = TestSeed("N1");
  // In all of the ways, or in some of them, in turn, at a lower scale.
  const int ways_per_call = std::min(kNumWays, ScaledCount(kNumWays));
  Tally tally;
  for (const Scenario& scenario : Scenarios().first(kNumScenarios)) {
    const int before = tally.runs;
    OnThreads([&](int number) {
      const int nth = 1 + (number - 1) * StepStride();
      bool reached = false;
      for (int i = 0; i < ways_per_call; ++i) {
        const Way& way = kWays[(number + i * kNumWays / ways_per_call) % kNumWays];
        reached |= FailNth(scenario, nth, way, seed, &tally);
      }
      return reached && !HasFailure();
    });
    if (HasFailure()) return;
    std::printf("  %-34s %5d runs\n", scenario.name, tally.runs - before);
  }
  std::printf(
      "N1: seed %s, %zu scenarios, %d runs, %d injected faults, %s acknowledged batches, "
      "0 lost\n",
      absl::StrCat(seed).c_str(), kNumScenarios, tally.runs.load(), tally.faults.load(),
      absl::StrCat(tally.acknowledged.load()).c_str());
}

}  // namespace
}  // namespace vecdb::support
