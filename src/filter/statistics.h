#ifndef VECDB_FILTER_STATISTICS_H_
#define VECDB_FILTER_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "filter/number.h"
#include "filter/value_set.h"
#include "schema/column_block.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// What is known of rows without reading them: that none match, that all do, or neither.
enum class Verdict : uint8_t { kNone, kAll, kSome };

/// Of rows whose values in a column of `type` have these bounds, which of them are in `set`. Null
/// stands for nothing known. O(log n) in the intervals of the set.
Verdict Judge(const ValueSet& set, DataType type, const schema::ColumnStats* stats);

/// An estimate, from 0 to 1, of the share of such rows whose value is in `set`.
double EstimateShare(const ValueSet& set, DataType type, const schema::ColumnStats* stats);

/// The least and the greatest value of a field of numbers; nullopt when they are not known.
std::optional<std::pair<Number, Number>> BoundsOf(DataType type, const schema::ColumnStats* stats);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_STATISTICS_H_
