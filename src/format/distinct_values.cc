#include "format/distinct_values.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>

#include "format/number_type.h"
#include "schema/key.h"

namespace vecdb::format {

DistinctValues::DistinctValues() : slots_{} {
  codes_.reserve(schema::kBlockRows);
  rows_.reserve(schema::kBlockRows);
  hashes_.reserve(schema::kBlockRows);
}

// Open addressing; at most half of the slots are taken. A value that is that of the row before is
// not hashed.
template <typename HashOf, typename Equal>
void DistinctValues::FindWith(uint32_t num_rows, HashOf hash_of, Equal equal) {
  for (uint32_t row = 0; row < num_rows; ++row) {
    if (row > 0 && equal(row, row - 1)) {
      codes_.push_back(codes_.back());
      continue;
    }
    const uint64_t hash = hash_of(row);
    size_t slot = hash % kSlots;
    while (slots_[slot] != 0) {
      const size_t value = slots_[slot] - size_t{1};
      if (hashes_[value] == hash && equal(row, rows_[value])) break;
      slot = (slot + 1) % kSlots;
    }
    if (slots_[slot] == 0) {
      rows_.push_back(static_cast<uint16_t>(row));
      hashes_.push_back(hash);
      slots_[slot] = static_cast<uint16_t>(rows_.size());
    }
    codes_.push_back(static_cast<uint16_t>(slots_[slot] - 1));
  }
}

void DistinctValues::Find(const schema::ColumnBlock& block) {
  codes_.clear();
  rows_.clear();
  hashes_.clear();
  slots_.fill(0);
  const bool is_number = VisitNumberType(block.type, [&]<typename T>(T*) {
    const auto values = block.as<T>();
    const auto bits = [values](size_t row) { return std::bit_cast<BitsOf<T>>(values[row]); };
    FindWith(
        block.num_rows,
        [&](size_t row) { return schema::KeyHash(static_cast<int64_t>(bits(row))); },
        [&](size_t a, size_t b) { return bits(a) == bits(b); });
  });
  if (is_number) return;
  FindWith(
      block.num_rows, [&](size_t row) { return schema::KeyHash(block.string(row)); },
      [&](size_t a, size_t b) { return block.string(a) == block.string(b); });
}

void DistinctEstimate::Add(uint64_t hash) {
  uint8_t& reg = registers_[hash >> (64 - kIndexBits)];
  // A one behind the bits that were used ends the count.
  const uint64_t rest = hash << kIndexBits | uint64_t{1} << (kIndexBits - 1);
  reg = std::max(reg, static_cast<uint8_t>(std::countl_zero(rest) + 1));
}

uint64_t DistinctEstimate::Estimate() const {
  constexpr double kRegisters = 1 << kIndexBits;
  constexpr double kAlpha = 0.7213 / (1 + 1.079 / kRegisters);
  double sum = 0;
  for (const uint8_t reg : registers_) sum += std::ldexp(1.0, -reg);
  const double estimate = kAlpha * kRegisters * kRegisters / sum;
  const auto empty = static_cast<double>(std::count(registers_.begin(), registers_.end(), 0));
  if (estimate <= 2.5 * kRegisters && empty > 0) {
    return static_cast<uint64_t>(std::llround(kRegisters * std::log(kRegisters / empty)));
  }
  return static_cast<uint64_t>(std::llround(estimate));
}

}  // namespace vecdb::format
