#ifndef VECDB_SEGMENT_FILTER_BITMAP_H_
#define VECDB_SEGMENT_FILTER_BITMAP_H_

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/reservation.h"
#include "vecdb/memory_budget.h"

namespace vecdb::segment {

/// The rows of a segment that a filter matches, alive or not. Immutable.
struct FilterBitmap {
  std::vector<uint64_t> words{};  ///< one bit a row, those beyond the last row 0
  uint64_t count = 0;             ///< of the bits that are set
  /// What statistics had promised, and what evaluation took.
  double estimated_selectivity = 1;
  uint64_t blocks_pruned = 0;
  uint64_t blocks_evaluated = 0;
  bool scalar_index = false;
};

/// What filters have matched in a sealed segment, whose rows never change, by their normal form:
/// the last kMaxBitmaps of them, as far as the memory budget allows. Thread-safe.
class FilterBitmapCache final : public MemoryCache {
 public:
  static constexpr size_t kMaxBitmaps = 64;
  /// Longer filters are not remembered: their text takes more than their bits.
  static constexpr size_t kMaxFilterBytes = 65536;

  /// `budget` may be null.
  explicit FilterBitmapCache(MemoryBudget* budget);
  ~FilterBitmapCache() override;
  FilterBitmapCache(const FilterBitmapCache&) = delete;
  FilterBitmapCache& operator=(const FilterBitmapCache&) = delete;

  /// Null when the filter is not remembered.
  std::shared_ptr<const FilterBitmap> Find(std::string_view filter);

  /// Remembers what a filter matches, unless the budget has no room.
  void Add(std::string_view filter, std::shared_ptr<const FilterBitmap> bitmap);

  void DropUnused() override;
  uint64_t bytes() const;

 private:
  struct Entry {
    std::string filter;
    std::shared_ptr<const FilterBitmap> bitmap;
    base::Reservation reservation;
  };

  MemoryBudget* const budget_;
  mutable base::Mutex mutex_;                         // a leaf
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // the last used first
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_FILTER_BITMAP_H_
