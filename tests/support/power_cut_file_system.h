#ifndef VECDB_SUPPORT_POWER_CUT_FILE_SYSTEM_H_
#define VECDB_SUPPORT_POWER_CUT_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vecdb/file_system.h"

namespace vecdb::support {

/// A file system in memory whose power can be cut: a journalling disk at its legal worst.
///
/// What a file holds is durable after Sync, which says nothing of its names. A name, or its
/// absence, is durable after SyncDirectory of its directory, which says nothing of the name of that
/// directory in the one above. All else is pending, and a cut decides on each pending change by
/// itself, whatever their order:
///
/// - A write is kept, dropped, torn (a prefix of it, or any of its 512-byte sectors) or trashed
///   (some of its sectors hold noise, or what another file or sector once held). No other byte of
///   the file changes. Where a write beyond the durable end is lost there are zeros, or the file is
///   shorter.
/// - Growth by Preallocate is kept, dropped or cut short.
/// - A new name is kept or dropped, with all that is below it when it is a directory; a removal of
///   a name is kept, or dropped, which brings back what it named.
///
/// A scenario stopped at each of its steps:
///
///     for (int n = 1; !finished; ++n) {
///       const auto files = std::make_shared<PowerCutFileSystem>();
///       files->StopAfter(n);
///       RunScenario(files);  // and destroy whatever used it
///       finished = !files->is_off();
///       CheckRecovery(files->Cut(seed));
///     }
///
/// Thread-safe. Files that are open may outlive it.
class PowerCutFileSystem : public FileSystem {
 public:
  /// `clock`, which dates the files, must outlive it, its images and its files.
  explicit PowerCutFileSystem(const Clock& clock = SystemClock());

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> CreateFile(const std::string& path) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Unlink(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  std::string root() const override { return "power-cut"; }

  /// What is there after the power came back: all of it durable, nothing locked, the power on. It
  /// shares nothing with this file system, which goes on as before. One history and one seed give
  /// one image.
  std::shared_ptr<PowerCutFileSystem> Cut(uint64_t seed) const;
  /// The same with nothing that is pending, and with all of it: what a kill leaves.
  std::shared_ptr<PowerCutFileSystem> CutAll() const;
  std::shared_ptr<PowerCutFileSystem> KeepAll() const;

  /// Turns the power off at the `n`th mutating call from now on, 1 being the next and 0 none: that
  /// call, and every call after it, of the file system and of its files, changes nothing and is
  /// Unknown.
  void StopAfter(int n);
  bool is_off() const;

  /// Turns the power on again with what was pending still pending: what a process finds that is
  /// started after another was killed, and may lose to a cut later. The files that the other had
  /// open must be gone.
  void Restart();

  /// How many calls of Append, Preallocate, Sync, CreateFile, Link, Unlink, CreateDirectories,
  /// RemoveDirectory and SyncDirectory were made with the power on, failed ones too. (Lock is none
  /// of them, though it may make a file.)
  int mutating_calls() const;

 private:
  struct State;
  class ReadHandle;
  class AppendHandle;
  class LockHandle;

  explicit PowerCutFileSystem(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;  // shared with the files
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_POWER_CUT_FILE_SYSTEM_H_
