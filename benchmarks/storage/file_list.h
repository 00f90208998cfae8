#ifndef VECDB_BENCHMARKS_STORAGE_FILE_LIST_H_
#define VECDB_BENCHMARKS_STORAGE_FILE_LIST_H_

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb::bench {

/// A file as the system knows it: another inode or time of change means that somebody wrote it.
struct FileMark {
  std::string path{};  ///< below the directory that was listed
  uint64_t size_bytes = 0;
  uint64_t inode = 0;
  int64_t changed_ns = 0;

  friend auto operator<=>(const FileMark&, const FileMark&) = default;
};

/// All files below a directory, sorted by path.
absl::StatusOr<std::vector<FileMark>> ListFiles(const std::filesystem::path& directory);

/// Those whose path ends in `ending`.
std::vector<FileMark> WithEnding(const std::vector<FileMark>& files, const std::string& ending);

/// Paths that are in one list only, or whose marks differ.
uint64_t CountChanged(const std::vector<FileMark>& before, const std::vector<FileMark>& after);

/// Asks the system to forget the contents of a file, so that the next read comes from the disk.
absl::Status DropFromPageCache(const std::filesystem::path& path);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_FILE_LIST_H_
