// P1: the power is cut at every step of scripted scenarios, and at random ones of random workloads.
// Whatever was acknowledged at kSynced must be there, every batch whole or not at all.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "crash/on_threads.h"
#include "crash/scenarios.h"
#include "crash/workload.h"
#include "support/power_cut_file_system.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

using Files = std::shared_ptr<PowerCutFileSystem>;

// Shared by the threads of a test; orders nothing else.
struct Tally {
  std::atomic<int> steps = 0;
  std::atomic<int> images = 0;
  std::atomic<uint64_t> acknowledged = 0;
};

// What a run that was stopped leaves.
struct Stopped {
  Files files = std::make_shared<PowerCutFileSystem>();
  DatabaseModel model{};
  bool finished = false;
};

Stopped RunUntil(void (*run)(Workload&), int step, uint64_t seed, Tally* tally) {
  Stopped stopped;
  PowerCutFileSystem& files = *stopped.files;
  files.StopAfter(step);
  const auto is_off = [&files] { return files.is_off(); };
  Workload work(stopped.files, {.seed = seed, .may_fail = is_off, .is_over = is_off});
  run(work);
  stopped.model = work.model();
  stopped.finished = !files.is_off();
  tally->acknowledged += work.num_acknowledged();
  ++tally->steps;
  return stopped;
}

void Expect(const Files& image, const Stopped& stopped, Crash crash, uint64_t seed, Tally* tally) {
  SCOPED_TRACE(
      absl::StrCat("image after ", crash == Crash::kKill ? "a kill" : "a cut", ", seed ", seed));
  ExpectRecovery(image, stopped.model, crash, seed);
  ++tally->images;
}

// The power is cut once more while the database is opened and what waits behind is done.
Files InterruptRecovery(const Files& image, int step, uint64_t seed) {
  image->StopAfter(step);
  {
    ManualExecutor executor;
    auto database = Database::Open({.file_system = image, .host = {.executor = &executor}});
    if (database.ok()) {
      for (const std::string& name : (*database)->ListCollections()) {
        (*database)->OpenCollection(name).IgnoreError();
      }
      executor.RunAll();
    }
  }
  return image->Cut(seed);
}

// The images of a stopped run that are looked at. After Restart there is what KeepAll shows, and a
// later cut may still take what is pending.
void ExpectAllRecoveries(const Stopped& stopped, uint64_t seed, Tally* tally) {
  const auto step = 1 + static_cast<int>(seed % 24);
  const Files cut = stopped.files->Cut(seed);
  Expect(stopped.files->CutAll(), stopped, Crash::kPowerCut, seed, tally);
  if (seed % 2 == 0) {
    const Files interrupted = InterruptRecovery(stopped.files->Cut(seed + 1), step, seed);
    Expect(interrupted, stopped, Crash::kPowerCut, seed + 1, tally);
    stopped.files->Restart();
    Expect(stopped.files, stopped, Crash::kKill, seed / 2, tally);
  } else {
    Expect(stopped.files->KeepAll(), stopped, Crash::kKill, seed / 2, tally);
    stopped.files->Restart();
    const Files interrupted = InterruptRecovery(stopped.files, step, seed);
    Expect(interrupted, stopped, Crash::kPowerCut, seed + 1, tally);
  }
  Expect(cut, stopped, Crash::kPowerCut, seed / 4, tally);
}

TEST(PowerCutTest, EveryStepOfTheScenarios) {
  const uint64_t seed = TestSeed("P1");
  Tally tally;
  for (const Scenario& scenario : Scenarios()) {
    const int before = tally.steps;
    OnThreads([&](int number) {
      const int step = 1 + (number - 1) * StepStride() * scenario.stride;
      SCOPED_TRACE(absl::StrCat("scenario '", scenario.name, "', step ", step, ", seed ", seed));
      const Stopped stopped = RunUntil(scenario.run, step, seed, &tally);
      ExpectAllRecoveries(stopped, seed + static_cast<uint64_t>(step), &tally);
      return !stopped.finished && !HasFailure();
    });
    if (HasFailure()) return;
    std::printf("  %-34s %4d steps\n", scenario.name, tally.steps - before);
  }
  std::printf(
      "P1: seed %s, %zu scenarios, %d steps cut, %d images, %s acknowledged batches, "
      "0 lost\n",
      absl::StrCat(seed).c_str(), Scenarios().size(), tally.steps.load(), tally.images.load(),
      absl::StrCat(tally.acknowledged.load()).c_str());
}

// A kill, then a cut: what the first process has left may be lost while the second has built on it.
TEST(PowerCutTest, FirstOpeningIsCutInTheSecondWhenTheFirstWasKilled) {
  const uint64_t seed = TestSeed("P1 twice");
  Tally tally;
  constexpr int kNumSteps = 32;  // of the opening of an empty place, and some more
  OnThreads([&](int pair) {
    const int first = 1 + (pair - 1) / kNumSteps;
    const int second = 1 + (pair - 1) % kNumSteps;
    const Stopped stopped = RunUntil(Scenarios()[0].run, first, seed, &tally);
    stopped.files->Restart();
    InterruptRecovery(stopped.files, second, seed);
    for (uint64_t i = 0; i < 4; ++i) {
      SCOPED_TRACE(absl::StrCat("killed at step ", first, ", cut at step ", second, " behind"));
      const uint64_t image = seed + 4 * static_cast<uint64_t>(pair) + i;
      Expect(stopped.files->Cut(image), stopped, Crash::kPowerCut, image, &tally);
    }
    return pair < kNumSteps * kNumSteps && !HasFailure();
  });
  if (HasFailure()) return;
  std::printf("P1: seed %s, %d images of two crashes, 0 lost\n", absl::StrCat(seed).c_str(),
              tally.images.load());
}

TEST(PowerCutTest, RandomStepsOfRandomWorkloads) {
  const uint64_t first_seed = TestSeed("P1 random");
  const int num_images = ScaledCount(4000);
  Tally tally;
  OnThreads([&](int run) {
    const uint64_t seed = first_seed + static_cast<uint64_t>(run - 1);
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", seed));
    SeededRandom random(seed);
    const auto step = 1 + static_cast<int>(random.Below(600));
    const Stopped stopped = RunUntil(RunAtRandom, step, seed, &tally);
    for (int i = 0; i < 5 && !HasFailure(); ++i) {
      const uint64_t image = random.Next();
      Expect(stopped.files->Cut(image), stopped, Crash::kPowerCut, image, &tally);
    }
    stopped.files->Restart();
    Expect(stopped.files, stopped, Crash::kKill, random.Next(), &tally);
    return tally.images < num_images && !HasFailure();
  });
  if (HasFailure()) return;
  std::printf("P1: seed %s, %d random workloads, %d images, %s acknowledged batches, 0 lost\n",
              absl::StrCat(first_seed).c_str(), tally.steps.load(), tally.images.load(),
              absl::StrCat(tally.acknowledged.load()).c_str());
}

}  // namespace
}  // namespace vecdb::support
