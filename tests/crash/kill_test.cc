// K1 and K2: a program that writes is killed with SIGKILL, again and again; what it was told to be
// safe must be there afterwards. Its answers come through a pipe, which survives it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crash/kill_protocol.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "support/temp_directory.h"

extern char** environ;

namespace vecdb::support {
namespace {

// A run of kill_writer. Nothing is forked but by posix_spawn, and the test has no thread of its
// own.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), VECDB_KILL_WRITER);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kKillPipe);
    EXPECT_EQ(::posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { ::close(pipe_); }

  // False when the program has ended.
  bool Read(KillRecord* record) {
    size_t have = 0;
    while (have < sizeof(*record)) {
      const ssize_t count =
          ::read(pipe_, reinterpret_cast<char*>(record) + have, sizeof(*record) - have);
      if (count <= 0) return false;
      have += static_cast<size_t>(count);
    }
    return true;
  }

  void Kill() { ::kill(process_, SIGKILL); }

  // Expects that it was killed, or has ended well.
  void Wait() {
    int status = 0;
    ASSERT_EQ(::waitpid(process_, &status, 0), process_);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << "status " << status;
  }

 private:
  pid_t process_ = -1;
  int pipe_ = -1;
};

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

void WaitMicroseconds(uint64_t count) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(count);
  while (std::chrono::steady_clock::now() < end) {
  }
}

struct Tally {
  int kills = 0;
  int in_opening = 0;
  uint64_t acknowledged = 0;
};

// One directory, the program that is killed on it, and what must be there.
class Chain {
 public:
  Chain(uint64_t seed, Tally* tally, bool on_disk = false)
      : seed_(seed),
        random_(seed),
        tally_(tally),
        directory_(on_disk),
        writers_(1 + random_.Below(2)) {}

  // Runs the program until it has told some of what it does, and kills it. `in_opening`: before it
  // has told of a write.
  void RunAndKill(bool in_opening) {
    Child child({"write", directory_.path(), absl::StrCat(seed_), absl::StrCat(last_batch_ + 1),
                 absl::StrCat(writers_.size())});
    const uint64_t num_records = in_opening ? 1 : 2 + random_.Below(70);
    const uint64_t wait = random_.Below(in_opening ? 4000 : 400);
    KillRecord record;
    bool opened = false;
    for (uint64_t i = 0; i < num_records && child.Read(&record); ++i) opened |= Note(record);
    WaitMicroseconds(wait);
    child.Kill();
    while (child.Read(&record)) opened |= Note(record);
    child.Wait();
    ++tally_->kills;
    if (!opened) ++tally_->in_opening;
  }

  // Opens and compares in this process, which has no threads for it, and leaves as a crash would.
  void Check() {
    ManualExecutor executor;
    auto database = Database::Open({.path = directory_.path(), .host = {.executor = &executor}});
    ASSERT_OK(database);
    RowState found;
    if ((*database)->HasCollection(kKillCollection)) {
      const auto collection = (*database)->OpenCollection(kKillCollection);
      ASSERT_OK(collection);
      const auto rows = ReadState(**collection, KillSchema(), Keys());
      ASSERT_OK(rows);
      found = *rows;
    }
    Match(found);
  }

  void GoOn() {
    for (PendingOracle& writer : writers_) writer.GoOnAfter(Crash::kKill);
  }

  // Another process flushes and builds an index at once.
  void Finish() {
    Child child({"finish", directory_.path()});
    KillRecord record;
    while (child.Read(&record)) {
    }
    child.Wait();
    EXPECT_EQ(record.type, KillRecord::kDone);
  }

  // And a third one says what is there.
  void CheckByDump() {
    Child child({"dump", directory_.path(), absl::StrCat(seed_), absl::StrCat(last_batch_),
                 absl::StrCat(writers_.size())});
    RowState found;
    KillRecord record;
    while (child.Read(&record)) {
      if (record.type == KillRecord::kRow) found[record.key] = record.number;
    }
    child.Wait();
    ASSERT_EQ(record.type, KillRecord::kDone);
    Match(found);
  }

 private:
  std::set<int64_t> Keys() const {
    std::set<int64_t> keys;
    for (const PendingOracle& writer : writers_) {
      keys.insert(writer.keys().begin(), writer.keys().end());
    }
    return keys;
  }

  void Match(const RowState& found) {
    for (size_t i = 0; i < writers_.size(); ++i) {
      const auto first = static_cast<int64_t>(i) * kKeysPerWriter;
      const RowState of_writer(found.lower_bound(first), found.lower_bound(first + kKeysPerWriter));
      EXPECT_OK(writers_[i].Match(of_writer, Crash::kKill)) << "writer " << i;
    }
  }

  // True when the collection was open by then.
  bool Note(const KillRecord& record) {
    PendingOracle& writer = writers_.at(record.writer);
    if (record.type == KillRecord::kBegin) {
      writer.Begin(KillBatchOf(seed_, record.writer, record.number).batch);
      last_batch_ = std::max(last_batch_, record.number);
    } else if (record.type == KillRecord::kAcknowledged) {
      writer.Acknowledge(static_cast<Durability>(record.level));
      ++tally_->acknowledged;
    } else if (record.type == KillRecord::kFlushBegun) {
      returned_.clear();
      for (const PendingOracle& one : writers_) {
        returned_.push_back(one.num_batches() - one.num_unanswered());
      }
      flushing_writer_ = record.writer;
    } else if (record.type == KillRecord::kFlushed && record.writer == flushing_writer_) {
      for (size_t i = 0; i < writers_.size(); ++i) writers_[i].FlushedUpTo(returned_[i]);
    }
    return record.type != KillRecord::kStarted;
  }

  const uint64_t seed_;
  SeededRandom random_;
  Tally* const tally_;
  ChainDirectory directory_;
  std::vector<PendingOracle> writers_;
  std::vector<size_t> returned_;  // batches of each writer, when the last flush began
  uint8_t flushing_writer_ = 0;
  uint64_t last_batch_ = 0;
};

void Report(const char* row, uint64_t seed, const Tally& tally) {
  std::printf("%s: seed %s, %d kills (%d of them while opening), %s acknowledged batches, 0 lost\n",
              row, absl::StrCat(seed).c_str(), tally.kills, tally.in_opening,
              absl::StrCat(tally.acknowledged).c_str());
}

TEST(KillTest, WhatWasAcknowledgedSurvivesEveryKill) {
  const uint64_t seed = TestSeed("K1");
  const int num_kills = ScaledCount(300);
  constexpr int kKillsOfChain = 10;
  Tally tally;
  for (uint64_t chain_seed = seed; tally.kills < num_kills; ++chain_seed) {
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", chain_seed));
    const bool on_disk = num_kills - tally.kills <= 3;
    Chain chain(chain_seed, &tally, on_disk);
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
  Tally tally;
  for (int i = 0; i < num_chains; ++i) {
    const uint64_t chain_seed = seed + static_cast<uint64_t>(i);
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", chain_seed));
    Chain chain(chain_seed, &tally);
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

}  // namespace
}  // namespace vecdb::support
