#ifndef VECDB_INDEX_IVF_BUILDER_H_
#define VECDB_INDEX_IVF_BUILDER_H_

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "index/ivf_lists.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// The lists that `nlist` becomes for so many rows: 39 rows a list on average, at least one list.
uint32_t EffectiveNlist(int32_t nlist, uint32_t num_rows);

/// The memory that learning the centroids of `nlist` lists, and then the codec, takes at most.
uint64_t IvfTrainingBytes(uint64_t num_rows, int32_t dim, const IndexSpec& spec, uint64_t nlist,
                          uint64_t num_strands);

/// Deals the rows of the view out to lists, as `spec`, valid and of an IVF type, asks for: learns
/// centroids and codec from samples, then passes over the rows. Beside the result it holds samples
/// and 8 bytes a row, never a copy of the rows. Parameters that the rows do not suffice for become
/// smaller; host.log is told. The same bytes for any number of threads of host.executor.
/// ResourceExhausted, Cancelled, DeadlineExceeded. `rows_done`, which may be null, rises to the
/// number of rows as these are coded.
absl::StatusOr<IvfLists> BuildIvf(const VectorView& view, const IndexSpec& spec, const Host& host,
                                  const Context& context,
                                  std::atomic<uint64_t>* rows_done = nullptr);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_IVF_BUILDER_H_
