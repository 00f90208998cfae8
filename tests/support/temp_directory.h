#ifndef VECDB_SUPPORT_TEMP_DIRECTORY_H_
#define VECDB_SUPPORT_TEMP_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace vecdb::support {

/// A new, empty directory, removed with all that is in it at the end.
class TempDirectory {
 public:
  /// Below `parent`, which ends with a slash.
  explicit TempDirectory(const std::string& parent = ::testing::TempDir())
      : path_(parent + "vecdb.XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "cannot make " << path_;
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_TEMP_DIRECTORY_H_
