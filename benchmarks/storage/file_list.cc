#include "storage/file_list.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <system_error>

namespace vecdb::bench {

absl::StatusOr<std::vector<FileMark>> ListFiles(const std::filesystem::path& directory) {
  std::vector<FileMark> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    struct stat info {};
    if (lstat(entry->path().c_str(), &info) != 0) {
      return absl::ErrnoToStatus(errno, entry->path().string());
    }
    if (!S_ISREG(info.st_mode)) continue;
    files.push_back({.path = entry->path().lexically_relative(directory).string(),
                     .size_bytes = static_cast<uint64_t>(info.st_size),
                     .inode = info.st_ino,
                     .changed_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
  }
  if (error) return absl::UnknownError(directory.string() + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<FileMark> WithEnding(const std::vector<FileMark>& files, const std::string& ending) {
  std::vector<FileMark> result;
  std::copy_if(files.begin(), files.end(), std::back_inserter(result),
               [&](const FileMark& file) { return file.path.ends_with(ending); });
  return result;
}

uint64_t CountChanged(const std::vector<FileMark>& before, const std::vector<FileMark>& after) {
  std::vector<FileMark> different;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(different));
  std::set<std::string> paths;
  for (const FileMark& file : different) paths.insert(file.path);
  return paths.size();
}

absl::Status DropFromPageCache(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, path.string());
  const int error = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
  return error == 0 ? absl::OkStatus() : absl::ErrnoToStatus(error, path.string());
}

}  // namespace vecdb::bench
