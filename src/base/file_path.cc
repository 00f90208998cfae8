#include "base/file_path.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "base/str_format.h"

namespace vecdb::base {
namespace {

absl::Status Refuse(std::string_view path, std::string_view rule) {
  return absl::InvalidArgumentError(
      base::StrFormat("file path '%s' %s", absl::CHexEscape({path.data(), path.size()}), rule));
}

}  // namespace

absl::Status CheckFilePath(std::string_view path) {
  if (path.empty()) return absl::OkStatus();
  if (path.find('\0') != std::string_view::npos) return Refuse(path, "has a NUL byte");
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    if (name.empty()) return Refuse(path, "has an empty name");
    if (name == "." || name == "..") return Refuse(path, "has a name of dots");
    start = end + 1;
  }
  return absl::OkStatus();
}

absl::Status CheckFileName(std::string_view path) {
  if (path.empty()) return Refuse(path, "is the root");
  return CheckFilePath(path);
}

std::string_view ParentPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty()) path += '/';
  path += name;
  return path;
}

absl::Status MissingFile(std::string_view path) {
  return absl::NotFoundError(base::StrFormat("'%s' does not exist", path));
}

absl::Status TakenName(std::string_view path) {
  return absl::AlreadyExistsError(base::StrFormat("'%s' exists already", path));
}

absl::Status NotADirectory(std::string_view path) {
  return absl::FailedPreconditionError(
      base::StrFormat("'%s' has a file where a directory belongs", path));
}

absl::Status NotAFile(std::string_view path) {
  return absl::FailedPreconditionError(base::StrFormat("'%s' is not a regular file", path));
}

absl::Status NotEmpty(std::string_view path) {
  return absl::FailedPreconditionError(base::StrFormat("directory '%s' is not empty", path));
}

}  // namespace vecdb::base
