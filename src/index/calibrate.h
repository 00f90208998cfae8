#ifndef VECDB_INDEX_CALIBRATE_H_
#define VECDB_INDEX_CALIBRATE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "index/vector_index.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/segment.h"

namespace vecdb::index {

/// Measures what share of the true nearest rows searches of `index` find at rising efforts, ef or
/// nprobe: a sample of the rows in `view`, which lie in memory, are the queries, each as if it were
/// no row. For the nearest 10 and 100, as schema::CheckCalibration wants it. Nothing for FLAT and
/// for few rows.
///
/// The same for the same index, whatever the number of threads. Cancelled, DeadlineExceeded,
/// ResourceExhausted.
absl::StatusOr<std::vector<RecallPoint>> CalibrateRecall(const VectorView& view,
                                                         const VectorIndex& index, const Host& host,
                                                         const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_CALIBRATE_H_
