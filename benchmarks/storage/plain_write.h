#ifndef VECDB_BENCHMARKS_STORAGE_PLAIN_WRITE_H_
#define VECDB_BENCHMARKS_STORAGE_PLAIN_WRITE_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/status.h"

namespace vecdb::bench {

/// Writes a new file by 1 MiB, one part after another, and syncs it: what `dd bs=1M conv=fsync`
/// does.
absl::Status WriteAndSync(const std::string& path,
                          std::span<const std::span<const std::byte>> parts);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_PLAIN_WRITE_H_
