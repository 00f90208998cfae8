#ifndef VECDB_STORE_OBJECT_FETCH_H_
#define VECDB_STORE_OBJECT_FETCH_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "store/cache_counters.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"
#include "vecdb/file_system.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// How an object is read, see CachedStoreOptions.
struct FetchRanges {
  uint64_t range_bytes = uint64_t{8} << 20;
  int parallel_ranges = 4;
};

/// Copies an object into a file in ranges, several at a time, and checksums it in pieces.
///
/// Ranges are read in any order and appended in theirs: a thread that is ahead waits. Whoever takes
/// a range is running, and the lowest one waits for nobody, so that it needs no second thread.
/// One call of Continue at a time.
class ObjectFetch {
 public:
  /// `file` is borrowed, and empty.
  ObjectFetch(std::shared_ptr<const ObjectReader> object, AppendFile* file,
              const FetchRanges& ranges, const Host& host, std::shared_ptr<CacheCounters> counters);

  /// Goes on where the last call stopped, up to the end. Cancelled and DeadlineExceeded leave what
  /// was appended, so that it can be called again; after another error it cannot. ResourceExhausted
  /// without memory for one range.
  absl::Status Continue(Priority priority, const Context& context);

  /// Whether the error was one of the file or of memory, so that the object itself can be read.
  bool failed_here() const;

  /// Of all pieces; after Continue was OK.
  uint64_t checksum() const;

 private:
  absl::Status RunLane(const Context& context);
  bool TakeRange(uint64_t* range);
  absl::Status BringRange(uint64_t range, std::span<std::byte> buffer, const Context& context,
                          bool* is_here);
  absl::Status WaitForTurn(uint64_t range, const Context& context);
  void Stop(uint64_t range, absl::Status status, bool is_here);

  const std::shared_ptr<const ObjectReader> object_;
  AppendFile* const file_;
  const Host host_;
  const std::shared_ptr<CacheCounters> counters_;
  const uint64_t lanes_;
  const uint64_t range_bytes_;
  const uint64_t num_ranges_;

  mutable base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;      // the next range to read
  uint64_t appended_ ABSL_GUARDED_BY(mutex_) = 0;  // ranges; whose turn it is
  std::vector<uint64_t> checksums_ ABSL_GUARDED_BY(mutex_);
  uint64_t stopped_at_ ABSL_GUARDED_BY(mutex_) = 0;  // the lowest range that failed
  bool failed_here_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // its error
  absl::Status memory_ ABSL_GUARDED_BY(mutex_);  // of a lane that could not take part
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_OBJECT_FETCH_H_
