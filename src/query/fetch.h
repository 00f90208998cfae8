#ifndef VECDB_QUERY_FETCH_H_
#define VECDB_QUERY_FETCH_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "query/segment_view.h"
#include "vecdb/context.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::query {

/// A row of one of several segments.
struct RowPlace {
  uint32_t segment = 0;
  uint32_t row = 0;
};

/// Reads some columns of rows, in the order of `places`.
absl::StatusOr<RowBatch> FetchRows(const std::shared_ptr<const Schema>& schema,
                                   std::span<const SegmentView> segments,
                                   std::span<const RowPlace> places,
                                   std::span<const size_t> columns, const Context& context);

/// The numbers of the columns of `fields`, the key first; all columns when `fields` is empty and
/// `empty_means_all`. NotFound, naming the field, for one that the schema does not have.
absl::StatusOr<std::vector<size_t>> ColumnsOf(const Schema& schema,
                                              std::span<const std::string> fields,
                                              bool empty_means_all);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_FETCH_H_
