#ifndef VECDB_API_INDEX_STATE_H_
#define VECDB_API_INDEX_STATE_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "base/large_buffer.h"
#include "index/vector_index.h"
#include "index/vector_view.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::api {

/// What an Index owns: its rows unless they are the host's, their norms under kCosine, and the
/// index over both. Immutable once made.
struct IndexState {
  Host host{};
  base::LargeBuffer rows{};   ///< empty when the host's rows are viewed
  base::LargeBuffer norms{};  ///< inverse norms, for kCosine alone
  index::VectorView view{};
  std::unique_ptr<index::VectorIndex> index{};
};

/// InvalidArgument, naming row and dimension, when a value is NaN or infinite.
absl::Status CheckFinite(std::span<const float> values, int32_t dim, const char* what,
                         const Context& context);

}  // namespace vecdb::api

#endif  // VECDB_API_INDEX_STATE_H_
