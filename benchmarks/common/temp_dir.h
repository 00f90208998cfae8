#ifndef VECDB_BENCHMARKS_COMMON_TEMP_DIR_H_
#define VECDB_BENCHMARKS_COMMON_TEMP_DIR_H_

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace vecdb::bench {

/// A fresh directory that is removed, with all in it, on destruction. Movable.
class TempDir {
 public:
  /// Makes one below `parent`, or below the system's place for temporary files when that is "".
  static absl::StatusOr<TempDir> Make(const std::string& parent);

  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_TEMP_DIR_H_
