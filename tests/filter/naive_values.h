#ifndef VECDB_FILTER_NAIVE_VALUES_H_
#define VECDB_FILTER_NAIVE_VALUES_H_

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "filter/expr.h"
#include "vecdb/filter.h"

/// What the values of a filter are worth, told the simplest way there is: the oracle of the filter
/// tests. Of src/filter it takes the names of the operators alone.
namespace vecdb::filter::naive {

using Json = nlohmann::json;

/// The fields of a row by name, those of Json and `$meta` among them. Every value is kept as JSON.
using Row = std::map<std::string, Json, std::less<>>;

/// What an operand is for one row: a bool, a number or a string; `value` is discarded when it is
/// something else or missing.
struct Operand {
  bool failed = false;  // arithmetic without a result
  Json value = Json(Json::value_t::discarded);
};

inline Operand Failed() { return {.failed = true}; }

/// Exact: every int64 and every double is a long double.
inline long double Worth(const Json& number) {
  static_assert(LDBL_MANT_DIG >= 64);
  if (number.is_number_unsigned()) return static_cast<long double>(number.get<uint64_t>());
  if (number.is_number_integer()) return static_cast<long double>(number.get<int64_t>());
  return static_cast<long double>(number.get<double>());
}

inline double ToReal(const Json& number) { return static_cast<double>(Worth(number)); }

/// Numbers by what they are worth, lists element by element.
inline bool Same(const Json& a, const Json& b) {
  if (a.is_array() && b.is_array()) return std::equal(a.begin(), a.end(), b.begin(), b.end(), Same);
  if (a.is_number() && b.is_number()) return Worth(a) == Worth(b);
  if (a.is_string() && b.is_string()) {
    return a.get_ref<const std::string&>() == b.get_ref<const std::string&>();
  }
  return a.is_boolean() && b.is_boolean() && a.get<bool>() == b.get<bool>();
}

/// Both numbers or both strings.
inline bool Less(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return Worth(a) < Worth(b);
  return a.is_string() && b.is_string() &&
         a.get_ref<const std::string&>() < b.get_ref<const std::string&>();
}

/// Of two values that did not fail. Those of different kinds differ and have no order.
inline bool Holds(Operator op, const Json& a, const Json& b) {
  const bool ordered = (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
  switch (op) {
    case Operator::kEqual:
      return Same(a, b);
    case Operator::kNotEqual:
      return !Same(a, b);
    case Operator::kLess:
      return ordered && Less(a, b);
    case Operator::kLessEqual:
      return ordered && !Less(b, a);
    case Operator::kGreater:
      return ordered && Less(b, a);
    default:
      return ordered && !Less(a, b);
  }
}

inline Operand IntegerOperand(__int128 result) {
  if (result < std::numeric_limits<int64_t>::min()) return Failed();
  if (result > std::numeric_limits<int64_t>::max()) return Failed();
  return {.value = static_cast<int64_t>(result)};
}

inline Operand IntegerArithmetic(Operator op, __int128 a, __int128 b) {
  if (op == Operator::kAdd) return IntegerOperand(a + b);
  if (op == Operator::kSubtract) return IntegerOperand(a - b);
  if (op == Operator::kMultiply) return IntegerOperand(a * b);
  if (b == 0) return Failed();
  return IntegerOperand(op == Operator::kDivide ? a / b : a % b);
}

inline Operand RealArithmetic(Operator op, double a, double b) {
  double result = a + b;
  if (op == Operator::kSubtract) result = a - b;
  if (op == Operator::kMultiply) result = a * b;
  if (op == Operator::kDivide) result = a / b;
  if (op == Operator::kModulo) result = std::fmod(a, b);
  if (op == Operator::kPower) result = std::pow(a, b);
  return std::isfinite(result) ? Operand{.value = result} : Failed();
}

inline Operand Arithmetic(Operator op, const Operand& a, const Operand& b) {
  if (a.failed || b.failed) return Failed();
  if (!a.value.is_number() || !b.value.is_number()) return {};
  const bool integers = a.value.is_number_integer() && b.value.is_number_integer();
  if (integers && op != Operator::kPower) {
    return IntegerArithmetic(op, a.value.get<int64_t>(), b.value.get<int64_t>());
  }
  return RealArithmetic(op, ToReal(a.value), ToReal(b.value));
}

inline Operand Negated(const Operand& a) {
  if (a.failed || !a.value.is_number()) return {.failed = a.failed};
  if (a.value.is_number_integer()) return IntegerOperand(-__int128{a.value.get<int64_t>()});
  return {.value = -a.value.get<double>()};
}

inline Json JsonOf(const FilterValue& value) {
  const auto* list = value.get_if<FilterValue::List>();
  if (list == nullptr) {
    Json scalar;
    std::visit(
        [&scalar](const auto& held) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(held)>, FilterValue::List>) {
            scalar = held;
          }
        },
        value.value());
    return scalar;
  }
  Json array = Json::array();
  for (const FilterValue& element : *list) array.push_back(JsonOf(element));
  return array;
}

/// What lies at `steps` within a field; null when nothing does.
inline const Json* Find(const Row& row, std::string_view name, const std::vector<PathStep>& steps) {
  const auto field = row.find(name);
  if (field == row.end()) return nullptr;
  const Json* at = &field->second;
  for (const PathStep& step : steps) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      if (!at->is_object() || !at->contains(*key)) return nullptr;
      at = &(*at)[*key];
    } else {
      const auto place = static_cast<size_t>(std::get<int64_t>(step));
      if (!at->is_array() || place >= at->size()) return nullptr;
      at = &(*at)[place];
    }
  }
  return at;
}

inline Operand ValueAt(const Row& row, std::string_view name, const std::vector<PathStep>& steps) {
  const Json* found = Find(row, name, steps);
  if (found == nullptr || found->is_null() || found->is_structured()) return {};
  return {.value = *found};
}

/// Whether `found`, null when there is nothing, is an array that holds `value`, or all or any of
/// it.
inline bool Contains(Quantifier quantifier, const Json* found, const Json& value) {
  if (found == nullptr || !found->is_array()) return false;
  const auto holds = [found](const Json& wanted) {
    return std::any_of(found->begin(), found->end(),
                       [&wanted](const Json& element) { return Same(element, wanted); });
  };
  if (quantifier == Quantifier::kOne) return holds(value);
  return quantifier == Quantifier::kAll ? std::all_of(value.begin(), value.end(), holds)
                                        : std::any_of(value.begin(), value.end(), holds);
}

// ---- like

/// Bytes of the first character of valid UTF-8 that is not empty.
inline size_t FirstCharacter(std::string_view text) {
  size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
  return bytes;
}

/// Whether all of `text` fits. Takes as long as it takes.
inline bool LikeMatches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    if (LikeMatches(pattern.substr(1), text)) return true;
    return !text.empty() && LikeMatches(pattern, text.substr(FirstCharacter(text)));
  }
  if (text.empty()) return false;
  if (pattern[0] == '_') return LikeMatches(pattern.substr(1), text.substr(FirstCharacter(text)));
  const bool escape = pattern[0] == '\\' && pattern.size() > 1 &&
                      (pattern[1] == '%' || pattern[1] == '_' || pattern[1] == '\\');
  if (escape) pattern.remove_prefix(1);
  return pattern[0] == text[0] && LikeMatches(pattern.substr(1), text.substr(1));
}

}  // namespace vecdb::filter::naive

#endif  // VECDB_FILTER_NAIVE_VALUES_H_
