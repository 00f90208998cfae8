#ifndef VECDB_FILTER_COMBINE_H_
#define VECDB_FILTER_COMBINE_H_

#include <vector>

#include "filter/node.h"

namespace vecdb::filter {

/// `conditions` joined by `and` or by `or` (kAnd, kOr), in normal form: those about one term become
/// one set, which shows contradictions and what always holds; what comes twice comes once.
/// `conditions` are in normal form.
Node Combine(Node::Kind kind, std::vector<Node> conditions);

/// `term` is in `set`, in normal form.
Node SetNode(Term term, ValueSet set);

/// What holds for every row, or for none.
Node ConstantNode(bool value);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_COMBINE_H_
