#ifndef VECDB_INDEX_DISKANN_TRAFFIC_H_
#define VECDB_INDEX_DISKANN_TRAFFIC_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "index/diskann_file.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// The pages of an index that was built, those first that searches for a sample of the rows read
/// most often, then by number; the last one last. For as many of them as a cache keeps, they are
/// what it should keep. The same for any number of threads. Cancelled, DeadlineExceeded,
/// ResourceExhausted; what the links return that are not in memory.
absl::StatusOr<std::vector<uint32_t>> PagesByTraffic(const VectorView& view, const IndexSpec& spec,
                                                     DiskannParts* parts, const Host& host,
                                                     const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_TRAFFIC_H_
