#ifndef VECDB_FILTER_ARITHMETIC_H_
#define VECDB_FILTER_ARITHMETIC_H_

#include <cstdint>
#include <optional>
#include <variant>

#include "filter/expr.h"

namespace vecdb::filter {

using Numeric = std::variant<int64_t, double>;

/// `a op b` as a filter means it: of two integers an integer for + - * / %, where / is rounded
/// towards zero and % takes the sign of `a`; otherwise, and for ** always, a real. nullopt for
/// integers that overflow or are divided by zero, and for a real that is not finite.
std::optional<Numeric> Apply(Operator op, const Numeric& a, const Numeric& b);

/// -a; nullopt for the least integer.
std::optional<Numeric> Negate(const Numeric& a);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_ARITHMETIC_H_
