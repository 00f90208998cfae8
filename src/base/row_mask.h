#ifndef VECDB_BASE_ROW_MASK_H_
#define VECDB_BASE_ROW_MASK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/paged_pointers.h"

namespace vecdb::base {

/// When each row of a segment was deleted: a lazily paged array, each entry written once.
///
/// One thread writes at a time; any number read meanwhile. A reader at time T takes an entry of 0
/// and one beyond T alike, so a delete in flight changes nothing for it; that is why entries need
/// no ordering of their own: the publish timestamp, read before, orders them.
class DeleteTimes {
 public:
  static constexpr size_t kPageRows = 4096;

  /// The time `row` was deleted, 0 while it lives.
  uint64_t at(uint32_t row) const {
    const Page* page = pages_.Get(row / kPageRows);
    return page == nullptr ? 0 : page->times[row % kPageRows].load(std::memory_order_relaxed);
  }

  /// True when `row` was deleted at or before `time`.
  bool DeletedAt(uint32_t row, uint64_t time) const {
    const uint64_t deleted = at(row);
    return deleted != 0 && deleted <= time;
  }

  /// Takes the memory that Set of this row needs, which allocates nothing then.
  void Reserve(uint32_t row);

  /// Deletes a row at `time` (not 0). False, with nothing changed, when it was deleted before.
  bool Set(uint32_t row, uint64_t time);

  /// Calls `visit(row, time)` for each of the first `num_rows` rows deleted at or before `as_of`,
  /// in order.
  template <typename Visit>
  void ForEach(uint64_t num_rows, uint64_t as_of, Visit visit) const {
    for (uint64_t first = 0; first < num_rows; first += kPageRows) {
      if (pages_.Get(first / kPageRows) == nullptr) continue;
      const uint64_t end = first + kPageRows < num_rows ? first + kPageRows : num_rows;
      for (uint64_t row = first; row < end; ++row) {
        const uint64_t time = at(static_cast<uint32_t>(row));
        if (time != 0 && time <= as_of) visit(static_cast<uint32_t>(row), time);
      }
    }
  }

  /// Rows deleted so far.
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  struct Page {
    std::atomic<uint64_t> times[kPageRows] = {};
  };

  PagedPointers<Page> pages_;
  std::atomic<uint64_t> count_ = 0;
};

/// The rows of a segment or an index that one search may return. A view: borrows everything.
struct RowMask {
  uint32_t num_rows = 0;                 ///< rows 0 to num_rows - 1 exist
  const uint64_t* allowed = nullptr;     ///< bitmap; nullptr allows all
  const DeleteTimes* deletes = nullptr;  ///< nullptr: none is deleted
  /// nullptr: all were written from `alive_from` to `as_of`.
  const uint64_t* row_times = nullptr;
  uint64_t as_of = std::numeric_limits<uint64_t>::max();
  uint64_t alive_from = 0;  ///< rows that were written before have expired

  /// True when every row may be returned, so that Contains need not be asked.
  bool all() const {
    return allowed == nullptr && row_times == nullptr &&
           (deletes == nullptr || deletes->count() == 0);
  }

  bool Contains(uint32_t row) const {
    if (allowed != nullptr && ((allowed[row / 64] >> (row % 64)) & 1) == 0) return false;
    if (row_times != nullptr && (row_times[row] > as_of || row_times[row] < alive_from)) {
      return false;
    }
    return deletes == nullptr || !deletes->DeletedAt(row, as_of);
  }

  /// How many rows may be returned: exact but for deletes and times, which are counted as if they
  /// fell on allowed and disallowed rows alike. For plans, never for results.
  uint64_t Estimate() const;
};

/// The bitmap of what `mask.allowed` allows of the rows from `first` to mask.num_rows - 1, with
/// bits for `num_bits` rows, at least as many as the mask has.
std::vector<uint64_t> AllowedFrom(const RowMask& mask, uint32_t first, uint32_t num_bits);

/// Set bits among the first `num_bits`.
uint64_t CountBits(const uint64_t* words, uint64_t num_bits);

}  // namespace vecdb::base

#endif  // VECDB_BASE_ROW_MASK_H_
