#ifndef VECDB_LIMITS_PROCESS_LIMITS_H_
#define VECDB_LIMITS_PROCESS_LIMITS_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

namespace vecdb::support {

/// How many files this process has open, the one that looks included.
inline size_t NumOpenFiles() {
  std::error_code ignored;
  const std::filesystem::directory_iterator files("/proc/self/fd", ignored);
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

/// Where to make directories that lie in memory, where the system has such: the syncs of a disk
/// would take most of the time.
inline std::string ParentInMemory() {
  return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : ::testing::TempDir();
}

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_PROCESS_LIMITS_H_
