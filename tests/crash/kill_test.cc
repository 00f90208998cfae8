// K1, K2 and K3: a program that writes is killed with SIGKILL, again and again; what it was told to
// be safe must be there afterwards. Its answers come through a pipe, which survives it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "crash/kill_chain.h"
#include "support/seeded_random.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

// Files of a killed process stay in the memory of the system, so most chains do without a disk,
// which others keep busy: three kills of K1 are on one.
class ChainDirectory {
 public:
  explicit ChainDirectory(bool on_disk) {
    path_ = "/dev/shm/vecdb.XXXXXX";
    if (on_disk || ::mkdtemp(path_.data()) == nullptr) path_.clear();
    if (path_.empty()) on_disk_.emplace();
  }
  ~ChainDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ChainDirectory(const ChainDirectory&) = delete;
  ChainDirectory& operator=(const ChainDirectory&) = delete;

  const std::string& path() const { return on_disk_.has_value() ? on_disk_->path() : path_; }

 private:
  std::string path_;
  std::optional<TempDirectory> on_disk_;
};

KillTarget TargetIn(const ChainDirectory& directory, const char* prefix = "") {
  return {.program = VECDB_KILL_WRITER, .place = prefix + directory.path()};
}

void Report(const char* row, uint64_t seed, const KillTally& tally) {
  std::printf("%s: seed %s, %d kills (%d of them while opening), %s acknowledged batches, 0 lost\n",
              row, absl::StrCat(seed).c_str(), tally.kills, tally.in_opening,
              absl::StrCat(tally.acknowledged).c_str());
}

TEST(KillTest, WhatWasAcknowledgedSurvivesEveryKill) {
  const uint64_t seed = TestSeed("K1");
  const int num_kills = ScaledCount(300);
  constexpr int kKillsOfChain = 10;
  KillTally tally;
  for (uint64_t chain_seed = seed; tally.kills < num_kills; ++chain_seed) {
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", chain_seed));
    const bool on_disk = num_kills - tally.kills <= 3;
    const ChainDirectory directory(on_disk);
    KillChain chain(chain_seed, TargetIn(directory), &tally);
    const int wanted = on_disk ? num_kills : num_kills - 3;
    for (int i = 0; i < kKillsOfChain && tally.kills < wanted; ++i) {
      chain.RunAndKill(i % 5 == 4);
      chain.Check();
      if (HasFailure()) return;
    }
  }
  Report("K1", seed, tally);
}

TEST(KillTest, FiveKillsInARowThenFlushAndIndexLoseNothing) {
  const uint64_t seed = TestSeed("K2");
  const int num_chains = ScaledCount(60);
  KillTally tally;
  for (int i = 0; i < num_chains; ++i) {
    const uint64_t chain_seed = seed + static_cast<uint64_t>(i);
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", chain_seed));
    const ChainDirectory directory(/*on_disk=*/false);
    KillChain chain(chain_seed, TargetIn(directory), &tally);
    for (int kill = 0; kill < 5; ++kill) {
      chain.RunAndKill(kill == 1 || kill == 3);
      chain.GoOn();
    }
    chain.Finish();
    chain.CheckByDump();
    if (HasFailure()) return;
  }
  Report("K2", seed, tally);
}

TEST(KillTest, StandbyTakesOverFromAWriterWithItsJournalInTheStore) {
  std::optional<ChainDirectory> directory;
  TakeOverAgainAndAgain("K3", ScaledCount(60), [&] {
    directory.emplace(/*on_disk=*/false);
    return TargetIn(*directory, kStorePlace);
  });
}

}  // namespace
}  // namespace vecdb::support
