#ifndef VECDB_FAISS_IVF_EXCHANGE_H_
#define VECDB_FAISS_IVF_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include <faiss/IndexIVF.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "faiss/parts.h"
#include "index/index_state.h"
#include "index/ivf_lists.h"
#include "vecdb/context.h"
#include "vecdb/index_spec.h"

namespace vecdb::faiss {

/// Takes over an IVF index whose head was checked. `ids_are_rows` where an IndexIDMap is around it,
/// which asks for that. Fills `state`, whose view has count and dim already, and `ids`. The errors
/// of FromFaiss.
absl::Status IvfFromFaiss(const ::faiss::IndexIVF& ivf, bool ids_are_rows, const ImportCall& call,
                          index::IndexState* state, std::vector<int64_t>* ids);

/// Makes the IVF index of FAISS that has these lists, of an index of `spec`. Cancelled,
/// DeadlineExceeded.
absl::StatusOr<std::unique_ptr<::faiss::Index>> IvfToFaiss(const index::IvfLists& lists,
                                                           const IndexSpec& spec,
                                                           const Context& context);

}  // namespace vecdb::faiss

#endif  // VECDB_FAISS_IVF_EXCHANGE_H_
