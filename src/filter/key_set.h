#ifndef VECDB_FILTER_KEY_SET_H_
#define VECDB_FILTER_KEY_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vecdb::filter {

/// A set of 64-bit keys, made to be asked for many that are not in it: a bitmap of their hashes
/// that fits a near cache answers most of those. Immutable.
///
/// The hash mixes all bits and is seeded with another of all the keys, so that neither keys at
/// equal distances nor keys made to meet in one place make look-ups long; for that, somebody would
/// have to invert both hashes. The same keys give the same set everywhere.
class KeySet {
 public:
  KeySet() = default;
  /// Sorted, none twice.
  explicit KeySet(const std::vector<uint64_t>& keys);

  bool Contains(uint64_t key) const {
    const uint64_t hash = Hash(key);
    return MayContainHash(hash) && Find(key, hash);
  }

  /// False for most keys that are not in it. Quicker than Contains, and without a branch.
  bool MayContain(uint64_t key) const { return MayContainHash(Hash(key)); }

  /// The most slots that any look-up goes through.
  size_t MostProbes() const;

 private:
  // The finaliser of splitmix64, but for its last step, which the high bits do without.
  uint64_t Hash(uint64_t key) const {
    key ^= seed_;
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
    return (key ^ key >> 27) * 0x94d049bb133111eb;
  }

  bool MayContainHash(uint64_t hash) const {
    const uint64_t bit = hash >> filter_shift_;
    return (filter_[bit / 64] >> (bit % 64) & 1) != 0;
  }

  bool Find(uint64_t key, uint64_t hash) const {
    if (key == empty_) return false;
    size_t slot = hash >> slot_shift_;
    for (;; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == key) return true;
      if (slots_[slot] == empty_) return false;
    }
  }

  uint64_t seed_ = 0;
  uint64_t empty_ = 0;  // a key that is not in the set
  int filter_shift_ = 58;
  int slot_shift_ = 63;
  std::vector<uint64_t> filter_ = std::vector<uint64_t>(1);
  std::vector<uint64_t> slots_ = std::vector<uint64_t>(2);
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_KEY_SET_H_
