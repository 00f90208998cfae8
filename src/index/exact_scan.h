#ifndef VECDB_INDEX_EXACT_SCAN_H_
#define VECDB_INDEX_EXACT_SCAN_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/row_mask.h"
#include "codec/codec.h"
#include "index/answer_distance.h"
#include "index/reservoir.h"
#include "index/row_codes.h"
#include "index/rows_by_bound.h"
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

/// The same by an AnswerDistance whose query is set, for rows of `dim` floats; the mask is about
/// its rows.
absl::Status ScanAnswers(AnswerDistance* distance, int32_t dim, const base::RowMask& mask,
                         const Context& context, TopRows* top, uint64_t* num_scanned);

/// The same by codes, with a distance whose query is set.
absl::Status ScanCodes(const RowCodes& codes, const codec::CodeDistance& distance,
                       const base::RowMask& mask, const Context& context, Reservoir* nearest,
                       uint64_t* num_scanned);
absl::Status ScanCodes(const RowCodes& codes, const codec::CodeDistance& distance,
                       const base::RowMask& mask, const Context& context, RowsByBound* rows,
                       uint64_t* num_scanned);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_EXACT_SCAN_H_
