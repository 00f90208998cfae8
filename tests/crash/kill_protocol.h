#ifndef VECDB_CRASH_KILL_PROTOCOL_H_
#define VECDB_CRASH_KILL_PROTOCOL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "crash/pending_oracle.h"
#include "support/test_database.h"

namespace vecdb::support {

/// What the program that is killed and the test that kills it agree on.

inline constexpr char kKillCollection[] = "c";
inline constexpr int kKillPipe = 3;  // the descriptor that records go to
inline constexpr int64_t kKeysPerWriter = 100'000'000;

/// Collections of rows of this schema, flushed often.
inline Schema KillSchema() { return TaggedSchema(4); }
inline CollectionOptions KillOptions() {
  return {.num_shards = 3, .segment_max_bytes = 1 << 20, .seal_proportion = 0.03};
}

/// A place with this in front is an object store of the name behind it: journals are objects, and
/// no lock keeps a second writer out.
inline constexpr char kStorePlace[] = "store:";
/// What kill_writer ends with when another writer has taken over.
inline constexpr int kFencedExit = 3;

/// Opens the object store of a place.
using OpenKillStore = absl::StatusOr<std::shared_ptr<ObjectStore>> (*)(const std::string& name);

/// A store in the directory `name`, whose lock excludes nobody, as that of a bucket.
absl::StatusOr<std::shared_ptr<ObjectStore>> OpenUnlockedDirectory(const std::string& name);

/// Options of a database at `place`; a store comes from `open_store`.
absl::StatusOr<DatabaseOptions> KillDatabase(const std::string& place, OpenKillStore open_store);

/// One record of the pipe: written at once, so it comes whole or not at all.
struct KillRecord {
  enum Type : uint8_t {
    kStarted = 1,   ///< the program runs
    kOpened,        ///< the collection is open
    kBegin,         ///< batch `number` of `writer` is about to be written
    kAcknowledged,  ///< it survives `level`
    kFlushBegun,    ///< of one writer
    kFlushed,
    kRow,  ///< of the dump: `key`, written by `number`
    kDone,
  };

  Type type = kStarted;
  uint8_t writer = 0;
  uint8_t level = 0;
  uint64_t number = 0;
  int64_t key = 0;
};

/// Batch `number` of `writer`, from 1 on. Keys of an Insert are new.
struct KillBatch {
  enum class Kind { kInsert, kUpsert, kDelete };

  Kind kind = Kind::kInsert;
  Durability level = Durability::kSynced;
  WriteBatch batch{};
};
KillBatch KillBatchOf(uint64_t seed, int writer, uint64_t number);

}  // namespace vecdb::support

#endif  // VECDB_CRASH_KILL_PROTOCOL_H_
