#include "query/segment_view.h"

#include "base/status_macros.h"

namespace vecdb::query {

std::string SegmentView::id() const {
  if (sealed == nullptr && damaged_info == nullptr) return {};
  const std::string& folder = sealed != nullptr ? sealed->info().folder : damaged_info->folder;
  return folder.substr(folder.rfind('/') + 1);
}

absl::StatusOr<std::optional<uint32_t>> SegmentView::FindRow(const schema::Key& key, uint64_t as_of,
                                                             const Context& context) const {
  VECDB_RETURN_IF_ERROR(damage);
  // Growing rows find keys in memory, so they are asked for as long as they are there.
  if (growing != nullptr) return growing->FindRow(key, as_of);
  return sealed->FindRow(key, as_of, context);
}

absl::StatusOr<Column> SegmentView::Gather(size_t column, std::span<const uint32_t> rows,
                                           const Context& context) const {
  VECDB_RETURN_IF_ERROR(damage);
  if (growing != nullptr) return growing->Gather(column, rows);
  return sealed->Gather(column, rows, resident.get(), context);
}

}  // namespace vecdb::query
