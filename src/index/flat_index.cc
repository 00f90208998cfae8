#include "index/flat_index.h"

#include "base/status_macros.h"
#include "index/exact_scan.h"
#include "index/index_meta.h"
#include "index/top_rows.h"

namespace vecdb::index {

absl::Status FlatIndex::Search(const RowQuery& query, const Context& context,
                               std::vector<Candidate>* out) const {
  TopRows top(query.k, query.order, query.limits);
  uint64_t num_scanned = 0;
  VECDB_RETURN_IF_ERROR(
      ScanRows(view_, spec_.metric, query.vector, query.mask, 0, context, &top, &num_scanned));
  top.Finish(out);
  if (query.counts != nullptr) {
    *query.counts = {.allowed_rows = num_scanned, .distances = num_scanned};
  }
  return absl::OkStatus();
}

absl::Status FlatIndex::Write(format::SectionWriter& writer, const Context& context) const {
  return WriteIndexMeta({.spec = spec_, .num_rows = view_.num_rows, .dim = view_.dim}, writer,
                        context);
}

}  // namespace vecdb::index
