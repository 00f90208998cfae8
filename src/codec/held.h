#ifndef VECDB_CODEC_HELD_H_
#define VECDB_CODEC_HELD_H_

#include <algorithm>
#include <limits>

namespace vecdb::codec {

/// The float nearest to a number that may be beyond the range of float; never infinite. Differences
/// of finite rows are, when these are very long.
inline float HeldToFloat(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMost, kMost));
}

inline float HeldDifference(float a, float b) {
  return HeldToFloat(static_cast<double>(a) - static_cast<double>(b));
}

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_HELD_H_
