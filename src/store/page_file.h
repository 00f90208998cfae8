#ifndef VECDB_STORE_PAGE_FILE_H_
#define VECDB_STORE_PAGE_FILE_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "store/read_queue.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// How pages may be read; for tests, and for systems that are known.
struct PageReading {
  bool may_use_uring = true;   ///< where the object is a local file and the system allows it
  bool may_pass_cache = true;  ///< O_DIRECT, where the file system has it
};

/// An object whose pages are read many at a time. A local file is read past the cache of the system
/// where its file system allows that, by io_uring where the system does, else by several threads;
/// an object of any other store by ObjectReader::ReadAt on several threads. Thread-safe.
class PageFile {
 public:
  static std::unique_ptr<PageFile> Open(std::shared_ptr<const ObjectReader> object,
                                        const Host& host, const PageReading& reading = {});

  /// A queue of `slots` reads of `bytes` each, a multiple of kPageBytes. ResourceExhausted.
  absl::StatusOr<std::unique_ptr<ReadQueue>> MakeQueue(size_t slots, size_t bytes) const;

  /// Whether queues are those of io_uring, as far as is known yet; and pass the cache.
  bool uses_uring() const { return uses_uring_.load(std::memory_order_relaxed); }
  bool passes_cache() const { return passes_cache_; }

 private:
  PageFile(std::shared_ptr<const ObjectReader> object, bool passes_cache, bool uses_uring,
           const Host& host)
      : object_(std::move(object)),
        host_(host),
        passes_cache_(passes_cache),
        uses_uring_(uses_uring) {}

  const std::shared_ptr<const ObjectReader> object_;  // past the cache where that is possible
  const Host host_;
  const bool passes_cache_;
  mutable std::atomic<bool> uses_uring_;  // relaxed: threads may find it out each
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_PAGE_FILE_H_
