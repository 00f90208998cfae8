#ifndef VECDB_BENCHMARKS_JOURNAL_PROBE_H_
#define VECDB_BENCHMARKS_JOURNAL_PROBE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace vecdb::bench {

/// Seconds that `count` writes of `bytes` each take, each followed by fdatasync, into a new file;
/// with `preallocate` room for all was made, and synced, before.
absl::StatusOr<double> TimeSyncedWrites(const std::string& path, uint64_t bytes, int count,
                                        bool preallocate);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_JOURNAL_PROBE_H_
