#include "filter/block_reader.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::filter {

absl::Status BlockReader::CheckContext() {
  spent_ = 0;
  return context_.Check();
}

absl::Status BlockReader::MoveTo(uint32_t block) {
  block_ = block;
  num_rows_ = std::min(schema::kBlockRows, source_.num_rows() - block * schema::kBlockRows);
  return CheckContext();
}

absl::StatusOr<const schema::ColumnBlock*> BlockReader::Read(size_t column) {
  auto found = std::find_if(columns_.begin(), columns_.end(),
                            [column](const Column& read) { return read.number == column; });
  if (found != columns_.end() && found->block == block_) return &found->values;
  VECDB_ASSIGN_OR_RETURN(schema::ColumnBlock values, source_.Read(column, block_, context_));
  if (values.num_rows != num_rows_) {
    return absl::InternalError(base::StrFormat("block %d of column %d has %d rows instead of %d",
                                               block_, column, values.num_rows, num_rows_));
  }
  ++num_reads_;
  if (found == columns_.end()) found = columns_.emplace(columns_.end());
  *found = {column, block_, std::move(values)};
  return &found->values;
}

}  // namespace vecdb::filter
