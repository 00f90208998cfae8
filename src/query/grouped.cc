#include "query/grouped.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "base/row_mask.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "query/group_value.h"
#include "vecdb/filter.h"

namespace vecdb::query {
namespace {

constexpr uint32_t kMinRows = 64;  // looked for at once

// One value and its best rows.
struct Group {
  FilterValue value{};
  std::vector<Found> rows{};
  size_t num_sorted = 0;  // of the rows; those behind were added since
};

class Grouping {
 public:
  Grouping(const SnapshotSearch& search, const Selections& selections, std::span<const float> query,
           const Context& context, std::span<SegmentSearchStats> stats)
      : search_(search),
        selections_(selections),
        query_(query),
        context_(context),
        stats_(stats),
        wanted_(size_t{search.offset} + search.limit) {}

  absl::StatusOr<std::vector<Found>> Find() {
    VECDB_RETURN_IF_ERROR(FindValues());
    if (search_.group_size > 1) VECDB_RETURN_IF_ERROR(FillGroups());
    SortGroups();
    std::vector<Found> rows;
    for (size_t i = search_.offset; i < groups_.size(); ++i) {
      rows.insert(rows.end(), groups_[i].rows.begin(), groups_[i].rows.end());
    }
    return rows;
  }

 private:
  // Searches for values that were not seen, until there are as many as wanted or no more.
  absl::Status FindValues() {
    for (bool more = true; more && groups_.size() < wanted_;) {
      FilterValue::List seen;
      for (const Group& group : groups_) seen.push_back(group.value);
      const uint32_t k = RowsFor(wanted_ - groups_.size());
      VECDB_ASSIGN_OR_RETURN(const auto found, FindWhere("not in", std::move(seen), k));
      more = found.size() == k;
      VECDB_RETURN_IF_ERROR(AddRows(found));
    }
    SortGroups();
    KeepWanted();
    return absl::OkStatus();
  }

  // Of k rows of fewer than k / group_size groups at least one group is full, so that every search
  // leaves fewer. Where rows are found nearly exactly, neither the rows that a group had nor the
  // new ones are its best: both are kept.
  absl::Status FillGroups() {
    for (bool more = true; more;) {
      FilterValue::List open;
      for (const Group& group : groups_) {
        if (group.rows.size() < search_.group_size) open.push_back(group.value);
      }
      if (open.empty()) break;
      const uint32_t k = RowsFor(open.size());
      VECDB_ASSIGN_OR_RETURN(const auto found, FindWhere("in", std::move(open), k));
      more = found.size() == k;
      VECDB_RETURN_IF_ERROR(AddRows(found));
    }
    return absl::OkStatus();
  }

  uint32_t RowsFor(size_t num_groups) const {
    return std::max(kMinRows, 2 * static_cast<uint32_t>(num_groups) * search_.group_size);
  }

  absl::StatusOr<std::vector<Found>> FindBest(const Selections& selections, uint32_t k) const {
    VECDB_ASSIGN_OR_RETURN(auto found,
                           FindNearest(search_, selections, query_, k, context_, stats_));
    return std::move(found.front());
  }

  // The best `k` selected rows whose value is among `values`, or is not.
  absl::StatusOr<std::vector<Found>> FindWhere(std::string_view op, FilterValue::List values,
                                               uint32_t k) const {
    if (op == "not in" && values.empty()) {
      return FindBest(selections_, k);
    }
    const std::string& field = search_.schema->fields[*search_.group_column].name;
    VECDB_ASSIGN_OR_RETURN(const auto filter,
                           BoundFilter::Make(RowFilter(base::StrFormat("%s %s {values}", field, op),
                                                       {{"values", std::move(values)}}),
                                             *search_.schema));
    Selections both = selections_;
    for (size_t i = 0; i < both.segments.size(); ++i) {
      if (both.skipped[i] || both.segments[i].none()) continue;
      VECDB_ASSIGN_OR_RETURN(both.segments[i],
                             SelectBoth(search_.segments[i], selections_.segments[i], filter,
                                        search_.as_of, context_));
    }
    return FindBest(both, k);
  }

  // Puts rows into their groups, new ones behind the others.
  absl::Status AddRows(std::span<const Found> found) {
    std::vector<RowPlace> places;
    for (const Found& row : found) places.push_back(row.place);
    const size_t column = *search_.group_column;
    VECDB_ASSIGN_OR_RETURN(const RowBatch batch, FetchRows(search_.schema, search_.segments, places,
                                                           std::span(&column, 1), context_));
    const Column* values = batch.column(search_.schema->fields[column].name);
    for (size_t i = 0; i < found.size(); ++i) {
      const FilterValue value = GroupValueAt(*values, i);
      const auto [at, is_new] = numbers_.try_emplace(GroupBytes(value), groups_.size());
      if (is_new) groups_.push_back({.value = value});
      groups_[at->second].rows.push_back(found[i]);
    }
    for (Group& group : groups_) KeepBest(&group);
    return absl::OkStatus();
  }

  // Leaves the best rows of a group, each once, in their order.
  void KeepBest(Group* group) const {
    std::vector<Found>& rows = group->rows;
    if (rows.size() == group->num_sorted) return;
    std::sort(rows.begin(), rows.end(), [](const Found& a, const Found& b) {
      return std::tie(a.place.segment, a.place.row, a.distance) <
             std::tie(b.place.segment, b.place.row, b.distance);
    });
    const auto end = std::unique(rows.begin(), rows.end(), [](const Found& a, const Found& b) {
      return a.place.segment == b.place.segment && a.place.row == b.place.row;
    });
    rows.erase(end, rows.end());
    std::sort(rows.begin(), rows.end(),
              [this](const Found& a, const Found& b) { return ComesBefore(search_, a, b); });
    if (rows.size() > search_.group_size) rows.resize(search_.group_size);
    group->num_sorted = rows.size();
  }

  // A group is as good as its first row. Searches that are nearly exact give them in no order.
  void SortGroups() {
    std::sort(groups_.begin(), groups_.end(), [this](const Group& a, const Group& b) {
      return ComesBefore(search_, a.rows[0], b.rows[0]);
    });
    for (size_t i = 0; i < groups_.size(); ++i) numbers_[GroupBytes(groups_[i].value)] = i;
  }

  void KeepWanted() {
    for (size_t i = wanted_; i < groups_.size(); ++i) numbers_.erase(GroupBytes(groups_[i].value));
    if (groups_.size() > wanted_) groups_.resize(wanted_);
  }

  const SnapshotSearch& search_;
  const Selections& selections_;
  const std::span<const float> query_;
  const Context& context_;
  const std::span<SegmentSearchStats> stats_;
  const size_t wanted_;
  std::vector<Group> groups_;              // best first once they are sorted
  std::map<std::string, size_t> numbers_;  // of groups, by the bytes of their values
};

}  // namespace

absl::StatusOr<std::vector<Found>> FindGrouped(const SnapshotSearch& search,
                                               const Selections& selections,
                                               std::span<const float> query, const Context& context,
                                               std::span<SegmentSearchStats> stats) {
  return Grouping(search, selections, query, context, stats).Find();
}

}  // namespace vecdb::query
