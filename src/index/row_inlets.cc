#include "index/row_inlets.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status_macros.h"

namespace vecdb::index {

absl::StatusOr<RowInlets> RowInlets::Make(uint32_t num_rows, const Host& host) {
  RowInlets inlets;
  VECDB_ASSIGN_OR_RETURN(inlets.inlets_,
                         base::LargeBuffer::Make(uint64_t{num_rows} * sizeof(uint32_t), host,
                                                 "counts of HNSW links", MemoryUse::kIndexes));
  inlets.Count({}, 0);
  return inlets;
}

void RowInlets::Count(const HnswLevel& level, uint32_t num_rows) {
  if (inlets_.size() > 0) std::memset(inlets_.data(), 0, inlets_.size());
  lost_.clear();
  for (uint32_t row = 0; row < num_rows; ++row) {
    const uint32_t* const links = level.of(row);
    const size_t count = CountLinks(links, level.degree);
    for (size_t i = 0; i < count; ++i) Add(links[i]);
  }
}

void RowInlets::Restore(const HnswGraph& graph, std::span<const uint32_t> new_rows,
                        std::span<ListChanges* const> changes) {
  const std::span<const uint32_t> inlets = inlets_.as<uint32_t>();
  lost_.insert(lost_.end(), new_rows.begin(), new_rows.end());
  std::erase_if(lost_, [&](uint32_t row) { return inlets[row] > 0 || row == graph.entry_row; });
  if (lost_.empty()) return;
  std::sort(lost_.begin(), lost_.end());
  level_ = graph.level(0);
  lists_.clear();  // of a batch that had no memory to come to its end
  copied_.clear();
  for (ListChanges* const some : changes) {
    some->ForEach([&](uint32_t* list, size_t degree, uint32_t* copy) {
      if (degree != level_.degree) return;  // of an upper level
      lists_[static_cast<uint32_t>(static_cast<size_t>(list - level_.links) / degree)] = copy;
    });
  }
  for (const uint32_t row : new_rows) lists_[row] = level_.of(row);
  // One that gets a link may take the last one from another; that ends soon.
  const size_t most = 4 * lost_.size();
  for (size_t i = 0; i < lost_.size() && i < most; ++i) {
    if (inlets[lost_[i]] == 0) LeadTo(lost_[i]);
  }
  for (const Copied& one : copied_) {
    std::copy(one.links.begin(), one.links.end(), changes.back()->Copy(one.list, level_.degree));
  }
  lost_.clear();
  lists_.clear();
  copied_.clear();
}

// The list of a row as it will be, to be changed.
uint32_t* RowInlets::ListOf(uint32_t row) {
  uint32_t*& list = lists_[row];
  if (list == nullptr) {
    uint32_t* const old = level_.of(row);
    copied_.push_back({old, std::vector<uint32_t>(old, old + level_.degree)});
    list = copied_.back().links.data();
  }
  return list;
}

// Links `row` from the nearest row that it links to. Where that has no room, near -> last becomes
// near -> row -> last.
void RowInlets::LeadTo(uint32_t row) {
  uint32_t* const own = ListOf(row);
  if (own[0] == kNoRow) return;
  uint32_t* const near = ListOf(own[0]);
  const size_t count = CountLinks(near, level_.degree);
  Add(row);
  if (count < level_.degree) {
    near[count] = row;
    return;
  }
  const uint32_t last = std::exchange(near[count - 1], row);
  const size_t num_own = CountLinks(own, level_.degree);
  if (std::find(own, own + num_own, last) == own + num_own) {
    uint32_t& place = own[std::min(num_own, level_.degree - 1)];
    if (place != kNoRow) Remove(place);
    place = last;
  } else {
    Remove(last);
  }
}

}  // namespace vecdb::index
