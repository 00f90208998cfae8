#include "base/row_mask.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace vecdb::base {

void DeleteTimes::Reserve(uint32_t row) {
  if (pages_.Get(row / kPageRows) != nullptr) return;
  pages_.Set(row / kPageRows, std::make_unique<Page>());
}

bool DeleteTimes::Set(uint32_t row, uint64_t time) {
  Reserve(row);
  Page* const page = pages_.Get(row / kPageRows);
  std::atomic<uint64_t>& entry = page->times[row % kPageRows];
  if (entry.load(std::memory_order_relaxed) != 0) return false;
  entry.store(time, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

std::vector<uint64_t> AllowedFrom(const RowMask& mask, uint32_t first, uint32_t num_bits) {
  std::vector<uint64_t> words((uint64_t{num_bits} + 63) / 64);
  if (first >= mask.num_rows) return words;
  for (uint64_t i = first / 64; i * 64 < mask.num_rows; ++i) {
    words[i] = mask.allowed == nullptr ? ~uint64_t{0} : mask.allowed[i];
  }
  words[first / 64] &= ~uint64_t{0} << (first % 64);
  const uint32_t rest = mask.num_rows % 64;
  if (rest != 0) words[mask.num_rows / 64] &= (uint64_t{1} << rest) - 1;
  return words;
}

uint64_t CountBits(const uint64_t* words, uint64_t num_bits) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < num_bits / 64; ++i)
    count += static_cast<uint64_t>(std::popcount(words[i]));
  if (const uint64_t rest = num_bits % 64; rest != 0) {
    const uint64_t last = words[num_bits / 64] & ((1ULL << rest) - 1);
    count += static_cast<uint64_t>(std::popcount(last));
  }
  return count;
}

uint64_t RowMask::Estimate() const {
  if (num_rows == 0) return 0;
  uint64_t rows = allowed == nullptr ? num_rows : CountBits(allowed, num_rows);
  if (deletes != nullptr) {
    const double alive =
        1.0 - static_cast<double>(std::min<uint64_t>(deletes->count(), num_rows)) / num_rows;
    rows = static_cast<uint64_t>(static_cast<double>(rows) * alive);
  }
  return rows;
}

}  // namespace vecdb::base
