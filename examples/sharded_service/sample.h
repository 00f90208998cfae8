#ifndef SHARDED_SERVICE_SAMPLE_H_
#define SHARDED_SERVICE_SAMPLE_H_

#include <vecdb/vecdb.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

namespace sharded_service {

/// A collection "points" to try the service with: points at random, the same ones each time.
inline constexpr int32_t kSampleDim = 8;
inline constexpr char kSampleName[] = "points";

vecdb::Schema SampleSchema();

/// Rows of the keys `begin` to `end - 1`: a color, a number, and a place.
vecdb::RowBatch SampleRows(int64_t begin, int64_t end);

/// Makes the collection with this many shards, rows and an index, and writes all of it to the
/// store. Errors of vecdb.
absl::StatusOr<std::unique_ptr<vecdb::Collection>> CreateSample(vecdb::Database& database,
                                                                int32_t num_shards,
                                                                int64_t num_rows);

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_SAMPLE_H_
