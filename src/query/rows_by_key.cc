#include "query/rows_by_key.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "query/segment_keys.h"

namespace vecdb::query {
namespace {

constexpr uint64_t kRowsPerPoll = 4096;
// Sorting this share of the rows of a segment takes no longer than going through all of them in
// the order of their keys.
constexpr uint64_t kSortedShare = 32;

// The first rows of one segment by key.
class SegmentRows {
 public:
  SegmentRows(const RowQuery& query, const SegmentKeys& keys) : query_(query), keys_(keys) {}

  absl::StatusOr<std::vector<uint32_t>> Find(const SegmentView& segment, const LiveRows& live,
                                             const Context& context) const {
    const uint64_t matching = live.selection.count().value_or(live.mask.num_rows);
    if (segment.reads_sealed() && matching > live.mask.num_rows / kSortedShare) {
      VECDB_ASSIGN_OR_RETURN(const auto order, segment.sealed->GetKeyOrder(context));
      return InOrder(*order.rows, live, context);
    }
    return Sorted(live, context);
  }

 private:
  bool IsWanted(const schema::Key& key) const {
    return !query_.after.has_value() || *query_.after < key;
  }

  // A step after the other through all rows in the order of their keys.
  absl::StatusOr<std::vector<uint32_t>> InOrder(const std::vector<uint32_t>& order,
                                                const LiveRows& live,
                                                const Context& context) const {
    auto at = order.begin();
    if (query_.after.has_value()) {
      at = std::upper_bound(
          order.begin(), order.end(), *query_.after,
          [this](const schema::Key& key, uint32_t row) { return key < keys_[row]; });
    }
    std::vector<uint32_t> rows;
    for (uint64_t steps = 0; at != order.end() && rows.size() < query_.limit; ++at, ++steps) {
      if (steps % kRowsPerPoll == 0) VECDB_RETURN_IF_ERROR(context.Check());
      if (live.mask.Contains(*at)) rows.push_back(*at);
    }
    return rows;
  }

  // All of them, of which the first are kept.
  absl::StatusOr<std::vector<uint32_t>> Sorted(const LiveRows& live, const Context& context) const {
    const auto by_key = [this](uint32_t a, uint32_t b) { return keys_[a] < keys_[b]; };
    std::vector<uint32_t> rows;
    const auto keep_first = [&] {
      if (rows.size() <= query_.limit) return;
      const auto end = rows.begin() + static_cast<ptrdiff_t>(query_.limit);
      std::nth_element(rows.begin(), end, rows.end(), by_key);
      rows.erase(end, rows.end());
    };
    VECDB_RETURN_IF_ERROR(live.ForEach(context, [&](uint32_t row) {
      if (IsWanted(keys_[row])) rows.push_back(row);
      if (rows.size() >= 2 * query_.limit + kRowsPerPoll) keep_first();
      return true;
    }));
    keep_first();
    std::sort(rows.begin(), rows.end(), by_key);
    return rows;
  }

  const RowQuery& query_;
  const SegmentKeys& keys_;
};

// The rows of one segment, for the merge.
struct Part {
  uint32_t segment = 0;
  SegmentKeys keys;
  std::vector<uint32_t> rows{};
};

std::vector<RowPlace> MergeByKey(std::span<const Part> parts, uint64_t limit) {
  struct Entry {
    schema::Key key;
    RowPlace place;
  };
  std::vector<Entry> entries;
  for (const Part& part : parts) {
    for (uint32_t row : part.rows) entries.push_back({part.keys[row], {part.segment, row}});
  }
  if (parts.size() > 1) {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.key < b.key; });
  }
  if (entries.size() > limit) entries.resize(static_cast<size_t>(limit));
  std::vector<RowPlace> places;
  places.reserve(entries.size());
  for (const Entry& entry : entries) places.push_back(entry.place);
  return places;
}

// Calls `visit(number, live rows)` for each segment, until it gives false.
template <typename Visit>
absl::Status ForEachSegment(const RowQuery& query, const Context& context, Visit visit) {
  for (uint32_t i = 0; i < query.segments.size(); ++i) {
    const SegmentView& segment = query.segments[i];
    VECDB_RETURN_IF_ERROR(segment.damage);
    VECDB_RETURN_IF_ERROR(context.Check());
    if (segment.AllExpired(query.alive_from)) continue;
    VECDB_ASSIGN_OR_RETURN(const LiveRows live, FindLiveRows(segment, query.filter, query.as_of,
                                                             query.alive_from, context));
    VECDB_ASSIGN_OR_RETURN(const bool more, visit(i, live));
    if (!more) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RowPlace>> FindAsTheyLie(const RowQuery& query, const Context& context) {
  std::vector<RowPlace> places;
  const auto take = [&](uint32_t segment, const LiveRows& live) -> absl::StatusOr<bool> {
    VECDB_RETURN_IF_ERROR(live.ForEach(context, [&](uint32_t row) {
      places.push_back({segment, row});
      return places.size() < query.limit;
    }));
    return places.size() < query.limit;
  };
  VECDB_RETURN_IF_ERROR(ForEachSegment(query, context, take));
  return places;
}

}  // namespace

absl::StatusOr<std::vector<RowPlace>> FindRows(const RowQuery& query, const Context& context) {
  if (!query.by_key) return FindAsTheyLie(query, context);
  std::vector<Part> parts;
  VECDB_RETURN_IF_ERROR(ForEachSegment(
      query, context, [&](uint32_t segment, const LiveRows& live) -> absl::StatusOr<bool> {
        if (live.selection.none()) return true;
        VECDB_ASSIGN_OR_RETURN(SegmentKeys keys,
                               SegmentKeys::Open(query.segments[segment], context));
        parts.push_back({.segment = segment, .keys = std::move(keys)});
        Part& part = parts.back();
        VECDB_ASSIGN_OR_RETURN(
            part.rows, SegmentRows(query, part.keys).Find(query.segments[segment], live, context));
        return true;
      }));
  return MergeByKey(parts, query.limit);
}

absl::StatusOr<uint64_t> CountRows(const RowQuery& query, const Context& context) {
  uint64_t count = 0;
  const auto add = [&](uint32_t, const LiveRows& live) -> absl::StatusOr<bool> {
    VECDB_ASSIGN_OR_RETURN(const uint64_t live_rows, live.Count(context));
    count += live_rows;
    return true;
  };
  VECDB_RETURN_IF_ERROR(ForEachSegment(query, context, add));
  return count;
}

}  // namespace vecdb::query
