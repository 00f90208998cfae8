#include "base/errno_status.h"

#include <cerrno>
#include <cstring>

#include "base/str_format.h"

namespace vecdb::base {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EMLINK:
      return absl::StatusCode::kResourceExhausted;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:  // a symbolic link on the way
    case EXDEV:  // a path that leaves the root, or a link to another file system
      return absl::StatusCode::kFailedPrecondition;
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnknown;
  }
}

// strerror_r comes in two forms; which one, the system's headers decide.
[[maybe_unused]] const char* TextOf(const char* text, const char*) { return text; }
[[maybe_unused]] const char* TextOf(int failed, const char* buffer) {
  return failed == 0 ? buffer : "unknown error";
}

}  // namespace

absl::Status ErrnoStatus(int error, std::string_view operation, std::string_view path) {
  char buffer[128] = "";
  const char* text = TextOf(::strerror_r(error, buffer, sizeof(buffer)), buffer);
  return absl::Status(CodeOf(error), base::StrFormat("cannot %s '%s': %s", operation, path, text));
}

}  // namespace vecdb::base
