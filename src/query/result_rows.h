#ifndef VECDB_QUERY_RESULT_ROWS_H_
#define VECDB_QUERY_RESULT_ROWS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/row_batch.h"
#include "vecdb/search.h"

namespace vecdb::query {

/// InvalidArgument, naming what, unless `batch` can be rows of an answer: a schema with one key,
/// whose column is there, and all columns of one length. Without rows no column need be there.
absl::Status CheckResultBatch(const RowBatch& batch);

/// The inside of a SearchResult. Hits point at it, so it does not move.
struct ResultRows {
  /// SearchResult::Make.
  static absl::StatusOr<std::unique_ptr<ResultRows>> Make(SearchResultParts parts);

  explicit ResultRows(RowBatch batch) : rows(std::move(batch)) {}
  ResultRows(const ResultRows&) = delete;
  ResultRows& operator=(const ResultRows&) = delete;

  RowBatch rows;
  std::vector<Hit> hits;         ///< hit i is row i
  std::vector<size_t> ends;      ///< where the hits of each query stop
  const Column* keys = nullptr;  ///< null without rows
  ResultShape shape{};
  bool partial = false;  ///< a damaged segment was left out
  SearchStats stats{};
};

}  // namespace vecdb::query

#endif  // VECDB_QUERY_RESULT_ROWS_H_
