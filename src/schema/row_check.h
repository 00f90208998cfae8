#ifndef VECDB_SCHEMA_ROW_CHECK_H_
#define VECDB_SCHEMA_ROW_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// Most bytes of values that one batch from a caller may hold.
inline constexpr uint64_t kMaxBatchBytes = 64ULL << 20;

struct RowCheckOptions {
  uint64_t max_bytes = kMaxBatchBytes;
  /// False for rows from a caller, whose `auto_id` key must be absent; true once it has been made.
  bool auto_keys_made = false;
};

/// Bytes of the values of a batch: numbers, strings and vectors, without any overhead.
uint64_t PayloadBytes(const RowBatch& batch);

/// Checks all that rows must fulfil before they enter a collection or segment of `schema`, but for
/// their keys being unique. InvalidArgument, naming row, field, value and limit:
///   - an error of a setter, a batch made for another schema, no rows, over `max_bytes`;
///   - a column that is missing, or there although its key is made by the library; `$meta` may be
///   absent,
///     which stands for "{}" in every row;
///   - columns of different lengths;
///   - values out of the limits of their field: a bool other than 0 and 1, NaN or Inf in any float,
///     VarChar too long or not UTF-8, Json too long, invalid or too deep, keys in `$meta` that are
///     names of fields.
absl::Status ValidateRows(const Schema& schema, const RowBatch& batch,
                          const RowCheckOptions& options = {});

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_ROW_CHECK_H_
