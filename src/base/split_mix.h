#ifndef VECDB_BASE_SPLIT_MIX_H_
#define VECDB_BASE_SPLIT_MIX_H_

#include <cstdint>

namespace vecdb::base {

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): close numbers give far ones.
constexpr uint64_t MixBits(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// SplitMix64: random numbers that are the same on every machine. Thread-compatible.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    const uint64_t number = MixBits(state_);
    state_ += 0x9e3779b97f4a7c15ULL;
    return number;
  }

  /// Below `limit`, which is not 0; as even as 64 bits allow.
  uint64_t Below(uint64_t limit) { return Next() % limit; }

 private:
  uint64_t state_;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_SPLIT_MIX_H_
