#ifndef VECDB_QUERY_RESULT_ROWS_H_
#define VECDB_QUERY_RESULT_ROWS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "vecdb/row_batch.h"
#include "vecdb/search.h"

namespace vecdb::query {

/// The inside of a SearchResult. Hits point at it, so it does not move.
struct ResultRows {
  explicit ResultRows(RowBatch batch) : rows(std::move(batch)) {}
  ResultRows(const ResultRows&) = delete;
  ResultRows& operator=(const ResultRows&) = delete;

  RowBatch rows;
  std::vector<Hit> hits;
  std::vector<size_t> ends;  ///< where the hits of each query stop
  const Column* keys = nullptr;
  bool partial = false;  ///< a damaged segment was left out
  SearchStats stats{};
};

}  // namespace vecdb::query

#endif  // VECDB_QUERY_RESULT_ROWS_H_
