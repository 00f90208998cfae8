#ifndef VECDB_JOURNAL_LOG_COUNTS_H_
#define VECDB_JOURNAL_LOG_COUNTS_H_

#include <atomic>
#include <cstdint>

#include "base/latency_histogram.h"

namespace vecdb::journal {

/// What a log counts. Thread-safe.
struct LogCounts {
  std::atomic<uint64_t> bytes_written = 0;  ///< of records; a figure
  /// How long it takes to write what waits and to make it durable: one group commit.
  base::LatencyHistogram syncs{};
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_COUNTS_H_
