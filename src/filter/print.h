#ifndef VECDB_FILTER_PRINT_H_
#define VECDB_FILTER_PRINT_H_

#include <string>

#include "filter/expr.h"
#include "filter/node.h"

namespace vecdb::filter {

/// Texts that parse to what they print.
std::string ExprText(const Expr& expr);
std::string NodeText(const Node& node);
std::string TermText(const Term& term);
std::string ValueText(const FilterValue& value);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_PRINT_H_
