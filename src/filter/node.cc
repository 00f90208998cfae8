#include "filter/node.h"

#include <limits>

namespace vecdb::filter {
namespace {

template <typename T>
Universe IntegersOf() {
  return {.numbers = Universe::Numbers::kIntegers,
          .min = std::numeric_limits<T>::min(),
          .max = std::numeric_limits<T>::max()};
}

Universe UniverseOfField(DataType type) {
  switch (type) {
    case DataType::kBool:
      return {.bools = true};
    case DataType::kInt8:
      return IntegersOf<int8_t>();
    case DataType::kInt16:
      return IntegersOf<int16_t>();
    case DataType::kInt32:
      return IntegersOf<int32_t>();
    case DataType::kInt64:
      return IntegersOf<int64_t>();
    case DataType::kVarChar:
      return {.strings = true};
    default:
      return {.numbers = Universe::Numbers::kReals};
  }
}

}  // namespace

ValueKind KindOf(const FilterValue& value) {
  constexpr ValueKind kKinds[] = {ValueKind::kBool, ValueKind::kInteger, ValueKind::kReal,
                                  ValueKind::kString, ValueKind::kList};
  return kKinds[value.value().index()];
}

Universe UniverseOf(const Term& term) {
  if (term.kind == Term::Kind::kField) return UniverseOfField(term.type);
  if (term.kind == Term::Kind::kJson) {
    return {.numbers = Universe::Numbers::kReals, .strings = true, .bools = true, .other = true};
  }
  switch (term.values) {
    case ValueKind::kInteger:
      return IntegersOf<int64_t>();
    case ValueKind::kJson:  // arithmetic, which is a number or, without one to start from, missing
      return {.numbers = Universe::Numbers::kReals, .other = true};
    default:
      return {.numbers = Universe::Numbers::kReals};
  }
}

bool AlwaysHasResult(const Term& term) {
  return term.kind == Term::Kind::kField || term.kind == Term::Kind::kJson;
}

}  // namespace vecdb::filter
