#ifndef VECDB_BENCHMARKS_ANN_ROW_FILTER_H_
#define VECDB_BENCHMARKS_ANN_ROW_FILTER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "data/row_set.h"

namespace vecdb::bench {

/// Which rows the searches of a run may return, and the text that asked for them.
struct RowFilter {
  std::string text{};
  RowSet rows{};
};

/// Makes a filter for `num_rows` rows from one of
///
///     all                 every row
///     random:0.1          each row with this probability; the same rows in every run
///     label=3             rows whose field in `meta_path`, JSON lines, has this value
///     label=0+2+4         ... one of these values
///     label=3:0.1         ... and of those each with this probability
///
/// InvalidArgument for other text and for a file without a line per row; NotFound without the file.
absl::StatusOr<RowFilter> MakeRowFilter(std::string_view text, const std::string& meta_path,
                                        size_t num_rows);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_ROW_FILTER_H_
