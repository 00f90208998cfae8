// D1: one thread takes steps at random over a fake clock, a disk whose power fails and calls that
// fail; after each the collection is as the model says, and nothing that goes on behind changes an
// answer. D2: one seed, one history, to the last byte. VECDB_TEST_SEED=<n> with VECDB_TEST_SCALE=0
// runs one seed alone.
#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "crash/on_threads.h"
#include "support/seeded_random.h"

namespace vecdb::base {
namespace {
thread_local uint64_t num_ids = 0;
}

// Take the place of src/base/random_id.cc in this program: every history has the same names.
std::string RandomId() {
  const uint64_t number = ++num_ids;
  return absl::StrFormat("%016x%016x", Xxh3(absl::StrCat(number)), number);
}

}  // namespace vecdb::base

namespace vecdb::support {
namespace {

constexpr int kStepsPerSeed = 200;

// Every 250th seed has a graph.
void RunSeed(uint64_t seed, Simulation* simulation) {
  base::num_ids = 0;
  simulation->Begin();
  if (seed % 250 == 0 && !::testing::Test::HasFailure()) simulation->Fill();
  for (int step = 0; step < kStepsPerSeed && !::testing::Test::HasFailure(); ++step) {
    simulation->Step();
  }
}

TEST(SimulationTest, NoStepChangesAnAnswerOrLosesARow) {
  const uint64_t first_seed = TestSeed("D1") % 1'000'000'000;
  const int num_seeds = ScaledCount(2000);
  std::atomic<uint64_t> steps = 0;
  std::atomic<uint64_t> crashes = 0;
  std::atomic<uint64_t> faults = 0;
  const std::clock_t begin = std::clock();
  OnThreads([&](int run) {
    if (run > num_seeds || HasFailure()) return false;
    const uint64_t seed = first_seed + static_cast<uint64_t>(run - 1);
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", seed));
    Simulation simulation(seed);
    RunSeed(seed, &simulation);
    steps += simulation.tally().steps;
    crashes += simulation.tally().crashes;
    faults += simulation.tally().faults;
    if (!HasFailure()) return true;
    if (num_seeds == 1) std::printf("steps:%s\n", simulation.story().c_str());
    return false;
  });
  if (HasFailure()) return;
  std::printf("D1: %d seeds from %s, %s ops, %s crashes, %s faults, 0 violations, %.1f CPU-s\n",
              num_seeds, absl::StrCat(first_seed).c_str(), absl::StrCat(steps.load()).c_str(),
              absl::StrCat(crashes.load()).c_str(), absl::StrCat(faults.load()).c_str(),
              static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
}

TEST(SimulationTest, OneSeedIsOneHistory) {
  const uint64_t first_seed = TestSeed("D2") % 1'000'000'000;
  const int num_seeds = ScaledCount(20);
  OnThreads([&](int run) {
    if (run > num_seeds || HasFailure()) return false;
    const uint64_t seed = first_seed + static_cast<uint64_t>(run - 1);
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", seed));
    Simulation first(seed);
    RunSeed(seed, &first);
    Simulation second(seed);
    RunSeed(seed, &second);
    Simulation other(seed + 1'000'000);
    RunSeed(seed + 1'000'000, &other);
    EXPECT_EQ(first.hash(), second.hash());
    EXPECT_NE(first.hash(), other.hash());
    return true;
  });
  if (!HasFailure()) std::printf("D2: %d seeds twice, one hash each\n", num_seeds);
}

}  // namespace
}  // namespace vecdb::support
