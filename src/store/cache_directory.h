#ifndef VECDB_STORE_CACHE_DIRECTORY_H_
#define VECDB_STORE_CACHE_DIRECTORY_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/gate.h"
#include "base/mutex.h"
#include "store/cache_counters.h"
#include "store/cache_file.h"
#include "store/cache_name.h"
#include "vecdb/clock.h"
#include "vecdb/context.h"
#include "vecdb/file_system.h"

namespace vecdb::store {

/// An object on its way into the directory. Destroying it removes what was not published.
class CachePart {
 public:
  CachePart(std::shared_ptr<FileSystem> files, CachePartName name, std::unique_ptr<AppendFile> file)
      : files_(std::move(files)), name_(std::move(name)), file_(std::move(file)) {}
  ~CachePart();

  CachePart(const CachePart&) = delete;
  CachePart& operator=(const CachePart&) = delete;

  const CachePartName& name() const { return name_; }
  AppendFile& file() { return *file_; }

  /// Puts the size into its name. NotFound when it has been removed.
  absl::Status GiveSize(uint64_t size_bytes);

 private:
  const std::shared_ptr<FileSystem> files_;
  CachePartName name_;
  const std::unique_ptr<AppendFile> file_;
};

/// The right to fetch the object of a key, which nobody else has meanwhile.
class CacheKeyLock {
 public:
  CacheKeyLock(std::shared_ptr<FileSystem> files, std::string path, std::unique_ptr<FileLock> lock)
      : files_(std::move(files)), path_(std::move(path)), lock_(std::move(lock)) {}
  ~CacheKeyLock();

  CacheKeyLock(const CacheKeyLock&) = delete;
  CacheKeyLock& operator=(const CacheKeyLock&) = delete;

 private:
  const std::shared_ptr<FileSystem> files_;
  const std::string path_;
  const std::unique_ptr<FileLock> lock_;
};

/// The files of a cache, shared with other processes. What is on disk is the truth: nothing here
/// has to agree with another process but by the names and locks that cache_name.h lists.
///
///   room       is made under `lock`: what is kept and what is under way, by the sizes in their
///              names, is at most the budget with the new part, whose name is given there and then.
///              So that not every fetch lists all there is, `total` has a number in its file's
///              name: it grows with each part, what goes is not taken off, and when it reaches the
///              budget, or is missing because somebody died while it was changed, all is listed.
///   a fetch    holds the lock of its key, so that others wait for it and find the object then. Its
///              part is there before the object is opened in the store, without a size as yet.
///   publishing links the part to its place under objects/, when all its bytes are written. They
///              are not synced: what a power cut takes is found by the checksum.
///   eviction   takes the file's own lock, which everybody who has it open shares.
///   a deletion removes the parts of the key first, so that none can be published, then the object:
///              nothing is kept that was opened in the store before it was deleted there.
///
/// Thread-safe.
class CacheDirectory {
 public:
  /// How long another process may hold `lock` before this one goes on without the directory.
  static constexpr std::chrono::milliseconds kLockWait{2000};

  /// Makes what is missing and removes what dead processes have left. The errors of the file
  /// system, when it cannot be written to.
  static absl::StatusOr<std::unique_ptr<CacheDirectory>> Open(
      std::shared_ptr<FileSystem> files, uint64_t budget_bytes, const Clock& clock,
      std::shared_ptr<CacheCounters> counters);

  /// The object of a key when it is open and verified in this process; marks it used.
  std::shared_ptr<CacheFile> FindOpen(const std::string& key);

  /// Opens the object of a key, wherever it came from; marks it used. NotFound; DataLoss when its
  /// size is wrong.
  absl::StatusOr<std::shared_ptr<CacheFile>> OpenKept(const std::string& key);

  /// Whether this process has verified or written the object.
  bool IsVerified(const CacheName& name);
  void SetVerified(const CacheName& name);

  /// Removes one file, which does not have the bytes that it should, and which is open.
  void RemoveDamaged(const CacheFile& file);

  /// Removes what there is of a key, and what is on its way. Where that fails, this process does
  /// not answer from it any more.
  void Remove(const std::string& key);

  /// Locks a key for a fetch. FailedPrecondition when somebody else holds it.
  absl::StatusOr<std::unique_ptr<CacheKeyLock>> LockKey(const std::string& key);

  /// Something that changes as long as somebody's fetch of the key goes on.
  std::string ProgressOf(const std::string& key);

  /// Begins the part of an object that has not been opened in the store as yet: a Remove from now
  /// on, by any process, removes it.
  absl::StatusOr<std::unique_ptr<CachePart>> Begin(const std::string& key);

  /// Makes room for what was begun. False when what is open leaves none, or the budget is smaller
  /// than it; NotFound when it has been removed; ResourceExhausted when the disk is full even so.
  absl::StatusOr<bool> Reserve(CachePart& part, uint64_t size_bytes, const Context& context);

  /// Gives a part that is complete its place and opens it, verified. NotFound where it has been
  /// removed, or `is_wanted`, asked where no Remove can come between, says no. The part is to be
  /// destroyed afterwards.
  absl::StatusOr<std::shared_ptr<CacheFile>> Publish(const CachePart& part, uint64_t checksum,
                                                     absl::FunctionRef<bool()> is_wanted);

  uint64_t budget_bytes() const { return budget_bytes_; }

 private:
  // What this process knows of an object.
  struct Known {
    std::weak_ptr<CacheFile> open;
    bool is_verified = false;
    int64_t used_ms = 0;
    uint64_t use = 0;  // counts uses, for those within one millisecond
  };
  struct Kept {
    CacheName name;
    int64_t used_ms = 0;
    uint64_t use = 0;
  };
  struct Contents {
    std::vector<Kept> kept;
    std::vector<CachePartName> parts;
    uint64_t kept_bytes = 0;
    uint64_t part_bytes = 0;

    uint64_t bytes() const { return kept_bytes + part_bytes; }
  };

  CacheDirectory(std::shared_ptr<FileSystem> files, uint64_t budget_bytes, const Clock& clock,
                 std::shared_ptr<CacheCounters> counters)
      : files_(std::move(files)),
        budget_bytes_(budget_bytes),
        clock_(clock),
        counters_(std::move(counters)) {}

  absl::Status Prepare();
  absl::StatusOr<std::unique_ptr<FileLock>> LockAll(const Context& context);
  absl::StatusOr<std::vector<CacheName>> FindOnDisk(const std::string& key);
  absl::StatusOr<Contents> ListAll();
  absl::Status AddFolder(const std::string& folder, Contents& contents);
  absl::Status AddParts(Contents& contents);
  void ForgetUnlisted(const Contents& contents);
  void CountHeld(const Contents& contents);
  void RemoveLeftovers();
  absl::Status RemoveParts(const std::string& key);
  absl::StatusOr<std::optional<uint64_t>> TakeTotal();
  void PutTotal(uint64_t bytes);
  absl::StatusOr<Contents> MakeRoom(uint64_t allowed_bytes);
  absl::Status PreallocateOrEvict(CachePart& part, uint64_t size_bytes);
  uint64_t Evict(Contents& contents, uint64_t wanted_bytes, uint64_t spare_bytes);
  bool EvictOne(const CacheName& name);
  bool IsOpen(const CacheName& name);
  absl::StatusOr<std::shared_ptr<CacheFile>> OpenOnDisk(const std::string& key, bool* has_many);
  void Know(const std::shared_ptr<CacheFile>& file, bool is_verified);
  void Use(const CacheFile& file);
  absl::Status LinkInPlace(const CachePart& part, const CacheName& name);
  absl::Status RemoveKept(const std::string& key, const std::string& but = "");
  std::shared_ptr<CacheFile> FindKnown(const std::string& key, bool* is_barred);

  const std::shared_ptr<FileSystem> files_;
  const uint64_t budget_bytes_;
  const Clock& clock_;
  const std::shared_ptr<CacheCounters> counters_;
  base::Gate room_;    // held while room is made, before `lock` is asked for
  base::Gate names_;   // held while an object gets its name, is opened or removed
  base::Mutex mutex_;  // a leaf
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);  // by file name
  std::set<std::string> barred_ ABSL_GUARDED_BY(mutex_);        // keys whose removal has failed
  uint64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_CACHE_DIRECTORY_H_
