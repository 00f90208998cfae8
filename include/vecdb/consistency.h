#ifndef VECDB_CONSISTENCY_H_
#define VECDB_CONSISTENCY_H_

#include <cstdint>
#include <memory>
#include <utility>

namespace vecdb {

namespace engine {
struct Snapshot;
}

/// How much of what others have written a read must see. The numbers are those of Milvus.
///
/// In the process that writes, a write is visible when it returns, so that own writes are seen at
/// every level; the levels differ in what they do about writes that are still on their way to the
/// journal. A read-only database sees what its last Refresh has read, and refreshes when a level
/// asks for more.
enum class ConsistencyLevel : int32_t {
  kStrong = 0,   ///< every write that had been applied when the read began; waits for it
  kSession = 1,  ///< every write that had returned in this process
  /// Every write that is older than a number of milliseconds.
  kBounded = 2,
  kEventually = 3,  ///< what is there; never waits
};

/// One committed state of a collection: all reads through it agree for as long as it is held,
/// whatever is written, flushed or collected meanwhile, even after Release or DropIndex. Holds the
/// memory and the objects of that state. Immutable, hence thread-safe. Useless, but harmless, when
/// the database has been closed.
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const engine::Snapshot> state);
  ~Snapshot();

  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  /// Writes up to this time are in it.
  uint64_t timestamp() const;

  /// The inside; for the library.
  const std::shared_ptr<const engine::Snapshot>& state() const { return state_; }

 private:
  const std::shared_ptr<const engine::Snapshot> state_;
};

/// Which state a read shows: a level, a time, or a snapshot. A value.
///
///     request.consistency = ConsistencyLevel::kStrong;
///     request.consistency = Consistency::Bounded(200);
///     request.consistency = Consistency::AtLeast(write.timestamp);   // of another process
///     request.consistency = Consistency::AsOf(yesterday);            // time travel
///     request.consistency = *docs->PinSnapshot();
class Consistency {
 public:
  enum class Kind { kDefault, kLevel, kAtLeast, kAsOf, kSnapshot };

  /// As CollectionOptions say.
  Consistency() = default;
  Consistency(ConsistencyLevel level)  // NOLINT: implicit by design
      : kind_(Kind::kLevel), level_(level) {}
  /// Not null.
  Consistency(std::shared_ptr<const Snapshot> snapshot)  // NOLINT: implicit by design
      : kind_(Kind::kSnapshot), snapshot_(std::move(snapshot)) {}

  /// kBounded with a bound of its own.
  static Consistency Bounded(int64_t staleness_ms) {
    Consistency bounded(ConsistencyLevel::kBounded);
    bounded.staleness_ms_ = staleness_ms;
    return bounded;
  }
  /// Every write up to `timestamp`, and maybe later ones; waits until there can be no further such
  /// write. InvalidArgument from the read when that is more than a day ahead.
  static Consistency AtLeast(uint64_t timestamp) { return {Kind::kAtLeast, timestamp}; }
  /// The state at `timestamp`, not later. FailedPrecondition from the read when that is longer ago
  /// than CollectionOptions::retention_ms, InvalidArgument when it has not come yet.
  static Consistency AsOf(uint64_t timestamp) { return {Kind::kAsOf, timestamp}; }

  Kind kind() const { return kind_; }
  ConsistencyLevel level() const { return level_; }
  /// Negative: that of the collection.
  int64_t staleness_ms() const { return staleness_ms_; }
  uint64_t timestamp() const { return timestamp_; }
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }

 private:
  Consistency(Kind kind, uint64_t timestamp) : kind_(kind), timestamp_(timestamp) {}

  Kind kind_ = Kind::kDefault;
  ConsistencyLevel level_ = ConsistencyLevel::kBounded;
  int64_t staleness_ms_ = -1;
  uint64_t timestamp_ = 0;
  std::shared_ptr<const Snapshot> snapshot_{};
};

}  // namespace vecdb

#endif  // VECDB_CONSISTENCY_H_
