#ifndef VECDB_STORE_OBJECT_ARRIVAL_H_
#define VECDB_STORE_OBJECT_ARRIVAL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "store/cache_counters.h"
#include "store/cache_directory.h"
#include "store/cache_file.h"
#include "store/object_fetch.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// What all calls of a cache share. Thread-safe.
struct CacheCore {
  std::shared_ptr<ObjectStore> store;
  std::unique_ptr<CacheDirectory> directory;
  std::shared_ptr<CacheCounters> counters;
  FetchRanges ranges;
  Host host;
  /// How long another process's fetch may stand still before the object is read from the store.
  std::chrono::milliseconds stall = std::chrono::seconds(60);
  std::atomic<bool> is_failing = false;  // relaxed: the log hears of the first failure of a row

  /// Tells the log of a failure of the directory, and counts it.
  void CountFailure(const absl::Status& failure);
};

/// One object on its way to a file that is kept, complete and verified: found there, or fetched.
/// One call of Run at a time.
class ObjectArrival {
 public:
  /// Objects above `fetch_up_to_bytes` are not fetched.
  ObjectArrival(std::shared_ptr<CacheCore> core, const ObjectPath& path, std::string key,
                uint64_t fetch_up_to_bytes)
      : core_(std::move(core)),
        path_(path),
        key_(std::move(key)),
        fetch_up_to_bytes_(fetch_up_to_bytes) {}
  ~ObjectArrival();

  ObjectArrival(const ObjectArrival&) = delete;
  ObjectArrival& operator=(const ObjectArrival&) = delete;

  /// The file; nullptr where the object is to be read from the store: it is not to be fetched,
  /// there is no room, or the directory fails. Cancelled and DeadlineExceeded by the context leave
  /// what was done: another call goes on there. The errors of the store.
  absl::StatusOr<std::shared_ptr<CacheFile>> Run(Priority priority, const Context& context);

  /// The object as the store has opened it for this; nullptr when it has not.
  std::shared_ptr<const ObjectReader> object() const { return object_; }

  /// Whether the store was asked for the bytes.
  bool was_fetched() const { return was_fetched_.load(std::memory_order_relaxed); }

  /// From now on nothing is published: the object is being deleted. From any thread.
  void Doom() { is_doomed_.store(true); }

 private:
  absl::StatusOr<std::shared_ptr<CacheFile>> FindKept(const Context& context);
  absl::Status LockKey(const Context& context);
  absl::Status BeginFetch(const Context& context);
  absl::StatusOr<bool> MakeRoom(uint64_t size_bytes, const Context& context);
  absl::StatusOr<std::shared_ptr<CacheFile>> EndFetch();
  void GiveUp(const absl::Status& failure);
  void CloseFetch();

  const std::shared_ptr<CacheCore> core_;
  const ObjectPath path_;
  const std::string key_;
  const uint64_t fetch_up_to_bytes_;
  std::unique_ptr<CacheKeyLock> lock_;
  std::shared_ptr<const ObjectReader> object_;
  std::unique_ptr<CachePart> part_;
  std::unique_ptr<ObjectFetch> fetch_;
  bool is_given_up_ = false;
  std::atomic<bool> was_fetched_ = false;  // read once Run has ended
  std::atomic<bool> is_doomed_ = false;    // what it is asked under orders it: see Publish
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_OBJECT_ARRIVAL_H_
