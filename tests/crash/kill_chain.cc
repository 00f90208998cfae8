#include "crash/kill_chain.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_testing.h"
#include "support/test_executors.h"

extern char** environ;

namespace vecdb::support {
namespace {

// A run of the program that is killed. Nothing is forked but by posix_spawn.
class KillChild {
 public:
  KillChild(const std::string& program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
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
  KillChild(const KillChild&) = delete;
  KillChild& operator=(const KillChild&) = delete;
  ~KillChild() {
    ::close(pipe_);
    if (process_ <= 0) return;  // a test that has failed does not leave it behind
    Kill();
    ::waitpid(process_, nullptr, 0);
  }

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
    process_ = -1;
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

void WaitMicroseconds(uint64_t count) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(count);
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace

KillChain::KillChain(uint64_t seed, KillTarget target, KillTally* tally)
    : seed_(seed),
      target_(std::move(target)),
      random_(seed),
      tally_(tally),
      writers_(1 + random_.Below(2)) {}

void KillChain::RunAndKill(bool in_opening) {
  KillChild child(target_.program, WriteArguments());
  const uint64_t num_records = in_opening ? 1 : 2 + random_.Below(70);
  const uint64_t wait = random_.Below(in_opening ? 4000 : target_.wait_us);
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

void KillChain::Check() {
  ManualExecutor executor;
  const auto standby = OpenHere(executor);
  ASSERT_OK(standby);
  const auto found = standby->Rows(Keys());
  ASSERT_OK(found);
  Match(*found);
}

void KillChain::RunAndTakeOver(WriterFate fate) {
  KillChild child(target_.program, WriteArguments());
  const uint64_t num_records = 2 + random_.Below(70);
  KillRecord record;
  for (uint64_t i = 0; i < num_records && child.Read(&record); ++i) Note(record);
  WaitMicroseconds(random_.Below(target_.wait_us));
  if (fate == WriterFate::kKilled) child.Kill();
  if (fate == WriterFate::kSleeping) child.Stop();
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
  if (fate == WriterFate::kSleeping) child.Continue();
  while (child.Read(&record)) Note(record);
  child.Wait(fate != WriterFate::kKilled);
  if (::testing::Test::HasFatalFailure()) return;
  Match(*then);
  const auto now = standby->Rows(Keys());
  ASSERT_OK(now);
  EXPECT_TRUE(*now == *then) << "the old writer has changed what the new one has";
  ++tally_->kills;
  if (child.was_fenced()) ++tally_->fenced;
}

void KillChain::GoOn() {
  for (PendingOracle& writer : writers_) writer.GoOnAfter(Crash::kKill);
}

void KillChain::Finish() {
  KillChild child(target_.program, {"finish", target_.place});
  KillRecord record;
  while (child.Read(&record)) {
  }
  child.Wait();
  EXPECT_EQ(record.type, KillRecord::kDone);
}

void KillChain::CheckByDump() {
  KillChild child(target_.program, {"dump", target_.place, absl::StrCat(seed_),
                                    absl::StrCat(last_batch_), absl::StrCat(writers_.size())});
  RowState found;
  KillRecord record;
  while (child.Read(&record)) {
    if (record.type == KillRecord::kRow) found[record.key] = record.number;
  }
  child.Wait();
  ASSERT_EQ(record.type, KillRecord::kDone);
  Match(found);
}

absl::StatusOr<RowState> KillChain::Standby::Rows(const std::set<int64_t>& keys) const {
  if (collection == nullptr) return RowState();
  return ReadState(*collection, KillSchema(), keys);
}

absl::StatusOr<RowState> KillChain::Standby::AllRows() const {
  if (collection == nullptr) return RowState();
  const auto rows = collection->Query({.filter = "id >= 0", .limit = 16384});
  if (!rows.ok()) return rows.status();
  std::set<int64_t> keys;
  for (size_t i = 0; i < rows->num_rows(); ++i) keys.insert(rows->column("id")->int64s()[i]);
  return Rows(keys);
}

std::vector<std::string> KillChain::WriteArguments() const {
  return {"write", target_.place, absl::StrCat(seed_), absl::StrCat(last_batch_ + 1),
          absl::StrCat(writers_.size())};
}

absl::StatusOr<KillChain::Standby> KillChain::OpenHere(Executor& executor) const {
  auto options = KillDatabase(target_.place, target_.open_store);
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

std::set<int64_t> KillChain::Keys() const {
  std::set<int64_t> keys;
  for (const PendingOracle& writer : writers_) {
    keys.insert(writer.keys().begin(), writer.keys().end());
  }
  return keys;
}

void KillChain::Match(const RowState& found) {
  for (size_t i = 0; i < writers_.size(); ++i) {
    const auto first = static_cast<int64_t>(i) * kKeysPerWriter;
    const RowState of_writer(found.lower_bound(first), found.lower_bound(first + kKeysPerWriter));
    EXPECT_OK(writers_[i].Match(of_writer, Crash::kKill)) << "writer " << i;
  }
}

// True when the collection was open by then.
bool KillChain::Note(const KillRecord& record) {
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

void TakeOverAgainAndAgain(const char* row, int num_takeovers,
                           const std::function<KillTarget()>& new_target) {
  constexpr int kTakeoversOfChain = 10;
  constexpr WriterFate kFates[] = {WriterFate::kKilled, WriterFate::kBusy, WriterFate::kSleeping};
  const uint64_t seed = TestSeed(row);
  KillTally tally;
  SeededRandom random(seed);
  for (uint64_t chain_seed = seed; tally.kills < num_takeovers; ++chain_seed) {
    SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", chain_seed));
    KillChain chain(chain_seed, new_target(), &tally);
    for (int i = 0; i < kTakeoversOfChain && tally.kills < num_takeovers; ++i) {
      chain.RunAndTakeOver(kFates[random.Below(3)]);
      if (::testing::Test::HasFailure()) return;
    }
  }
  std::printf("%s: seed %s, %d takeovers (%d writers fenced), %s acknowledged batches, 0 lost\n",
              row, absl::StrCat(seed).c_str(), tally.kills, tally.fenced,
              absl::StrCat(tally.acknowledged).c_str());
  if (num_takeovers >= kTakeoversOfChain) {
    EXPECT_GT(tally.fenced, 0);
  }
}

}  // namespace vecdb::support
