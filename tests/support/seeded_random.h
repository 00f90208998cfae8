#ifndef VECDB_SUPPORT_SEEDED_RANDOM_H_
#define VECDB_SUPPORT_SEEDED_RANDOM_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/checksum.h"

namespace vecdb::support {

/// splitmix64 (Steele, Lea and Flood, 2014): the same numbers from the same seed on every machine,
/// which std::shuffle and the distributions of <random> do not give. For one thread at a time.
class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  /// 0 to n - 1; n is at least 1. Off from even by n / 2^64.
  uint64_t Below(uint64_t n) { return Next() % n; }

  bool OneIn(uint64_t n) { return Below(n) == 0; }

  template <typename Range>
  void Shuffle(Range& range) {
    const auto begin = std::begin(range);
    for (auto left = std::end(range) - begin; left > 1; --left) {
      const auto other = static_cast<decltype(left)>(Below(static_cast<uint64_t>(left)));
      std::swap(begin[left - 1], begin[other]);
    }
  }

 private:
  uint64_t state_;
};

/// The seed of the test `name`: VECDB_TEST_SEED of the environment, with which a failure is
/// replayed, or one of its own. The test prints it when it fails.
inline uint64_t TestSeed(const char* name) {
  const char* given = std::getenv("VECDB_TEST_SEED");
  if (given == nullptr) return base::Xxh3(std::string_view(name));
  uint64_t seed = 0;
  EXPECT_TRUE(absl::SimpleAtoi(given, &seed)) << "VECDB_TEST_SEED is '" << given << "'";
  return seed;
}

/// How often to do what CI does `pr_count` times: multiplied by VECDB_TEST_SCALE of the
/// environment, which may be a fraction; at least 1.
inline int ScaledCount(int pr_count) {
  const char* given = std::getenv("VECDB_TEST_SCALE");
  if (given == nullptr) return std::max(1, pr_count);
  double scale = 1;
  EXPECT_TRUE(absl::SimpleAtod(given, &scale) && scale > 0)
      << "VECDB_TEST_SCALE is '" << given << "'";
  return static_cast<int>(std::clamp(std::round(pr_count * scale), 1.0, 2e9));
}

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_SEEDED_RANDOM_H_
