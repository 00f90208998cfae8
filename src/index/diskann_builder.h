#ifndef VECDB_INDEX_DISKANN_BUILDER_H_
#define VECDB_INDEX_DISKANN_BUILDER_H_

#include <atomic>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "index/diskann_file.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// What BuildDiskann takes beside the rows to build the graph whole, without what it can do with
/// less of: a sample to learn codes from.
uint64_t DiskannBuildBytes(uint64_t num_rows, const IndexSpec& spec, int32_t dim,
                           uint64_t num_strands);

/// An index whose rows, but for some that have gone, are among those of one that is to be built.
/// Borrows both.
struct DiskannSource {
  const DiskannParts* parts = nullptr;
  std::span<const uint32_t> rows{};  ///< as IndexSource::rows
};

/// Builds a DISKANN index of `spec` over rows in memory. Its pages are made from these when they
/// are read. With `scratch`, which may be null, it is built part by part where the memory budget
/// has too little room for the graph. The graph of `source`, an index of the same spec, is read and
/// continued where that is worthwhile, memory has room for both and nothing of it is damaged. As
/// BuildVectorIndex.
absl::StatusOr<DiskannParts> BuildDiskann(const VectorView& view, const IndexSpec& spec,
                                          const BuildScratch* scratch, const Host& host,
                                          const Context& context, std::atomic<uint64_t>* rows_done,
                                          const DiskannSource& source = {});

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_BUILDER_H_
