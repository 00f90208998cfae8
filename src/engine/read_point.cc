#include "engine/read_point.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/hybrid_clock.h"
#include "base/row_mask.h"
#include "base/status_macros.h"

namespace vecdb::engine {
namespace {

constexpr int64_t kMaxLagMillis = 86'400'000;

int64_t MillisOf(uint64_t timestamp) {
  return static_cast<int64_t>(timestamp >> base::HybridClock::kCounterBits);
}

// What every level waits for: all writes up to this time.
uint64_t GuaranteeOf(const CollectionCore& core, ConsistencyLevel level, int64_t staleness_ms) {
  switch (level) {
    case ConsistencyLevel::kStrong:
      return core.last_applied();
    case ConsistencyLevel::kBounded:
      return TimestampAt(core.NowMillis() - staleness_ms);
    default:  // what has returned in this process is visible
      return 0;
  }
}

absl::StatusOr<Snapshot> AtLevel(const CollectionCore& core, ConsistencyLevel level,
                                 int64_t staleness_ms, const Context& context) {
  VECDB_RETURN_IF_ERROR(core.AwaitAllUpTo(GuaranteeOf(core, level, staleness_ms), context));
  return core.Read();
}

absl::Status CheckAtLeast(const CollectionCore& core, uint64_t timestamp) {
  const int64_t ahead_ms = MillisOf(timestamp) - core.NowMillis();
  if (ahead_ms <= kMaxLagMillis) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("timestamp %d: %d ms ahead of the clock, at most %d can be waited for",
                      timestamp, ahead_ms, kMaxLagMillis));
}

absl::Status CheckAsOf(const CollectionCore& core, uint64_t timestamp) {
  const int64_t now = core.NowMillis();
  const int64_t retention = core.options().retention_ms;
  if (MillisOf(timestamp) > now) {
    return absl::InvalidArgumentError(absl::StrFormat("timestamp %d: %d ms ahead of the clock",
                                                      timestamp, MillisOf(timestamp) - now));
  }
  if (MillisOf(timestamp) < now - retention) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "timestamp %d: %d ms ago, and the collection keeps what was for %d ms (retention_ms)",
        timestamp, now - MillisOf(timestamp), retention));
  }
  return absl::OkStatus();
}

// The time has been waited for.
absl::StatusOr<Snapshot> AtLeast(const CollectionCore& core, uint64_t timestamp,
                                 const Context& context) {
  VECDB_RETURN_IF_ERROR(core.AwaitAllUpTo(timestamp, context));
  return core.Read();
}

absl::StatusOr<Snapshot> AsOf(const CollectionCore& core, uint64_t timestamp,
                              const Context& context) {
  VECDB_RETURN_IF_ERROR(core.AwaitAllUpTo(timestamp, context));
  Snapshot snapshot = core.Read();
  if (timestamp >= snapshot.as_of) return snapshot;
  snapshot.as_of = timestamp;
  VECDB_ASSIGN_OR_RETURN(snapshot.live_rows, CountRows(snapshot, context));
  return snapshot;
}

absl::StatusOr<uint64_t> CountSegment(const query::SegmentView& segment, uint64_t as_of,
                                      const Context& context) {
  base::RowMask mask{.deletes = segment.deletes().get(), .as_of = as_of};
  std::shared_ptr<const segment::ResidentColumn> times;
  if (segment.growing != nullptr) {
    mask.num_rows = segment.growing->VisibleRows(as_of);
  } else {
    mask.num_rows = segment.sealed->num_rows();
    VECDB_ASSIGN_OR_RETURN(times, segment.sealed->GetTimestamps(context));
    mask.row_times = reinterpret_cast<const uint64_t*>(times->column.int64s().data());
  }
  uint64_t count = 0;
  for (uint32_t row = 0; row < mask.num_rows; ++row) count += mask.Contains(row) ? 1 : 0;
  return count;
}

}  // namespace

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
  const CollectionOptions& options = core.options();
  switch (consistency.kind()) {
    case Consistency::Kind::kDefault:
      return AtLevel(core, options.consistency, options.staleness_ms, context);
    case Consistency::Kind::kLevel:
      return AtLevel(
          core, consistency.level(),
          consistency.staleness_ms() < 0 ? options.staleness_ms : consistency.staleness_ms(),
          context);
    case Consistency::Kind::kAtLeast:
      return AtLeast(core, consistency.timestamp(), context);
    case Consistency::Kind::kAsOf:
      return AsOf(core, consistency.timestamp(), context);
    case Consistency::Kind::kSnapshot:
      break;
  }
  if (consistency.snapshot() == nullptr) {
    return absl::InvalidArgumentError("consistency: the snapshot is null");
  }
  const Snapshot& pinned = *consistency.snapshot()->state();
  if (pinned.view->collection_id != core.id()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("consistency: the snapshot is of another collection than %s", core.name()));
  }
  return pinned;
}

bool IsStrong(const CollectionCore& core, const Consistency& consistency) {
  if (consistency.kind() == Consistency::Kind::kDefault) {
    return core.options().consistency == ConsistencyLevel::kStrong;
  }
  return consistency.kind() == Consistency::Kind::kLevel &&
         consistency.level() == ConsistencyLevel::kStrong;
}

uint64_t RequiredTimestamp(const CollectionCore& core, const Consistency& consistency) {
  const bool named = consistency.kind() == Consistency::Kind::kLevel;
  switch (consistency.kind()) {
    case Consistency::Kind::kDefault:
    case Consistency::Kind::kLevel: {
      const ConsistencyLevel level = named ? consistency.level() : core.options().consistency;
      const int64_t staleness_ms = named && consistency.staleness_ms() >= 0
                                       ? consistency.staleness_ms()
                                       : core.options().staleness_ms;
      // To the end of the millisecond: writes of it may have returned.
      if (level == ConsistencyLevel::kStrong) return TimestampAt(core.NowMillis() + 1) - 1;
      if (level == ConsistencyLevel::kBounded) return TimestampAt(core.NowMillis() - staleness_ms);
      return 0;
    }
    case Consistency::Kind::kAtLeast:
    case Consistency::Kind::kAsOf:
      return consistency.timestamp();
    case Consistency::Kind::kSnapshot:
      return 0;
  }
  return 0;
}

absl::StatusOr<uint64_t> CountRows(const Snapshot& snapshot, const Context& context) {
  uint64_t count = 0;
  for (const query::SegmentView& segment : snapshot.view->segments) {
    VECDB_RETURN_IF_ERROR(segment.damage);
    VECDB_ASSIGN_OR_RETURN(const uint64_t rows, CountSegment(segment, snapshot.as_of, context));
    count += rows;
  }
  return count;
}

}  // namespace vecdb::engine
