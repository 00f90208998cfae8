#ifndef VECDB_CRASH_KILL_CHAIN_H_
#define VECDB_CRASH_KILL_CHAIN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crash/kill_protocol.h"
#include "crash/pending_oracle.h"
#include "support/seeded_random.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {

/// A program that is killed, and what it writes to.
struct KillTarget {
  std::string program{};  ///< its main is RunKillWriter
  std::string place{};
  OpenKillStore open_store = OpenUnlockedDirectory;
  uint64_t wait_us = 400;  ///< up to so long after its last record it is killed; at least 1
};

struct KillTally {
  int kills = 0;
  int in_opening = 0;
  int fenced = 0;
  uint64_t acknowledged = 0;
};

/// What becomes of a writer whose place another one takes.
enum class WriterFate {
  kKilled,
  kBusy,     ///< goes on, and is ahead of the other at first
  kSleeping  ///< wakes up when the other has gone on for a while
};

/// One place, the program that is killed on it, and what must be there. For one thread.
class KillChain {
 public:
  KillChain(uint64_t seed, KillTarget target, KillTally* tally);

  /// Runs the program until it has told some of what it does, and kills it. `in_opening`: before it
  /// has told of a write.
  void RunAndKill(bool in_opening);

  /// Opens and compares in this process, which has no threads for it, and leaves as a crash would.
  void Check();

  /// This process takes over. Whatever the old writer was told, before or after, to be safe must be
  /// there; it ends as soon as it meets the newer one.
  void RunAndTakeOver(WriterFate fate);

  /// What is found next is there behind a kill.
  void GoOn();

  /// Another process flushes and builds an index at once.
  void Finish();

  /// And a third one says what is there.
  void CheckByDump();

 private:
  struct Standby {
    std::unique_ptr<Database> database{};
    std::unique_ptr<Collection> collection{};  // null before there is one

    absl::StatusOr<RowState> Rows(const std::set<int64_t>& keys) const;
    // Of a writer that goes on not every key is known yet.
    absl::StatusOr<RowState> AllRows() const;
  };

  std::vector<std::string> WriteArguments() const;
  absl::StatusOr<Standby> OpenHere(Executor& executor) const;
  std::set<int64_t> Keys() const;
  void Match(const RowState& found);
  bool Note(const KillRecord& record);

  const uint64_t seed_;
  const KillTarget target_;
  SeededRandom random_;
  KillTally* const tally_;
  std::vector<PendingOracle> writers_;
  std::vector<size_t> returned_;  // batches of each writer, when the last flush began
  uint8_t flushing_writer_ = 0;
  uint64_t last_batch_ = 0;
};

/// Row K3: takes over so often, ten times in each new place, from writers that are killed, busy or
/// asleep, and prints what came of it as `row`, which is also the name of the seed.
void TakeOverAgainAndAgain(const char* row, int num_takeovers,
                           const std::function<KillTarget()>& new_target);

}  // namespace vecdb::support

#endif  // VECDB_CRASH_KILL_CHAIN_H_
