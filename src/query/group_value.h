#ifndef VECDB_QUERY_GROUP_VALUE_H_
#define VECDB_QUERY_GROUP_VALUE_H_

#include <cstddef>
#include <string>

#include "vecdb/filter.h"
#include "vecdb/row_batch.h"

namespace vecdb::query {

/// The value of a row of a scalar column that hits are grouped by. The row is there.
FilterValue GroupValueAt(const Column& column, size_t row);

/// What tells values of one column apart: their bytes. -0.0 is 0.0.
std::string GroupBytes(const FilterValue& value);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_GROUP_VALUE_H_
