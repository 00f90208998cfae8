#ifndef VECDB_OBJECT_STORE_H_
#define VECDB_OBJECT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/clock.h"
#include "vecdb/context.h"
#include "vecdb/file_system.h"

namespace vecdb {

/// The checked name of an object: 1 to 8 segments joined by '/', each 1 to 128 bytes of
/// `[A-Za-z0-9._=-]` and none beginning with a dot; 512 bytes in all. Nothing else can name an
/// object, so no name from a file, a user or a network can leave the root of a store. A value;
/// immutable.
class ObjectPath {
 public:
  /// InvalidArgument, naming the segment and the rule, when `text` is not such a name.
  static absl::StatusOr<ObjectPath> Parse(std::string_view text);

  /// This path with one or more segments appended; InvalidArgument as for Parse.
  absl::StatusOr<ObjectPath> Join(std::string_view suffix) const;

  const std::string& str() const { return text_; }

  friend bool operator==(const ObjectPath&, const ObjectPath&) = default;
  friend auto operator<=>(const ObjectPath&, const ObjectPath&) = default;

 private:
  explicit ObjectPath(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

/// Reads one object. The object does not change while it is open. Thread-safe.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;

  virtual uint64_t size() const = 0;

  /// Fills `out` with the bytes from `offset` on. OutOfRange when they reach past the end; DataLoss
  /// when the object has become shorter since it was opened; Unavailable when a later try may
  /// succeed.
  virtual absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                              const Context& context = {}) const = 0;

  /// How many bytes a read of much should ask for at a time, where each costs a round trip: what
  /// the store fetches side by side. 0, the default: any number will do.
  virtual uint64_t preferred_read_bytes() const { return 0; }

  /// Shows the whole object in memory; see MappedBytes for what that asks of it. Unimplemented, the
  /// default, where the store has no such thing: it is to be read then. DataLoss when the object
  /// has become shorter; ResourceExhausted.
  virtual absl::StatusOr<std::unique_ptr<MappedBytes>> Map() const {
    return absl::UnimplementedError("objects of this store cannot be mapped");
  }

  /// The descriptor of a local file that is this object and nothing else, for reads that nobody
  /// waits for; -1, the default, where there is none: ReadAt is called then, from several threads.
  /// It stays open for as long as this does.
  virtual int descriptor() const { return -1; }
};

/// Writes one new object. Nothing is visible before Finish, and a writer that is destroyed without
/// it leaves nothing behind. For one thread at a time.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;

  /// Adds bytes at the end. After an error the writer can only be destroyed.
  virtual absl::Status Append(std::span<const std::byte> bytes, const Context& context = {}) = 0;

  /// Makes the object visible and durable, whole. AlreadyExists, with the object that is there
  /// unchanged, when the name is taken: of several writers to one name exactly one gets OK. Unknown
  /// when it cannot be told whether the object is there: read it back, and when it is there it is
  /// durable. DataLoss when it may be there and may go again: nothing may rest on it.
  virtual absl::Status Finish(const Context& context = {}) = 0;
};

/// Held while a writer owns a store; destroying it gives the store up.
class StoreLock {
 public:
  virtual ~StoreLock() = default;
};

struct ObjectInfo {
  ObjectPath path;
  uint64_t size_bytes = 0;
  int64_t modified_ms = 0;  ///< when it was made, in ms since 1970-01-01 UTC by the store's clock
};

/// Keeps immutable objects under names: a local directory, memory, or a host's own.
///
/// An object is created once, read any number of times and deleted; it is never changed. This is
/// all that the library asks of storage. A name that is also the beginning of other names ("a"
/// beside "a/b") may be refused with any error, which leaves those others as they are. Errors:
/// NotFound for a missing object, ResourceExhausted for a full disk or too few descriptors,
/// Unavailable when a later try may succeed, PermissionDenied, otherwise Unknown. Implementations
/// must be thread-safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Opens an object for reading. NotFound when it does not exist.
  virtual absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                             const Context& context = {}) = 0;

  /// Starts a new object. AlreadyExists may come here or from ObjectWriter::Finish.
  virtual absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                               const Context& context = {}) = 0;

  /// Removes an object. OK when it did not exist. Readers that have it open may go on.
  virtual absl::Status Delete(const ObjectPath& path, const Context& context = {}) = 0;

  /// Lists the objects below `prefix` ("a/b" lists "a/b/c" and "a/b/c/d", not "a/bc"), sorted by
  /// path. An unknown prefix gives an empty list.
  virtual absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                                       const Context& context = {}) = 0;

  /// The same without the objects up to and including the name `after`, which need not exist: what
  /// has come since a list of growing names was looked at last. The default lists all of them;
  /// stores that can begin in the middle do.
  virtual absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                            const ObjectPath& after,
                                                            const Context& context = {});

  /// Takes the store for one writer. FailedPrecondition when another writer, in this process or
  /// another, holds it. A store that has no such notion returns a lock that excludes nobody.
  virtual absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context = {}) = 0;
};

/// A store in the directory `root`, which is created when absent. Objects are files of the same
/// name, written beside their place, synced, linked to their name and the directory synced, so that
/// a power cut leaves each object whole or absent; one that was deleted may come back. What is
/// being written lies in
/// `.tmp`, the lock in `.lock`: neither can be the name of an object. Lock removes what a crash has
/// left in
/// `.tmp`; a process that does not hold the lock should not write. Symbolic links are not followed:
/// FailedPrecondition; the same when `root` exists and is not a directory.
absl::StatusOr<std::shared_ptr<ObjectStore>> OpenLocalObjectStore(const std::string& root);

/// The same over a file system of the host's.
absl::StatusOr<std::shared_ptr<ObjectStore>> OpenLocalObjectStore(
    std::shared_ptr<FileSystem> file_system);

/// A store in memory, for tests and for data that need not outlive the process. `clock`, which
/// dates the objects, must outlive it.
std::shared_ptr<ObjectStore> MakeMemoryObjectStore(const Clock& clock = SystemClock());

/// The part of `store` below `prefix` as a store of its own. Its lock is that of the whole store.
/// InvalidArgument when `prefix` is no ObjectPath; "" gives `store` itself.
absl::StatusOr<std::shared_ptr<ObjectStore>> WithPrefix(std::shared_ptr<ObjectStore> store,
                                                        std::string_view prefix);

/// Writes a whole object in one call: Create, Append, Finish.
absl::Status PutObject(ObjectStore& store, const ObjectPath& path, std::span<const std::byte> bytes,
                       const Context& context = {});
absl::Status PutObject(ObjectStore& store, const ObjectPath& path, std::string_view bytes,
                       const Context& context = {});

/// Reads a whole object of at most `max_bytes`; DataLoss, naming both sizes, when it is larger.
absl::StatusOr<std::string> GetObject(ObjectStore& store, const ObjectPath& path,
                                      uint64_t max_bytes, const Context& context = {});

}  // namespace vecdb

#endif  // VECDB_OBJECT_STORE_H_
