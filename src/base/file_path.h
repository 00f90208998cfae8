#ifndef VECDB_BASE_FILE_PATH_H_
#define VECDB_BASE_FILE_PATH_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb::base {

/// OK when `path` is "" or names joined by '/', none of them empty, "." or "..", with no NUL byte:
/// what a FileSystem takes. InvalidArgument otherwise.
absl::Status CheckFilePath(std::string_view path);

/// The same, and not "" either.
absl::Status CheckFileName(std::string_view path);

/// All but the last name: "a/b" of "a/b/c", "" of "a".
std::string_view ParentPath(std::string_view path);

/// The last name: "c" of "a/b/c".
std::string_view BaseName(std::string_view path);

/// `directory` and `name` joined by '/'; `name` alone when `directory` is "".
std::string JoinPath(std::string_view directory, std::string_view name);

/// The errors of FileSystem for names, as file systems that are not of the operating system give
/// them: NotFound, AlreadyExists, and FailedPrecondition for what is of another kind or not empty.
absl::Status MissingFile(std::string_view path);
absl::Status TakenName(std::string_view path);
absl::Status NotADirectory(std::string_view path);
absl::Status NotAFile(std::string_view path);
absl::Status NotEmpty(std::string_view path);

}  // namespace vecdb::base

#endif  // VECDB_BASE_FILE_PATH_H_
