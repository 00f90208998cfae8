#ifndef VECDB_SUPPORT_POWER_CUT_DISK_H_
#define VECDB_SUPPORT_POWER_CUT_DISK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vecdb::support {

/// What PowerCutFileSystem keeps: files and directories, each with what a reader sees, what is
/// durable, and the pending changes between the two. Thread-compatible: the file system's mutex
/// guards all of it.

using DiskBytes = std::vector<std::byte>;

struct DiskFile {
  struct Change {
    uint64_t offset = 0;
    uint64_t end = 0;
    DiskBytes bytes{};  // from offset to end; empty: the file grew to `end`, by zeros
  };

  void Write(uint64_t offset, std::span<const std::byte> added, int64_t now_ms);
  /// Nothing when the file has that many bytes.
  void Grow(uint64_t end, int64_t now_ms);
  void Sync();

  DiskBytes bytes{};
  DiskBytes durable{};
  std::vector<Change> pending{};
  int64_t modified_ms = 0;
  bool locked = false;
};

struct DiskDirectory;

/// One of the two is set.
struct DiskEntry {
  std::shared_ptr<DiskFile> file{};
  std::shared_ptr<DiskDirectory> directory{};
};

using DiskNames = std::map<std::string, DiskEntry>;

struct DiskDirectory {
  struct Change {
    std::string name{};
    std::optional<DiskEntry> entry{};  // nothing: the name was removed
  };

  void Set(const std::string& name, DiskEntry entry);
  void Remove(const std::string& name);
  void Sync();

  DiskNames names{};
  DiskNames durable{};
  std::vector<Change> pending{};
};

/// What a disk holds. `recent_files` are the newest of those ever made, unlinked ones too: theirs
/// are the stale blocks that a new file may show.
struct Disk {
  void Remember(std::shared_ptr<DiskFile> file);

  std::shared_ptr<DiskDirectory> root = std::make_shared<DiskDirectory>();
  std::vector<std::shared_ptr<DiskFile>> recent_files{};
};

enum class CutRule { kDropAll, kKeepAll, kSeeded };

/// What is on `disk` after a power cut, all of it durable. `seed` is for kSeeded.
Disk ImageOf(const Disk& disk, CutRule rule, uint64_t seed);

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_POWER_CUT_DISK_H_
