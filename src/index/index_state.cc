#include "index/index_state.h"

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "index/row_checks.h"

namespace vecdb::index {

absl::Status CopyRows(std::span<const float> rows, const Context& context, IndexState* state) {
  VECDB_ASSIGN_OR_RETURN(state->rows,
                         base::LargeBuffer::Make(rows.size_bytes(), state->host, "rows of an index",
                                                 MemoryUse::kVectors));
  for (size_t begin = 0; begin < rows.size(); begin += kCheckedFloats) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto chunk = rows.subspan(begin, std::min(kCheckedFloats, rows.size() - begin));
    std::memcpy(state->rows.as<float>().data() + begin, chunk.data(), chunk.size_bytes());
  }
  state->view.rows = state->rows.as<float>().data();
  return absl::OkStatus();
}

}  // namespace vecdb::index
