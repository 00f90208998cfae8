#include "common/temp_dir.h"

#include <stdlib.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/status/status.h"

namespace vecdb::bench {

absl::StatusOr<TempDir> TempDir::Make(const std::string& parent) {
  std::error_code error;
  const std::filesystem::path place =
      parent.empty() ? std::filesystem::temp_directory_path(error) : std::filesystem::path(parent);
  std::string name = (place / "vecdb-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return absl::ErrnoToStatus(errno, name);
  return TempDir(std::filesystem::path(name));
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace vecdb::bench
