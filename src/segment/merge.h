#ifndef VECDB_SEGMENT_MERGE_H_
#define VECDB_SEGMENT_MERGE_H_

#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "segment/sealed_segment.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

/// Writes the rows of `segments` (one at least, of one schema) that were never deleted as one
/// segment below `folder`: oldest segment first, times kept, with the indexes that all of them have
/// in common. FailedPrecondition when no row is left.
absl::StatusOr<SegmentInfo> Merge(std::span<const std::shared_ptr<SealedSegment>> segments,
                                  std::shared_ptr<ObjectStore> store, const ObjectPath& folder,
                                  const Host& host, const Context& context);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_MERGE_H_
