#include "storage/plain_write.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

constexpr size_t kBlockBytes = 1 << 20;

absl::Status WriteAll(int file, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), std::min(bytes.size(), kBlockBytes));
    if (written < 0) return absl::ErrnoToStatus(errno, path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status WriteParts(int file, std::span<const std::span<const std::byte>> parts,
                        const std::string& path) {
  for (const auto part : parts) VECDB_RETURN_IF_ERROR(WriteAll(file, part, path));
  return fsync(file) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, path);
}

}  // namespace

absl::Status WriteAndSync(const std::string& path,
                          std::span<const std::span<const std::byte>> parts) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  const absl::Status status = WriteParts(file, parts, path);
  close(file);
  return status;
}

}  // namespace vecdb::bench
