#ifndef VECDB_BASE_ERRNO_STATUS_H_
#define VECDB_BASE_ERRNO_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

namespace vecdb::base {

/// The status for errno value `error` of a system call: the one place that maps them, to the codes
/// that FileSystem promises. `operation` and `path` go into the message: "cannot sync '/data/x':
/// ...".
absl::Status ErrnoStatus(int error, std::string_view operation, std::string_view path);

}  // namespace vecdb::base

#endif  // VECDB_BASE_ERRNO_STATUS_H_
