#ifndef VECDB_EVENTS_H_
#define VECDB_EVENTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "vecdb/collection.h"

namespace vecdb {

// Each event of something that takes time comes twice: when it begins, with what is known then, and
// when it has ended, with how. `segments` and `segment` are ids as in SegmentDescription.

/// Rows of memory, and deletes, become objects.
struct FlushEvent {
  std::string collection{};
  std::vector<std::string> segments{};  ///< at its end: that were made; none when there was nothing
  uint64_t num_rows = 0;                ///< of those
  uint64_t num_bytes = 0;               ///< of what was written
  double duration_ms = 0;
  absl::Status status{};
};

/// Growing segments take no further rows, because a flush writes them.
struct SealEvent {
  std::string collection{};
  uint64_t num_segments = 0;
  uint64_t num_rows = 0;
  uint64_t num_bytes = 0;  ///< of memory
};

/// The index of a field is built for a segment.
struct BuildEvent {
  std::string collection{};
  std::string segment{};
  std::string field{};
  uint64_t num_rows = 0;
  uint64_t num_bytes = 0;  ///< at its end: of the index in the store
  double duration_ms = 0;
  absl::Status status{};  ///< Cancelled: it is built later
};

/// Segments become one.
struct CompactionEvent {
  std::string collection{};
  CompactionReason reason = CompactionReason::kSmallSegments;
  std::vector<std::string> segments{};
  std::string target{};  ///< at its end; "" when no row was left, or after an error
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  double duration_ms = 0;
  absl::Status status{};
};

/// A collection is loaded for searches. A load that is broken off, because the call that ran it
/// came to its deadline, ends with that and begins again.
struct LoadEvent {
  std::string collection{};
  uint64_t num_segments = 0;
  uint64_t num_bytes = 0;  ///< that were read or mapped
  double duration_ms = 0;
  absl::Status status{};
};

/// What a writer makes room in.
enum class StallReason : int32_t {
  kGrowingRows = 0,  ///< rows come faster than they are flushed
  kJournal = 1,      ///< the journal is three quarters full
  kMemory = 2,       ///< the memory budget is nearly used up
};

/// "growing_rows", "journal", "memory".
std::string_view StallReasonName(StallReason reason);

/// A writer is held up: it compacts or flushes itself before its rows are taken.
struct StallEvent {
  std::string collection{};
  StallReason reason = StallReason::kGrowingRows;
  double duration_ms = 0;
  absl::Status status{};  ///< of the flush; when it failed, writes may go on without it
};

/// What failed, behind the back of any call that could say so.
enum class ErrorSource : int32_t {
  kWrites = 0,      ///< journal or commit: the collection takes no writes until it is opened again
  kFlush = 1,       ///< tried again
  kBuild = 2,       ///< of an index; searches go without it
  kCompaction = 3,  ///< tried again later
  kGarbage = 4,     ///< collection of garbage, tried again
  kRefresh = 5,     ///< of a database for reading alone, by itself; what it shows grows older
};

/// "writes", "flush", "build", "compaction", "garbage", "refresh".
std::string_view ErrorSourceName(ErrorSource source);

struct ErrorEvent {
  std::string collection{};
  ErrorSource source = ErrorSource::kWrites;
  absl::Status status{};
};

/// What a host overrides to be told what a database does: DatabaseOptions::listener.
///
/// Methods are called by the thread that does the work, several at once, and no lock of the library
/// is held meanwhile. Whoever waits for the work waits for the method too, so it should be short:
/// count, log, put it into a queue. Turns are held in part (one compaction of a collection runs at
/// a time, few builds of a database do, a writer waits for its turn), so a method may read the
/// collection (Search, Query, Get, Count, Describe, Segments, LoadProgress) and collect metrics,
/// but must not write to it, and must not call what waits for its work or changes its state: Flush,
/// CreateIndex, WaitForIndex, Load, Release, Compact, WaitForCompaction, Maintain, and Close,
/// Checkpoint or DropCollection of the database. These would wait for the very thread they run on.
/// Must not throw.
///
/// None is called any more once Close has returned. The database holds the listener, so that one
/// which holds the database in turn keeps both for ever.
class EventListener {
 public:
  virtual ~EventListener() = default;

  virtual void OnFlushBegin(const FlushEvent&) {}
  virtual void OnFlushEnd(const FlushEvent&) {}
  /// Between the two of the flush that seals.
  virtual void OnSeal(const SealEvent&) {}
  virtual void OnBuildBegin(const BuildEvent&) {}
  virtual void OnBuildEnd(const BuildEvent&) {}
  virtual void OnCompactionBegin(const CompactionEvent&) {}
  virtual void OnCompactionEnd(const CompactionEvent&) {}
  virtual void OnLoadBegin(const LoadEvent&) {}
  virtual void OnLoadEnd(const LoadEvent&) {}
  virtual void OnStallBegin(const StallEvent&) {}
  virtual void OnStallEnd(const StallEvent&) {}
  virtual void OnError(const ErrorEvent&) {}
};

}  // namespace vecdb

#endif  // VECDB_EVENTS_H_
