#ifndef VECDB_SEGMENT_PICK_ROWS_H_
#define VECDB_SEGMENT_PICK_ROWS_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "segment/column_blocks.h"
#include "vecdb/context.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::segment {

/// The values of some rows, in their order, of a scalar column that is in memory.
Column PickRows(const Column& column, std::span<const uint32_t> rows);

/// The same of a column in blocks: those with none of the rows are not read.
absl::StatusOr<Column> PickRows(ColumnBlocks& blocks, int32_t field_id, DataType type,
                                std::span<const uint32_t> rows, const Context& context);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_PICK_ROWS_H_
