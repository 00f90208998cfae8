#ifndef VECDB_STORE_CACHE_FILE_H_
#define VECDB_STORE_CACHE_FILE_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "store/cache_counters.h"
#include "store/cache_name.h"
#include "vecdb/context.h"
#include "vecdb/file_system.h"
#include "vecdb/host.h"

namespace vecdb::store {

/// Objects are checksummed in pieces of this size, so that several can be on their way at a time.
inline constexpr uint64_t kCachePieceBytes = uint64_t{4} << 20;

/// How many pieces, the last one perhaps shorter, `size_bytes` are.
inline constexpr uint64_t NumCachePieces(uint64_t size_bytes) {
  return size_bytes / kCachePieceBytes + (size_bytes % kCachePieceBytes == 0 ? 0 : 1);
}

/// The checksum in the name of an object, from those of its pieces in their order.
uint64_t ChecksumOfPieces(std::span<const uint64_t> checksums);

/// A kept object that is open, and therefore pinned: no process that shares the directory evicts
/// it. (A lock of the system on the file, where it has a descriptor: it goes with the process. A
/// child that was forked meanwhile neither ends nor prolongs it, unless it outlives the process.)
/// Thread-safe.
class CacheFile {
 public:
  /// Opens the object `name`, which lies at `path` as yet. NotFound when it is not there, or is
  /// being evicted; DataLoss when its size is not that in its name; the errors of the file system.
  static absl::StatusOr<std::shared_ptr<CacheFile>> Open(FileSystem& files, const CacheName& name,
                                                         const std::string& path,
                                                         std::shared_ptr<CacheCounters> counters);
  ~CacheFile();

  CacheFile(const CacheFile&) = delete;
  CacheFile& operator=(const CacheFile&) = delete;

  const CacheName& name() const { return name_; }
  const RandomAccessFile& file() const { return *file_; }

  /// Whether it has lost its name since, to whichever process. False where that cannot be told.
  bool is_removed() const;

  /// Reads all of it. DataLoss when its bytes do not have the checksum in its name;
  /// ResourceExhausted when there is no memory to read it into.
  absl::Status Verify(const Host& host, const Context& context) const;

  /// Notes on the file, for every process and the next start, that it was used. A wish.
  void Touch(int64_t now_ms) const;

 private:
  CacheFile(CacheName name, std::unique_ptr<RandomAccessFile> file,
            std::shared_ptr<CacheCounters> counters);

  absl::Status ReadPieces(std::atomic<uint64_t>& next, std::span<uint64_t> checksums,
                          const Host& host, const Context& context) const;

  const CacheName name_;
  const std::unique_ptr<RandomAccessFile> file_;
  const std::shared_ptr<CacheCounters> counters_;
  const pid_t owner_;
};

/// Whether no process has the file open as a CacheFile, and it still has a name. Until `file` is
/// closed, none can.
bool LockForEviction(const RandomAccessFile& file);

}  // namespace vecdb::store

#endif  // VECDB_STORE_CACHE_FILE_H_
