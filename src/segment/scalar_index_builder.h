#ifndef VECDB_SEGMENT_SCALAR_INDEX_BUILDER_H_
#define VECDB_SEGMENT_SCALAR_INDEX_BUILDER_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "segment/scalar_index.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"
#include "vecdb/row_batch.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

/// Sorts the rows of a scalar column, which is no Json, by their values, on the executor of `host`.
/// The same bytes for any number of threads. Takes 32 bytes a row besides what it returns.
/// ResourceExhausted, Cancelled, DeadlineExceeded.
absl::StatusOr<ScalarIndexData> MakeScalarIndex(const Column& column, const Host& host,
                                                const Context& context);

/// Builds an index like `spec` over a scalar field of a segment and writes it beside the rows.
absl::StatusOr<SegmentIndexInfo> BuildScalarIndex(const SealedSegment& segment, size_t column,
                                                  const IndexSpec& spec, const Context& context);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SCALAR_INDEX_BUILDER_H_
