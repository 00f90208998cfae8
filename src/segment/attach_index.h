#ifndef VECDB_SEGMENT_ATTACH_INDEX_H_
#define VECDB_SEGMENT_ATTACH_INDEX_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/vector_view.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"
#include "vecdb/index.h"
#include "vecdb/schema.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

/// InvalidArgument unless an index of the kind and dim of `index` may be one of `field`.
absl::Status CheckIndexFits(const FieldSpec& field, const Index& index);

/// InvalidArgument, naming counts or row, unless `index` is about these vectors: as many, in this
/// order, and the same in every bit. Cancelled, DeadlineExceeded.
absl::Status CheckSameRows(const Index& index, const index::VectorView& vectors,
                           const Context& context);

/// Writes `index`, which both checks have passed, beside the vectors of a segment.
absl::StatusOr<SegmentIndexInfo> AttachIndex(const SealedSegment& segment, size_t column,
                                             const Index& index, const Context& context);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_ATTACH_INDEX_H_
