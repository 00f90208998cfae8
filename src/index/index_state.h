#ifndef VECDB_INDEX_INDEX_STATE_H_
#define VECDB_INDEX_INDEX_STATE_H_

#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "base/large_buffer.h"
#include "index/vector_index.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index.h"

namespace vecdb::index {

/// What an Index owns: its rows unless they are the host's, their norms under kCosine, and the
/// index over both. Immutable once made.
struct IndexState {
  Host host{};
  base::LargeBuffer rows{};   ///< empty when the host's rows are viewed
  base::LargeBuffer norms{};  ///< inverse norms, for kCosine alone
  VectorView view{};
  std::unique_ptr<VectorIndex> index{};
};

/// Makes `rows` the state's own, and what its view reads. ResourceExhausted, Cancelled,
/// DeadlineExceeded.
absl::Status CopyRows(std::span<const float> rows, const Context& context, IndexState* state);

/// How the library takes an Index apart and puts one together.
class IndexAccess {
 public:
  static const IndexState& StateOf(const Index& index) { return *index.state_; }

  static std::unique_ptr<Index> Make(std::unique_ptr<const IndexState> state) {
    return std::unique_ptr<Index>(new Index(std::move(state)));
  }
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_INDEX_STATE_H_
