#ifndef VECDB_ENGINE_DESCRIBE_H_
#define VECDB_ENGINE_DESCRIBE_H_

#include "query/segment_view.h"
#include "vecdb/collection.h"

namespace vecdb::engine {

/// What a user may know of a segment.
SegmentDescription DescribeSegment(const query::SegmentView& segment);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_DESCRIBE_H_
