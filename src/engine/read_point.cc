#include "engine/read_point.h"

#include <algorithm>
#include <optional>

#include "base/hybrid_clock.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/expiry.h"
#include "query/rows_by_key.h"

namespace vecdb::engine {
namespace {

constexpr int64_t kMaxLagMillis = 86'400'000;

int64_t MillisOf(uint64_t timestamp) {
  return static_cast<int64_t>(timestamp >> base::HybridClock::kCounterBits);
}

// A level with its bound.
struct Level {
  ConsistencyLevel level = ConsistencyLevel::kBounded;
  int64_t staleness_ms = 0;
};

// The level that a read names or takes from the collection; nullopt when it names a time or a
// snapshot.
std::optional<Level> LevelOf(const CollectionCore& core, const Consistency& consistency) {
  const CollectionOptions& options = core.options();
  const Level usual{options.consistency, options.staleness_ms};
  if (consistency.kind() == Consistency::Kind::kDefault) return usual;
  if (consistency.kind() != Consistency::Kind::kLevel) return std::nullopt;
  return Level{consistency.level(),
               consistency.staleness_ms() < 0 ? usual.staleness_ms : consistency.staleness_ms()};
}

// What a level waits for: all writes up to this time.
uint64_t GuaranteeOf(const CollectionCore& core, const Level& level) {
  switch (level.level) {
    case ConsistencyLevel::kStrong:
      return core.last_applied();
    case ConsistencyLevel::kBounded:
      return TimestampAt(core.NowMillis() - level.staleness_ms);
    default:  // what has returned in this process is visible
      return 0;
  }
}

absl::Status CheckAtLeast(const CollectionCore& core, uint64_t timestamp) {
  const int64_t ahead_ms = MillisOf(timestamp) - core.NowMillis();
  if (ahead_ms <= kMaxLagMillis) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("timestamp %d: %d ms ahead of the clock, at most %d can be waited for",
                      timestamp, ahead_ms, kMaxLagMillis));
}

absl::Status CheckAsOf(const CollectionCore& core, uint64_t timestamp) {
  const int64_t now = core.NowMillis();
  const int64_t retention = core.options().retention_ms;
  if (MillisOf(timestamp) > now) {
    return absl::InvalidArgumentError(base::StrFormat("timestamp %d: %d ms ahead of the clock",
                                                      timestamp, MillisOf(timestamp) - now));
  }
  if (MillisOf(timestamp) < now - retention) {
    return absl::FailedPreconditionError(base::StrFormat(
        "timestamp %d: %d ms ago, and the collection keeps what was for %d ms (retention_ms)",
        timestamp, now - MillisOf(timestamp), retention));
  }
  return absl::OkStatus();
}

absl::StatusOr<Snapshot> AllUpTo(CollectionCore& core, uint64_t timestamp, const Context& context) {
  VECDB_RETURN_IF_ERROR(core.AwaitAllUpTo(timestamp, context));
  return ReadNow(core);
}

// The time has been waited for.
absl::StatusOr<Snapshot> AsOf(CollectionCore& core, uint64_t timestamp, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(Snapshot snapshot, AllUpTo(core, timestamp, context));
  const bool is_newest = timestamp >= snapshot.as_of;
  // What has been deleted is gone from the newest state anyway, what has expired need not be.
  if (is_newest && !RowsExpire(core.options())) return snapshot;
  if (timestamp < snapshot.view->history_from) {
    // The clock has gone back, or is not that of the writer.
    return absl::FailedPreconditionError(
        base::StrFormat("timestamp %d: rows that were deleted, or had expired, up to timestamp %d "
                        "have been removed",
                        timestamp, snapshot.view->history_from));
  }
  snapshot.alive_from = AliveFrom(core.options(), MillisOf(timestamp));
  if (is_newest) return snapshot;
  snapshot.as_of = timestamp;
  VECDB_ASSIGN_OR_RETURN(snapshot.live_rows, CountRows(snapshot, context));
  return snapshot;
}

}  // namespace

Snapshot ReadNow(const CollectionCore& core) {
  Snapshot snapshot = core.Read();
  snapshot.alive_from = AliveFrom(core.options(), core.NowMillis());
  return snapshot;
}

uint64_t TimestampAt(int64_t millis) {
  return static_cast<uint64_t>(std::max<int64_t>(millis, 0)) << base::HybridClock::kCounterBits;
}

absl::Status AwaitTime(CollectionCore& core, const Consistency& consistency,
                       const Context& context) {
  const bool at_least = consistency.kind() == Consistency::Kind::kAtLeast;
  if (!at_least && consistency.kind() != Consistency::Kind::kAsOf) return absl::OkStatus();
  const uint64_t timestamp = consistency.timestamp();
  VECDB_RETURN_IF_ERROR(at_least ? CheckAtLeast(core, timestamp) : CheckAsOf(core, timestamp));
  return core.AwaitEnd(timestamp, context);
}

absl::StatusOr<Snapshot> ResolveRead(CollectionCore& core, const Consistency& consistency,
                                     const Context& context) {
  VECDB_RETURN_IF_ERROR(AwaitTime(core, consistency, context));
  if (const auto level = LevelOf(core, consistency); level.has_value()) {
    return AllUpTo(core, GuaranteeOf(core, *level), context);
  }
  if (consistency.kind() == Consistency::Kind::kAtLeast) {
    return AllUpTo(core, consistency.timestamp(), context);
  }
  if (consistency.kind() == Consistency::Kind::kAsOf) {
    return AsOf(core, consistency.timestamp(), context);
  }
  if (consistency.snapshot() == nullptr) {
    return absl::InvalidArgumentError("consistency: the snapshot is null");
  }
  const Snapshot& pinned = *consistency.snapshot()->state();
  if (pinned.view->collection_id != core.id()) {
    return absl::InvalidArgumentError(
        base::StrFormat("consistency: the snapshot is of another collection than %s", core.name()));
  }
  return pinned;
}

bool IsStrong(const CollectionCore& core, const Consistency& consistency) {
  const auto level = LevelOf(core, consistency);
  return level.has_value() && level->level == ConsistencyLevel::kStrong;
}

uint64_t RequiredTimestamp(const CollectionCore& core, const Consistency& consistency) {
  const auto level = LevelOf(core, consistency);
  if (!level.has_value()) return consistency.timestamp();  // 0 for a snapshot
  switch (level->level) {
    case ConsistencyLevel::kStrong:  // to the end of the millisecond: writes of it may have
                                     // returned
      return TimestampAt(core.NowMillis() + 1) - 1;
    case ConsistencyLevel::kBounded:
      return TimestampAt(core.NowMillis() - level->staleness_ms);
    default:
      return 0;
  }
}

absl::StatusOr<uint64_t> CountRows(const Snapshot& snapshot, const Context& context) {
  return query::CountRows({.segments = snapshot.view->segments,
                           .as_of = snapshot.as_of,
                           .alive_from = snapshot.alive_from},
                          context);
}

}  // namespace vecdb::engine
