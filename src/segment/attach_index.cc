#include "segment/attach_index.h"

#include <span>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/index_state.h"
#include "index/row_checks.h"
#include "schema/index_field.h"
#include "segment/segment_writer.h"

namespace vecdb::segment {
namespace {

std::span<const float> FloatsOf(const index::VectorView& view) {
  return {view.rows, size_t{view.num_rows} * static_cast<size_t>(view.dim)};
}

}  // namespace

absl::Status CheckIndexFits(const FieldSpec& field, const Index& index) {
  VECDB_RETURN_IF_ERROR(schema::CheckIndexField(field, index.spec()));
  if (index.dim() == field.dim) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat("field \"%s\" has dim %d; the index has dim %d",
                                                    field.name, field.dim, index.dim()));
}

absl::Status CheckSameRows(const Index& index, const index::VectorView& vectors,
                           const Context& context) {
  if (index.num_rows() != vectors.num_rows) {
    return absl::InvalidArgumentError(
        base::StrFormat("the index has %d rows; there are %d", index.num_rows(), vectors.num_rows));
  }
  if (index.rows().empty() && index.num_rows() > 0) {
    return absl::InvalidArgumentError(
        "a DISKANN index on disk has no rows in memory to compare: attach the one that was built");
  }
  VECDB_ASSIGN_OR_RETURN(
      const size_t different,
      index::FindDifferentRow(index.rows(), FloatsOf(vectors), vectors.dim, context));
  if (different == vectors.num_rows) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("row %d of the index has another vector", different));
}

absl::StatusOr<SegmentIndexInfo> AttachIndex(const SealedSegment& segment, size_t column,
                                             const Index& index, const Context& context) {
  const index::IndexState& state = index::IndexAccess::StateOf(index);
  return WriteIndex(segment, column, *state.index, state.view, context);
}

}  // namespace vecdb::segment
