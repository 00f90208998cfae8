#ifndef VECDB_FILTER_RANDOM_ROW_H_
#define VECDB_FILTER_RANDOM_ROW_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "filter/naive_values.h"
#include "support/seeded_random.h"
#include "vecdb/schema.h"

namespace vecdb::filter::naive {

/// Rows of RandomFilterSchema, whose values are often those that RandomFilter has for constants.
/// Single-threaded.
class RandomRow {
 public:
  explicit RandomRow(support::SeededRandom& random) : random_(random) {}

  Row Next() {
    constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    Row row;
    row["i64"] = Pick<int64_t>({0, 1, -1, 2, 3, 16, 8, kMin, kMin + 1, kMax - 1, kMax,
                                9007199254740993, 9007199254740992});
    row["b"] = random_.OneIn(2);
    row["i8"] = Pick<int64_t>({-128, -127, -1, 0, 1, 2, 3, 8, 16, 126, 127});
    row["f"] = static_cast<double>(
        Pick<float>({0.0F, 0.1F, 2.5F, -0.5F, 0.5F, 1.0F, -1.0F, 3.0F, 16777216.0F, 1e10F,
                     1152921573326323712.0F, 1152921710765277184.0F,
                     std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()}));
    row["d"] = Real();
    row["v"] = String();
    row["j"] = Object(3, {"a", "b", "it's \"\\"});
    row[std::string(kDynamicFieldName)] = Object(3, {"x", "y"});
    return row;
  }

 private:
  template <typename T>
  T Pick(const std::vector<T>& values) {
    return values[random_.Below(values.size())];
  }

  double Real() {
    return Pick<double>({0, -0.0, 0.1, 2.5, -0.5, 1, -1, 2, 3, 1e19, 1e300, -1e300, 5e-324,
                         9223372036854775808.0, 9007199254740992.0});
  }

  std::string String() {
    return Pick<std::string>({"", "a", "ab", "b", "aa", "abb", "é", "éa", "aé", "日", "日本", "a%",
                              "a\\", "A", "\"", std::string(1, '\0'), "\xf4\x8f\xbf\xbf",
                              "\xf4\x8f\xbf\xbf"
                              "b"});
  }

  Json Object(int depth, const std::vector<const char*>& keys) {
    Json object = Json::object();
    for (const char* key : keys) {
      if (!random_.OneIn(5)) object[key] = Value(depth);
    }
    return object;
  }

  Json Array(int depth) {
    Json array = Json::array();
    for (uint64_t left = random_.Below(4); left > 0; --left) array.push_back(Value(depth));
    return array;
  }

  Json Value(int depth) {
    switch (random_.Below(depth > 0 ? 13 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return random_.OneIn(2);
      case 2:
      case 3:
        return Pick<int64_t>({0, 1, -1, 2, 3, std::numeric_limits<int64_t>::max(),
                              std::numeric_limits<int64_t>::min()});
      case 4:
      case 5:
        return Real();
      case 6:
      case 7:
        return String();
      case 8:
      case 9:
        return Object(depth - 1, {"a", "b"});
      case 10:
        return Json::array({1, 2.0});
      default:
        return Array(depth - 1);
    }
  }

  support::SeededRandom& random_;
};

}  // namespace vecdb::filter::naive

#endif  // VECDB_FILTER_RANDOM_ROW_H_
