#ifndef VECDB_BENCHMARKS_BUCKET_TRANSFER_BENCH_H_
#define VECDB_BENCHMARKS_BUCKET_TRANSFER_BENCH_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "bucket/bucket.h"

namespace vecdb::bench {

struct TransferOptions {
  int num_runs = 3;
  int num_objects = 16;
  uint64_t object_bytes = uint64_t{64} << 20;
  std::vector<int> parallel{};  ///< processes of curl, threads of the library
};

/// Medians of the runs, in bytes a second.
struct TransferRates {
  int parallel = 0;
  double curl_up = 0;
  double curl_down = 0;  ///< objects one by one, whole
  double library_up = 0;
  double library_down = 0;
};

/// Sends and reads the objects by curl and by the library, in turn, once with each number of
/// processes or threads. The library sends from memory and reads into it, curl from a file and to
/// /dev/null.
absl::StatusOr<std::vector<TransferRates>> MeasureTransfers(const Bucket& bucket,
                                                            const TransferOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_BUCKET_TRANSFER_BENCH_H_
