#ifndef VECDB_BENCHMARKS_COMMON_COLLECTION_H_
#define VECDB_BENCHMARKS_COMMON_COLLECTION_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "data/matrix.h"
#include "vecdb/collection.h"
#include "vecdb/database.h"
#include "vecdb/index_spec.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::bench {

/// The collection that benchmarks fill: `id` (Int64, the number of the row) and `embedding`.
inline constexpr std::string_view kCollectionName = "bench";
inline constexpr std::string_view kKeyField = "id";
inline constexpr std::string_view kVectorField = "embedding";

Schema BenchmarkSchema(size_t dim);

/// One shard, and room for all of `rows` in one segment, which only Flush seals.
CollectionOptions OneSegmentOptions(const Matrix& rows);

/// A batch of the `count` vectors of `rows` from `first_vector` on, which it borrows, with the keys
/// from `first_key` on.
RowBatch BatchOf(const Matrix& rows, size_t first_vector, int64_t first_key, size_t count);

/// Inserts all rows, in batches that fit the limit of a batch, and leaves them unflushed.
absl::Status InsertRows(Collection& collection, const Matrix& rows);

/// Makes the collection kCollectionName of all rows in one flushed segment with its index built, in
/// a database that is opened for it and closed again.
absl::Status WriteCollection(const DatabaseOptions& options, const Matrix& rows,
                             const IndexSpec& spec, LoadPolicy load = LoadPolicy::kManual);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_COLLECTION_H_
