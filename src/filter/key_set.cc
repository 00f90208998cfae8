#include "filter/key_set.h"

#include <algorithm>
#include <bit>
#include <span>

#include "base/checksum.h"

namespace vecdb::filter {
namespace {

constexpr size_t kFilterBitsPerKey = 16;

int BitsFor(size_t count) {
  return static_cast<int>(std::bit_width(std::max<size_t>(count, 2) - 1));
}

}  // namespace

KeySet::KeySet(const std::vector<uint64_t>& keys)
    : seed_(base::Xxh3(std::as_bytes(std::span<const uint64_t>(keys)))) {
  for (const uint64_t key : keys) empty_ += key == empty_ ? 1 : 0;
  const int slot_bits = BitsFor(2 * keys.size());
  const int filter_bits = std::max(6, BitsFor(kFilterBitsPerKey * keys.size()));
  slot_shift_ = 64 - slot_bits;
  filter_shift_ = 64 - filter_bits;
  slots_.assign(size_t{1} << slot_bits, empty_);
  filter_.assign(size_t{1} << (filter_bits - 6), 0);
  for (const uint64_t key : keys) {
    const uint64_t hash = Hash(key);
    filter_[hash >> filter_shift_ >> 6] |= uint64_t{1} << ((hash >> filter_shift_) % 64);
    size_t slot = hash >> slot_shift_;
    while (slots_[slot] != empty_) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = key;
  }
}

// A look-up ends at the first empty slot: the longest run of others, which may go on from the last
// slot to the first, and that one. A half of the slots at least is empty.
size_t KeySet::MostProbes() const {
  size_t most = 0;
  size_t run = 0;
  for (size_t i = 0; i < 2 * slots_.size(); ++i) {
    run = slots_[i & (slots_.size() - 1)] == empty_ ? 0 : run + 1;
    most = std::max(most, run);
  }
  return most + 1;
}

}  // namespace vecdb::filter
