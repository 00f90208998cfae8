#include "segment/filter_bitmap.h"

#include <algorithm>
#include <utility>

namespace vecdb::segment {

FilterBitmapCache::FilterBitmapCache(MemoryBudget* budget) : budget_(budget) {
  if (budget_ != nullptr) budget_->AddCache(this);
}

FilterBitmapCache::~FilterBitmapCache() {
  if (budget_ != nullptr) budget_->RemoveCache(this);
}

std::shared_ptr<const FilterBitmap> FilterBitmapCache::Find(std::string_view filter) {
  base::MutexLock lock(&mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.filter == filter; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->bitmap;
}

void FilterBitmapCache::Add(std::string_view filter, std::shared_ptr<const FilterBitmap> bitmap) {
  if (filter.size() > kMaxFilterBytes) return;
  const uint64_t bytes = bitmap->words.size() * sizeof(uint64_t) + filter.size();
  auto reservation = base::Reservation::TryMake(budget_, bytes, MemoryUse::kColumns);
  if (!reservation.has_value()) return;
  std::list<Entry> old;  // outlives the lock
  std::list<Entry> fresh;
  fresh.push_back({std::string(filter), std::move(bitmap), *std::move(reservation)});
  base::MutexLock lock(&mutex_);
  entries_.splice(entries_.begin(), fresh);
  if (entries_.size() > kMaxBitmaps) old.splice(old.begin(), entries_, std::prev(entries_.end()));
}

void FilterBitmapCache::DropUnused() {
  std::list<Entry> entries;  // outlives the lock
  base::MutexLock lock(&mutex_);
  entries_.swap(entries);
}

uint64_t FilterBitmapCache::bytes() const {
  base::MutexLock lock(&mutex_);
  uint64_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.reservation.bytes();
  return bytes;
}

}  // namespace vecdb::segment
