#ifndef VECDB_QUERY_JOIN_COLUMNS_H_
#define VECDB_QUERY_JOIN_COLUMNS_H_

#include <cstdint>
#include <span>

#include "vecdb/row_batch.h"

namespace vecdb::query {

/// A row of one of several columns.
struct PartRow {
  uint32_t part = 0;
  uint32_t row = 0;
};

/// The values of some rows of columns of one type, at least one, in the order of `rows`. Owns them.
Column JoinColumns(std::span<const Column* const> parts, std::span<const PartRow> rows);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_JOIN_COLUMNS_H_
