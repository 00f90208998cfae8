#ifndef VECDB_INDEX_CANDIDATE_POOL_H_
#define VECDB_INDEX_CANDIDATE_POOL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "index/vector_view.h"

namespace vecdb::index {

/// The nearest `capacity` nodes that a walk through a graph has met, sorted, each with a mark that
/// says whether its links have been followed. One array of 8-byte entries instead of two heaps: an
/// insertion is a binary search and a short memmove. Storage is kept between uses. For one thread
/// at a time.
class CandidatePool {
 public:
  /// Forgets everything and keeps the nearest `capacity` (at least 1) from now on.
  void Reset(size_t capacity) {
    if (entries_.size() < capacity + 1) entries_.resize(capacity + 1);
    capacity_ = capacity;
    size_ = 0;
    next_ = 0;
    worst_ = std::numeric_limits<float>::infinity();
  }

  size_t size() const { return size_; }
  float distance(size_t i) const { return entries_[i].distance; }
  uint32_t node(size_t i) const { return entries_[i].node & ~kFollowed; }

  /// A node further away than this, or as far, finds no place. Infinity while there are places
  /// left.
  float worst() const { return worst_; }

  /// Inserts a node which is not in the pool, behind those of the same distance. False when it
  /// finds no place.
  bool Insert(float distance, uint32_t node) {
    if (size_ == capacity_ && distance >= worst_) return false;
    Entry* const begin = entries_.data();
    Entry* const place =
        std::upper_bound(begin, begin + size_, distance,
                         [](float value, const Entry& entry) { return value < entry.distance; });
    std::copy_backward(place, begin + size_, begin + size_ + 1);
    *place = {distance, node};
    if (size_ < capacity_) ++size_;
    if (size_ == capacity_) worst_ = begin[size_ - 1].distance;
    next_ = std::min(next_, static_cast<size_t>(place - begin));
    return true;
  }

  /// Marks the nearest node that is not marked yet as followed and returns it; kNoRow when all are.
  uint32_t FollowNearest() {
    while (next_ < size_ && (entries_[next_].node & kFollowed) != 0) ++next_;
    if (next_ == size_) return kNoRow;
    const uint32_t node = entries_[next_].node;
    entries_[next_++].node |= kFollowed;
    return node;
  }

  /// So many of the nearest nodes, at least, are marked.
  size_t num_followed() const { return next_; }

 private:
  static constexpr uint32_t kFollowed = 0x80000000;  // row numbers stay below

  struct Entry {
    float distance;
    uint32_t node;
  };

  std::vector<Entry> entries_;  // one more than the capacity, for the entry that falls off the end
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t next_ = 0;  // all before are followed
  float worst_ = std::numeric_limits<float>::infinity();
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_CANDIDATE_POOL_H_
