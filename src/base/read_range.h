#ifndef VECDB_BASE_READ_RANGE_H_
#define VECDB_BASE_READ_RANGE_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "base/str_format.h"

namespace vecdb::base {

/// OK when `count` bytes from `offset` on lie inside `size_bytes`, otherwise OutOfRange naming
/// `name`.
inline absl::Status CheckReadRange(std::string_view name, uint64_t size_bytes, uint64_t offset,
                                   uint64_t count) {
  if (offset <= size_bytes && count <= size_bytes - offset) return absl::OkStatus();
  return absl::OutOfRangeError(
      base::StrFormat("cannot read %d bytes at offset %d of '%s', which has %d bytes", count,
                      offset, name, size_bytes));
}

}  // namespace vecdb::base

#endif  // VECDB_BASE_READ_RANGE_H_
