#ifndef VECDB_TESTS_FILTER_RANDOM_NUMBERS_H_
#define VECDB_TESTS_FILTER_RANDOM_NUMBERS_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "filter/interval_set.h"
#include "filter/number.h"
#include "support/seeded_random.h"

namespace vecdb::filter {

/// A value of T: small, at an end, or next to one.
template <typename T>
T RandomNumberOf(support::SeededRandom& random) {
  using Limits = std::numeric_limits<T>;
  const auto small = static_cast<T>(static_cast<T>(random.Below(40)) - static_cast<T>(20));
  switch (random.Below(5)) {
    case 0:
      return Limits::lowest();
    case 1:
      return Limits::max();
    case 2:
      if constexpr (std::is_floating_point_v<T>) {
        const T odd[] = {-T{0},
                         T{0.5},
                         static_cast<T>(0.1),
                         Limits::denorm_min(),
                         static_cast<T>(0x1p60),
                         static_cast<T>(9007199254740992.0),
                         static_cast<T>(-0x1p63)};
        return odd[random.Below(7)];
      } else {
        return static_cast<T>(random.Next());
      }
    case 3:
      if constexpr (std::is_floating_point_v<T>) return std::nextafter(small, Limits::max());
      return small;
    default:
      return small;
  }
}

template <typename T>
Number ExactNumber(T value) {
  if constexpr (std::is_floating_point_v<T>) return Number(static_cast<double>(value));
  return Number(static_cast<int64_t>(value));
}

inline Number RandomBound(support::SeededRandom& random) {
  switch (random.Below(5)) {
    case 0:
      return ExactNumber(RandomNumberOf<int8_t>(random));
    case 1:
      return ExactNumber(RandomNumberOf<int32_t>(random));
    case 2:
      return ExactNumber(RandomNumberOf<int64_t>(random));
    case 3:
      return ExactNumber(RandomNumberOf<float>(random));
    default:
      return ExactNumber(RandomNumberOf<double>(random));
  }
}

/// Of up to `count` intervals, some of them points; or all but these.
inline IntervalSet<Number> RandomNumberSet(support::SeededRandom& random, size_t count) {
  using Set = IntervalSet<Number>;
  std::vector<Set> parts;
  for (; count > 0; --count) {
    const Number low = RandomBound(random);
    const Number high = RandomBound(random);
    switch (random.Below(6)) {
      case 0:
        parts.push_back(Set::Below(low, random.OneIn(2)));
        break;
      case 1:
        parts.push_back(Set::Above(low, random.OneIn(2)));
        break;
      case 2:
      case 3:
        parts.push_back(Set::Between(low, random.OneIn(2), high, random.OneIn(2)));
        break;
      default:
        parts.push_back(Set::Point(low));
    }
  }
  const Set set = Set::UnionOf(std::move(parts));
  return random.OneIn(3) ? set.Complement() : set;
}

}  // namespace vecdb::filter

#endif  // VECDB_TESTS_FILTER_RANDOM_NUMBERS_H_
