#ifndef VECDB_STORE_DURABLE_DIRECTORIES_H_
#define VECDB_STORE_DURABLE_DIRECTORIES_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace vecdb::store {

/// Remembers which directories have a name that survives a power cut, so that not every new object
/// syncs all directories above it. Thread-safe.
///
/// It may forget, and must never know too much: a directory that is removed and made again starts
/// anew. So directories are made within a Making only, and asked for (Contains) after the object
/// has its name. A sync that a Making overlapped may have come before the directory, and Add leaves
/// it out.
class DurableDirectories {
 public:
  /// Held while `directory`, and those above it, may be made.
  class Making {
   public:
    Making(DurableDirectories* durable, std::string_view directory);
    ~Making();

    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;

   private:
    DurableDirectories* const durable_;
  };

  bool Contains(std::string_view directory) const;

  /// Read it before the first sync of what Add tells.
  uint64_t generation() const;

  /// Call when every directory above `directory` was synced since `generation` was read.
  void Add(std::string_view directory, uint64_t generation);

  /// Call for a directory that was removed, or the set would grow for ever.
  void Forget(std::string_view directory);

 private:
  static constexpr uint64_t kNeverAdded = ~uint64_t{0};

  mutable base::Mutex mutex_;  // a leaf of the lock order
  std::set<std::string, std::less<>> directories_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;  // of Makings that have begun
  int making_ ABSL_GUARDED_BY(mutex_) = 0;           // that have not ended
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_DURABLE_DIRECTORIES_H_
