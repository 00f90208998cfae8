#ifndef VECDB_FILTER_EVALUATE_H_
#define VECDB_FILTER_EVALUATE_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "filter/column_source.h"
#include "filter/program.h"
#include "vecdb/context.h"

namespace vecdb::filter {

/// What an evaluation did.
struct EvaluationStats {
  uint64_t blocks_pruned = 0;     ///< of which no column was read
  uint64_t blocks_evaluated = 0;  ///< the others
  uint64_t blocks_read = 0;       ///< one for each column
  uint64_t rows_matched = 0;
  bool used_index = false;
  double estimated_selectivity = 0;  ///< what was thought before
};

/// Sets the bit of each row of a segment that matches, clears all others, those beyond the last row
/// too. `words` has at least a bit per row. `stats` may be null.
///
/// Statistics rule out the segment or blocks of it; an index that knows of few rows leaves these
/// alone to be looked at; what is left goes block by block and column by column, the cheapest and
/// most selective condition first, each for the rows that are still in question.
///
/// Errors as ColumnSource::Read; Cancelled, DeadlineExceeded, looked for at each block and within
/// blocks of long values. The words are then anything.
absl::Status Evaluate(const Program& program, const ColumnSource& source, const Context& context,
                      std::span<uint64_t> words, EvaluationStats* stats);

/// The share of the rows of a segment that match, from 0 to 1, as its statistics and indexes let
/// one guess.
double EstimateSelectivity(const Program& program, const ColumnSource& source);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_EVALUATE_H_
