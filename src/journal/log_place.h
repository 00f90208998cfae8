#ifndef VECDB_JOURNAL_LOG_PLACE_H_
#define VECDB_JOURNAL_LOG_PLACE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "vecdb/context.h"
#include "vecdb/file_system.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::journal {

struct LogFileInfo {
  uint64_t number = 0;
  uint64_t size_bytes = 0;
};

/// Where the files of one log lie: a directory, or a prefix of an object store. Thread-safe.
class LogPlace {
 public:
  virtual ~LogPlace() = default;

  /// The files, by number. Empty when the place does not exist.
  virtual absl::StatusOr<std::vector<LogFileInfo>> List(const Context& context) = 0;

  /// Those of them behind `number`.
  virtual absl::StatusOr<std::vector<LogFileInfo>> ListAfter(uint64_t number,
                                                             const Context& context) {
    auto files = List(context);
    if (files.ok()) std::erase_if(*files, [&](const auto& file) { return file.number <= number; });
    return files;
  }

  /// A whole file. NotFound when there is none of this number.
  virtual absl::StatusOr<base::LargeBuffer> Read(uint64_t number, const Host& host,
                                                 const Context& context) = 0;

  /// Makes a file that begins with `bytes`, durable under its name on return, so that a file which
  /// is there has a whole header. Returns what appends to it, or null when files of this place are
  /// whole from the first. Aborted when another writer has made a file of this number; Unknown when
  /// it cannot be told whether the file is there, or it may not last; any other error: it is not
  /// there.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> Create(uint64_t number,
                                                             std::span<const std::byte> bytes,
                                                             uint64_t preallocate_bytes) = 0;

  /// Removes a file. OK when it is not there. After a power cut it may be back.
  virtual absl::Status Remove(uint64_t number) = 0;

  /// True when files grow record by record; false when each is written at once.
  virtual bool grows() const = 0;

  /// For messages.
  virtual std::string NameOf(uint64_t number) const = 0;
};

/// The directory `directory` of `files`, which is made with the first file.
std::unique_ptr<LogPlace> MakeLocalLogPlace(std::shared_ptr<FileSystem> files,
                                            std::string directory);

/// The objects below `folder`.
std::unique_ptr<LogPlace> MakeObjectLogPlace(std::shared_ptr<ObjectStore> store, ObjectPath folder);

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_PLACE_H_
