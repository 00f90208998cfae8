#ifndef VECDB_FILTER_KEY_SET_H_
#define VECDB_FILTER_KEY_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vecdb::filter {

/// A set of 64-bit keys, made to be asked for many that are not in it: a bitmap of their hashes
/// that fits a near cache answers most of those. Immutable.
class KeySet {
 public:
  KeySet() = default;
  /// Sorted, none twice.
  explicit KeySet(const std::vector<uint64_t>& keys);

  bool Contains(uint64_t key) const { return MayContain(key) && Find(key); }

  /// False for most keys that are not in it. Quicker than Contains, and without a branch.
  bool MayContain(uint64_t key) const {
    const uint64_t bit = key * kMultiplier >> filter_shift_;
    return (filter_[bit / 64] >> (bit % 64) & 1) != 0;
  }

 private:
  static constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;

  bool Find(uint64_t key) const {
    if (key == empty_) return false;
    size_t slot = key * kMultiplier >> slot_shift_;
    for (;; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == key) return true;
      if (slots_[slot] == empty_) return false;
    }
  }

  uint64_t empty_ = 0;  // a key that is not in the set
  int filter_shift_ = 58;
  int slot_shift_ = 63;
  std::vector<uint64_t> filter_ = std::vector<uint64_t>(1);
  std::vector<uint64_t> slots_ = std::vector<uint64_t>(2);
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_KEY_SET_H_
