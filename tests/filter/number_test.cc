#include "filter/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "support/int64_limits.h"

namespace vecdb::filter {
namespace {

// The oracle holds every int64 and every double exactly.
static_assert(std::numeric_limits<long double>::digits >= 64);

using support::kMaxInt64;
using support::kMinInt64;
constexpr double kTwo53 = 9007199254740992.0;
constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct NumberCase {
  Number number;
  long double exact;
};

void AddIntegers(int64_t first, int64_t last, std::vector<NumberCase>& cases) {
  for (int64_t value = first;; ++value) {
    cases.push_back({Number(value), static_cast<long double>(value)});
    if (value == last) return;
  }
}

// `value`, and three doubles to either side of it.
void AddReals(double value, std::vector<NumberCase>& cases) {
  for (int i = 0; i < 3; ++i) value = std::nextafter(value, -kInfinity);
  for (int i = 0; i < 7; ++i) {
    cases.push_back({Number(value), static_cast<long double>(value)});
    value = std::nextafter(value, kInfinity);
  }
}

std::vector<NumberCase> Cases() {
  std::vector<NumberCase> cases;
  constexpr int64_t kExact = int64_t{1} << 53;
  for (const int64_t at : {-kExact, int64_t{0}, kExact, int64_t{1} << 62}) {
    AddIntegers(at - 3, at + 3, cases);
    AddReals(static_cast<double>(at), cases);
  }
  AddIntegers(kMinInt64, kMinInt64 + 1025, cases);
  AddIntegers(kMaxInt64 - 1025, kMaxInt64, cases);
  for (const double value : {-1e300, -kTwo63, -2.5, -1.0, -0.5, -0.0, 0.5, 1.0, 2.5, kTwo53 / 2,
                             kTwo63 - 1024, kTwo63, 2 * kTwo63, 1e19, 1e300}) {
    AddReals(value, cases);
  }
  for (const double value :
       {std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()}) {
    cases.push_back({Number(value), static_cast<long double>(value)});
  }
  return cases;
}

TEST(NumberTest, ComparesExactlyAcrossBothKinds) {
  const std::vector<NumberCase> cases = Cases();
  size_t wrong = 0;
  for (const NumberCase& a : cases) {
    for (const NumberCase& b : cases) {
      if ((a.number == b.number) != (a.exact == b.exact)) ++wrong;
      if ((a.number < b.number) != (a.exact < b.exact)) ++wrong;
      if ((a.number > b.number) != (a.exact > b.exact)) ++wrong;
    }
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(NumberTest, DoesNotRoundToCompare) {
  EXPECT_GT(Number(int64_t{9007199254740993}), Number(9007199254740992.0));
  EXPECT_LT(Number(int64_t{9007199254740993}), Number(9007199254740994.0));
  EXPECT_LT(Number(kMaxInt64), Number(kTwo63));
  EXPECT_EQ(Number(kMinInt64), Number(-kTwo63));
  EXPECT_GT(Number(kMinInt64), Number(std::nextafter(-kTwo63, -kInfinity)));
  EXPECT_LT(Number(int64_t{0}), Number(std::numeric_limits<double>::denorm_min()));
}

TEST(NumberTest, ZeroHasNoSign) {
  EXPECT_EQ(Number(-0.0), Number(0.0));
  EXPECT_EQ(Number(-0.0), Number(int64_t{0}));
  EXPECT_FALSE(std::signbit(Number(-0.0).AsDouble()));
}

TEST(NumberTest, EqualNumbersHashAlike) {
  const std::vector<NumberCase> cases = Cases();
  absl::flat_hash_set<Number> numbers;
  std::vector<long double> exact;
  for (const NumberCase& c : cases) {
    numbers.insert(c.number);
    exact.push_back(c.exact);
  }
  std::sort(exact.begin(), exact.end());
  exact.erase(std::unique(exact.begin(), exact.end()), exact.end());
  EXPECT_EQ(numbers.size(), exact.size());
  EXPECT_EQ(absl::HashOf(Number(int64_t{1})), absl::HashOf(Number(1.0)));
  EXPECT_EQ(absl::HashOf(Number(int64_t{0})), absl::HashOf(Number(-0.0)));
}

TEST(NumberTest, KnowsTheIntegersOfInt64) {
  const long double min = -static_cast<long double>(kTwo63);
  for (const NumberCase& c : Cases()) {
    const bool integer = std::floor(c.exact) == c.exact && c.exact >= min && c.exact < -min;
    EXPECT_EQ(c.number.is_integer(), integer) << c.exact;
    if (integer) {
      EXPECT_EQ(c.number.AsInt64(), static_cast<int64_t>(c.exact));
    }
  }
}

TEST(NumberTest, AsDoubleIsTheNearest) {
  for (const NumberCase& c : Cases()) EXPECT_EQ(c.number.AsDouble(), static_cast<double>(c.exact));
}

TEST(NumberTest, FloorAndCeilStayWithinInt64) {
  const auto in_int64 = [](long double exact) -> std::optional<int64_t> {
    const long double min = -static_cast<long double>(kTwo63);
    if (exact < min || exact >= -min) return std::nullopt;
    return static_cast<int64_t>(exact);
  };
  for (const NumberCase& c : Cases()) {
    EXPECT_EQ(Floor(c.number), in_int64(std::floor(c.exact))) << c.exact;
    EXPECT_EQ(Ceil(c.number), in_int64(std::ceil(c.exact))) << c.exact;
  }
}

}  // namespace
}  // namespace vecdb::filter
