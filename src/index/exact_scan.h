#ifndef VECDB_INDEX_EXACT_SCAN_H_
#define VECDB_INDEX_EXACT_SCAN_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/row_mask.h"
#include "index/top_rows.h"
#include "index/vector_view.h"
#include "vecdb/context.h"

namespace vecdb::index {

/// Offers every row that `mask` contains to `top`. Row i of the view counts as row `first_row` + i:
/// for the mask, for the order, in the result; so a growing segment scans its chunks one after
/// another. Adds the number of rows compared to `num_scanned`. Cancelled, DeadlineExceeded.
absl::Status ScanRows(const VectorView& view, Metric metric, const float* query,
                      const base::RowMask& mask, uint32_t first_row, const Context& context,
                      TopRows* top, uint64_t* num_scanned = nullptr);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_EXACT_SCAN_H_
