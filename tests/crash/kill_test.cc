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
  void Stop() { ::kill(process_, SIGSTOP); }
  void Continue() { ::kill(process_, SIGCONT); }

  // Expects that it was killed, or has ended well, or, if it may be, was fenced.
  void Wait(bool may_be_fenced = false) {
    int status = 0;
    ASSERT_EQ(::waitpid(process_, &status, 0), process_);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    was_fenced_ = WIFEXITED(status) && WEXITSTATUS(status) == kFencedExit;
    EXPECT_TRUE(killed || (may_be_fenced && was_fenced_) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        << "status " << status;
  }
  bool was_fenced() const { return was_fenced_; }

 private:
  bool was_fenced_ = false;
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
  int fenced = 0;
  uint64_t acknowledged = 0;
};

// One directory, the program that is killed on it, and what must be there.
class Chain {
 public:
  Chain(uint64_t seed, Tally* tally, bool on_disk = false, bool in_store = false)
      : seed_(seed),
        random_(seed),
        tally_(tally),
        directory_(on_disk),
        place_((in_store ? kStorePlace : "") + directory_.path()),
        writers_(1 + random_.Below(2)) {}

  // Runs the program until it has told some of what it does, and kills it. `in_opening`: before it
  // has told of a write.
  void RunAndKill(bool in_opening) {
    Child child(WriteArguments());
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
    const auto standby = OpenHere(executor);
    ASSERT_OK(standby);
    const auto found = standby->Rows(Keys());
    ASSERT_OK(found);
    Match(*found);
  }

  // What becomes of a writer whose place another one takes.
  enum class Fate {
    kKilled,
    kBusy,     // goes on, and is ahead of the other at first
    kSleeping  // wakes up when the other has gone on for a while
  };

  // This process takes over. Whatever the old writer was told, before or after, to be safe must be
  // there; it ends as soon as it meets the newer one.
  void RunAndTakeOver(Fate fate) {
    Child child(WriteArguments());
    const uint64_t num_records = 2 + random_.Below(70);
    KillRecord record;
    for (uint64_t i = 0; i < num_records && child.Read(&record); ++i) Note(record);
    WaitMicroseconds(random_.Below(400));
    if (fate == Fate::kKilled) child.Kill();
    if (fate == Fate::kSleeping) child.Stop();
    ManualExecutor executor;
    auto standby = OpenHere(executor);
    // The writer that is at work may have committed, or logged, just before each try.
    for (int i = 0; i < 100 && !standby.ok(); ++i) standby = OpenHere(executor);
    ASSERT_OK(standby);
    const auto then = standby->AllRows();
    ASSERT_OK(then);
    if (standby->collection != nullptr) {
      ASSERT_OK(standby->collection->Flush());
      ASSERT_OK(standby->database->CollectGarbage());
    }
    if (fate == Fate::kSleeping) child.Continue();
    while (child.Read(&record)) Note(record);
    child.Wait(fate != Fate::kKilled);
    if (::testing::Test::HasFatalFailure()) return;
    Match(*then);
    const auto now = standby->Rows(Keys());
    ASSERT_OK(now);
    EXPECT_TRUE(*now == *then) << "the old writer has changed what the new one has";
    ++tally_->kills;
    if (child.was_fenced()) ++tally_->fenced;
  }

  void GoOn() {
    for (PendingOracle& writer : writers_) writer.GoOnAfter(Crash::kKill);
  }

  // Another process flushes and builds an index at once.
  void Finish() {
    Child child({"finish", place_});
    KillRecord record;
    while (child.Read(&record)) {
    }
    child.Wait();
    EXPECT_EQ(record.type, KillRecord::kDone);
  }

  // And a third one says what is there.
  void CheckByDump() {
    Child child({"dump", place_, absl::StrCat(seed_), absl::StrCat(last_batch_),
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
  struct Standby {
    std::unique_ptr<Database> database{};
    std::unique_ptr<Collection> collection{};  // null before there is one

    absl::StatusOr<RowState> Rows(const std::set<int64_t>& keys) const {
      if (collection == nullptr) return RowState();
      return ReadState(*collection, KillSchema(), keys);
    }
    // Of a writer that goes on not every key is known yet.
    absl::StatusOr<RowState> AllRows() const {
      if (collection == nullptr) return RowState();
      const auto rows = collection->Query({.filter = "id >= 0", .limit = 16384});
      if (!rows.ok()) return rows.status();
      std::set<int64_t> keys;
      for (size_t i = 0; i < rows->num_rows(); ++i) keys.insert(rows->column("id")->int64s()[i]);
      return Rows(keys);
    }
  };

  std::vector<std::string> WriteArguments() const {
    return {"write", place_, absl::StrCat(seed_), absl::StrCat(last_batch_ + 1),
            absl::StrCat(writers_.size())};
  }

  absl::StatusOr<Standby> OpenHere(Executor& executor) const {
    auto options = KillDatabase(place_);
    if (!options.ok()) return options.status();
    options->host.executor = &executor;
    options->gc_grace_ms = 0;  // its store is shared with nobody who reads
    auto database = Database::Open(*options);
    if (!database.ok()) return database.status();
    Standby standby{.database = *std::move(database)};
    if (!standby.database->HasCollection(kKillCollection)) return standby;
    auto collection = standby.database->OpenCollection(kKillCollection);
    if (!collection.ok()) return collection.status();
    standby.collection = *std::move(collection);
    return standby;
  }

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
  const std::string place_;
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

TEST(KillTest, StandbyTakesOverFromAWriterWithItsJournalInTheStore) {
  const uint64_t seed = TestSeed("K3");
  const int num_takeovers = ScaledCount(60);
  constexpr int kTakeoversOfChain = 10;
  using Fate = Chain::Fate;
  Tally tally;
  SeededRandom random(seed);
  for (uint64_t chain_seed = seed; tally.kills < num_takeovers; ++chain_seed) {
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", chain_seed));
    Chain chain(chain_seed, &tally, /*on_disk=*/false, /*in_store=*/true);
    for (int i = 0; i < kTakeoversOfChain && tally.kills < num_takeovers; ++i) {
      const Fate fates[] = {Fate::kKilled, Fate::kBusy, Fate::kSleeping};
      chain.RunAndTakeOver(fates[random.Below(3)]);
      if (::testing::Test::HasFailure()) return;
    }
  }
  std::printf("K3: seed %s, %d takeovers (%d writers fenced), %s acknowledged batches, 0 lost\n",
              absl::StrCat(seed).c_str(), tally.kills, tally.fenced,
              absl::StrCat(tally.acknowledged).c_str());
  EXPECT_GT(tally.fenced, 0);
}

}  // namespace
}  // namespace vecdb::support
