#ifndef VECDB_STORE_LOCAL_LAYOUT_H_
#define VECDB_STORE_LOCAL_LAYOUT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/random_id.h"
#include "store/durable_directories.h"
#include "vecdb/file_system.h"

namespace vecdb::store {

// The names of a local store that are not objects. They begin with a dot, so that no ObjectPath can
// name them.
inline constexpr char kTemporaryDirectory[] = ".tmp";
inline constexpr char kLockFile[] = ".lock";

/// What a local store shares with its writers, which may outlive it. Thread-safe.
struct LocalRoot {
  explicit LocalRoot(std::shared_ptr<FileSystem> files_in) : files(std::move(files_in)) {}

  /// The name of a new temporary file. It begins with `instance`, by which Lock tells the files of
  /// this store's writers from those that a crash has left.
  std::string NewTemporaryName() {
    // Relaxed: only the value itself has to be unique.
    return instance + "-" + std::to_string(next.fetch_add(1, std::memory_order_relaxed));
  }

  const std::shared_ptr<FileSystem> files;
  const std::string instance = base::RandomId();
  std::atomic<uint64_t> next{0};
  DurableDirectories durable;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_LOCAL_LAYOUT_H_
