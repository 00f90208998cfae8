#ifndef VECDB_STORE_PAGE_FILE_H_
#define VECDB_STORE_PAGE_FILE_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "base/file_descriptor.h"
#include "store/read_queue.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// How pages may be read; for tests, and for systems that are known.
struct PageReading {
  bool may_use_uring = true;   ///< where the object is a local file and the system allows it
  bool may_pass_cache = true;  ///< O_DIRECT, where the file system has it
};

/// An object whose pages are read many at a time: past the cache of the system and by io_uring
/// where there is a local file and both are allowed, else by ObjectReader::ReadAt on several
/// threads: of a local file, or in ranges of whatever store there is. Thread-safe.
class PageFile {
 public:
  static std::unique_ptr<PageFile> Open(std::shared_ptr<const ObjectReader> object,
                                        const Host& host, const PageReading& reading = {});

  /// A queue of `slots` reads of `bytes` each, a multiple of kPageBytes. ResourceExhausted.
  absl::StatusOr<std::unique_ptr<ReadQueue>> MakeQueue(size_t slots, size_t bytes) const;

  /// Whether queues are those of io_uring, as far as is known yet; and pass the cache.
  bool uses_uring() const { return uses_uring_.load(std::memory_order_relaxed); }
  bool passes_cache() const { return direct_.is_open(); }

 private:
  PageFile(std::shared_ptr<const ObjectReader> object, const Host& host)
      : object_(std::move(object)), host_(host) {}

  const std::shared_ptr<const ObjectReader> object_;
  const Host host_;
  base::FileDescriptor direct_;
  mutable std::atomic<bool> uses_uring_ = false;  // relaxed: threads may find it out each
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_PAGE_FILE_H_
