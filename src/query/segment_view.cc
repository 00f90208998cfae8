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

bool SegmentView::AllExpired(uint64_t alive_from) const {
  if (alive_from == 0 || !damage.ok()) return false;
  if (reads_sealed()) return sealed->info().max_timestamp < alive_from;
  return growing->ExpiredRows(alive_from) == growing->num_rows();
}

absl::StatusOr<std::vector<bool>> SegmentView::FindExpired(std::span<const uint32_t> rows,
                                                           uint64_t alive_from,
                                                           const Context& context) const {
  VECDB_RETURN_IF_ERROR(damage);
  std::vector<bool> expired(rows.size());
  if (growing != nullptr) {
    for (size_t i = 0; i < rows.size(); ++i) {
      expired[i] = growing->timestamp(rows[i]) < alive_from;
    }
    return expired;
  }
  if (sealed->info().min_timestamp >= alive_from) return expired;
  VECDB_ASSIGN_OR_RETURN(const Column times, sealed->GatherTimestamps(rows, context));
  for (size_t i = 0; i < rows.size(); ++i) {
    expired[i] = static_cast<uint64_t>(times.int64s()[i]) < alive_from;
  }
  return expired;
}

absl::StatusOr<Column> SegmentView::Gather(size_t column, std::span<const uint32_t> rows,
                                           const Context& context) const {
  VECDB_RETURN_IF_ERROR(damage);
  if (growing != nullptr) return growing->Gather(column, rows);
  return sealed->Gather(column, rows, resident.get(), context);
}

}  // namespace vecdb::query
