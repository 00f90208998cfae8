#include "faiss/row_ids.h"

#include <algorithm>
#include <utility>

#include "base/large_buffer.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::faiss {
namespace {

using ::faiss::InvertedLists;

// Calls body(list, id) for every id until it fails.
template <typename Body>
absl::Status ForEachId(const InvertedLists& lists, const Context& context, Body body) {
  for (size_t list = 0; list < lists.nlist; ++list) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const size_t size = lists.list_size(list);
    const InvertedLists::ScopedIds ids(&lists, list);
    for (size_t i = 0; i < size; ++i) VECDB_RETURN_IF_ERROR(body(list, ids[i]));
  }
  return absl::OkStatus();
}

bool AllBelow(const InvertedLists& lists, uint32_t num_rows, const Context& context,
              absl::Status* stopped) {
  bool below = true;
  *stopped = ForEachId(lists, context, [&](size_t, int64_t id) {
    below &= id >= 0 && id < int64_t{num_rows};
    return absl::OkStatus();
  });
  return below;
}

absl::Status CheckEachRowOnce(const InvertedLists& lists, uint32_t num_rows, const Host& host,
                              const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const base::Reservation bits,
                         base::Reservation::Make(host.budget, num_rows / 8 + 1,
                                                 "a bit for each row", MemoryUse::kBuilds));
  std::vector<bool> met(num_rows);
  return ForEachId(lists, context, [&](size_t list, int64_t id) -> absl::Status {
    if (id < 0 || id >= int64_t{num_rows}) {
      return absl::InvalidArgumentError(
          base::StrFormat("list %d holds id %d, which is none of the %d rows", list, id, num_rows));
    }
    if (met[static_cast<size_t>(id)]) {
      return absl::InvalidArgumentError(
          base::StrFormat("list %d holds id %d a second time", list, id));
    }
    met[static_cast<size_t>(id)] = true;
    return absl::OkStatus();
  });
}

absl::Status CheckAscending(std::span<const int64_t> ids) {
  if (!ids.empty() && ids.front() < 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("id %d is negative, which FAISS keeps for no row", ids.front()));
  }
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat("id %d occurs twice", *twice));
}

}  // namespace

absl::Status CheckIds(std::span<const int64_t> ids, const Host& host, const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_ASSIGN_OR_RETURN(
      base::LargeBuffer buffer,
      base::LargeBuffer::Make(ids.size_bytes(), host, "ids in their order", MemoryUse::kBuilds));
  const std::span<int64_t> sorted = buffer.as<int64_t>();
  std::copy(ids.begin(), ids.end(), sorted.begin());
  std::sort(sorted.begin(), sorted.end());
  return CheckAscending(sorted);
}

absl::StatusOr<ListedIds> ListedIds::Make(const InvertedLists& lists, uint32_t num_rows,
                                          bool are_rows, const Host& host, const Context& context) {
  ListedIds listed;
  absl::Status stopped;
  const bool all_below = AllBelow(lists, num_rows, context, &stopped);
  VECDB_RETURN_IF_ERROR(stopped);
  if (are_rows || all_below) {
    VECDB_RETURN_IF_ERROR(CheckEachRowOnce(lists, num_rows, host, context));
    return listed;
  }
  listed.ids_.reserve(num_rows);
  VECDB_RETURN_IF_ERROR(ForEachId(lists, context, [&](size_t, int64_t id) {
    listed.ids_.push_back(id);
    return absl::OkStatus();
  }));
  std::sort(listed.ids_.begin(), listed.ids_.end());
  VECDB_RETURN_IF_ERROR(CheckAscending(listed.ids_));
  return listed;
}

uint32_t ListedIds::RowOf(int64_t id) const {
  if (ids_.empty()) return static_cast<uint32_t>(id);
  return static_cast<uint32_t>(std::lower_bound(ids_.begin(), ids_.end(), id) - ids_.begin());
}

}  // namespace vecdb::faiss
