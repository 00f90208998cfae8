#include "journal/probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/status/status.h"
#include "common/clocks.h"

namespace vecdb::bench {
namespace {

absl::StatusOr<double> TimeWrites(int file, const std::string& path, uint64_t bytes, int count,
                                  bool preallocate) {
  const auto total = static_cast<off_t>(bytes * static_cast<uint64_t>(count));
  if (preallocate && (fallocate(file, 0, 0, total) != 0 || fsync(file) != 0)) {
    return absl::ErrnoToStatus(errno, path);
  }
  const std::vector<char> block(bytes, 'x');
  const double start = WallSeconds();
  for (int i = 0; i < count; ++i) {
    const auto offset = static_cast<off_t>(bytes * static_cast<uint64_t>(i));
    if (pwrite(file, block.data(), bytes, offset) != static_cast<ssize_t>(bytes) ||
        fdatasync(file) != 0) {
      return absl::ErrnoToStatus(errno, path);
    }
  }
  return WallSeconds() - start;
}

}  // namespace

absl::StatusOr<double> TimeSyncedWrites(const std::string& path, uint64_t bytes, int count,
                                        bool preallocate) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  auto seconds = TimeWrites(file, path, bytes, count, preallocate);
  close(file);
  return seconds;
}

}  // namespace vecdb::bench
