#ifndef VECDB_FILTER_NUMERIC_BLOCK_H_
#define VECDB_FILTER_NUMERIC_BLOCK_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "filter/block_reader.h"
#include "filter/block_rows.h"
#include "filter/node.h"

namespace vecdb::filter {

/// What a term is worth in the rows of a block: integers or reals, one entry per row of a whole
/// block. Entries of rows that were not asked for, or have no result, are anything.
struct NumericBlock {
  bool is_real = false;
  std::vector<int64_t> integers{};  // or
  std::vector<double> reals{};

  /// The entries as double. Rounds integers beyond 2^53.
  void MakeReal();
};

/// Whether the term is a numeric field or constant, or arithmetic of these: not of Json.
bool IsNumeric(const Term& term);

/// Computes such a term, as Apply and Negate do, and takes the rows without a result out of `rows`.
/// Errors as BlockReader::Read; Cancelled, DeadlineExceeded.
absl::StatusOr<NumericBlock> ComputeTerm(const Term& term, BlockReader& reader, BlockRows* rows);

/// Keeps the rows where a op b, for == != < and <=. Exact.
void KeepWhere(const NumericBlock& a, Operator op, const NumericBlock& b, BlockRows* rows);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_NUMERIC_BLOCK_H_
