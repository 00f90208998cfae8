#ifndef VECDB_INDEX_INDEX_ESTIMATE_H_
#define VECDB_INDEX_INDEX_ESTIMATE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/index.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// What an index holds that is not in its file: centroids and code words in panels.
uint64_t BytesBesideFile(uint64_t num_rows, int32_t dim, const IndexSpec& spec);

/// The copies of rows in an index of `spec` that candidates are refined by.
uint64_t CopiesBytes(uint64_t num_rows, int32_t dim, const IndexSpec& spec);

/// What of a file of `file_bytes` comes into memory with an index of `spec`: all, but for DISKANN.
uint64_t LoadedFileBytes(uint64_t file_bytes, uint64_t num_rows, int32_t dim,
                         const IndexSpec& spec);

/// What an index of `spec`, which is valid for `dim`, over so many rows will take. The sizes of
/// codes are those of codecs that are trained on a few made-up rows, so that none is written down
/// twice. `num_strands` threads build it.
absl::StatusOr<IndexEstimate> Estimate(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                       uint64_t num_strands, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_INDEX_ESTIMATE_H_
