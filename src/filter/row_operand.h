#ifndef VECDB_FILTER_ROW_OPERAND_H_
#define VECDB_FILTER_ROW_OPERAND_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "filter/block_reader.h"
#include "filter/expr.h"
#include "filter/node.h"
#include "schema/column_block.h"
#include "schema/json_scan.h"

namespace vecdb::filter {

/// What an operand is for one row: a value as FindInJson gives it, with arrays, objects and null
/// counted as missing; or nothing, when arithmetic had no result.
struct RowOperand {
  bool failed = false;
  schema::JsonScalar value{};
};

/// Whether a op b, for == != < and <=, of values that did not fail: those of different kinds differ
/// and have no order.
bool Holds(Operator op, const schema::JsonScalar& a, const schema::JsonScalar& b);

/// Evaluates a term row by row, whatever it is made of. Borrows its term. Single-threaded.
class RowTerm {
 public:
  explicit RowTerm(const Term& term) : term_(term) {}

  /// Reads the columns for the block that the reader is at. Errors as BlockReader::Read.
  absl::Status Read(BlockReader& reader);

  /// Valid until the next call.
  RowOperand ValueAt(size_t row) { return ValueOf(term_, row); }

  /// Bytes of JSON that ValueAt looks at.
  size_t BytesAt(size_t row) const;

 private:
  struct Column {
    size_t number = 0;
    const schema::ColumnBlock* values = nullptr;
  };

  absl::Status ReadColumns(const Term& term, BlockReader& reader);
  const schema::ColumnBlock& column(size_t number) const;
  RowOperand ValueOf(const Term& term, size_t row);

  const Term& term_;
  std::vector<Column> columns_;
  std::string buffer_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_ROW_OPERAND_H_
