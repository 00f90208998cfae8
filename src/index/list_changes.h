#ifndef VECDB_INDEX_LIST_CHANGES_H_
#define VECDB_INDEX_LIST_CHANGES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/prefetch.h"

namespace vecdb::index {

/// Lists of links that are to become others: copies to be changed now and written back later.
/// Storage is kept between uses. For one thread at a time.
class ListChanges {
 public:
  /// A copy of a list that was not copied since Clear; valid until the next call.
  uint32_t* Copy(uint32_t* list, size_t degree) {
    lists_.push_back({list, degree});
    links_.insert(links_.end(), list, list + degree);
    return links_.data() + links_.size() - degree;
  }

  /// Calls `visit(list, degree, copy)` for each, in the order of Copy.
  template <typename Visit>
  void ForEach(Visit visit) {
    uint32_t* copy = links_.data();
    for (const List& list : lists_) {
      visit(list.links, list.degree, copy);
      copy += list.degree;
    }
  }

  /// Writes all copies back.
  void Apply() const {
    constexpr size_t kAhead = 8;
    const uint32_t* copy = links_.data();
    for (size_t i = 0; i < lists_.size(); ++i) {
      const List& list = lists_[i];
      base::PrefetchLines(lists_[std::min(i + kAhead, lists_.size() - 1)].links, 2);
      std::memcpy(list.links, copy, list.degree * sizeof(uint32_t));
      copy += list.degree;
    }
  }

  void Clear() {
    lists_.clear();
    links_.clear();
  }

 private:
  struct List {
    uint32_t* links;
    size_t degree;
  };

  std::vector<List> lists_;
  std::vector<uint32_t> links_;  // the copies, one after the other
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_LIST_CHANGES_H_
