#ifndef VECDB_FILTER_COLUMN_MATCHER_H_
#define VECDB_FILTER_COLUMN_MATCHER_H_

#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "filter/block_reader.h"
#include "filter/block_rows.h"
#include "filter/number_matcher.h"
#include "filter/string_matcher.h"
#include "filter/value_set.h"
#include "schema/column_block.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// Which values of a column of one scalar type other than Json are meant. Immutable.
class ColumnMatcher {
 public:
  /// Those in `set`, of what a column of `type` can have. Of Float columns a set has been made with
  /// rounded constants.
  ColumnMatcher(const ValueSet& set, DataType type);
  explicit ColumnMatcher(StringMatcher strings) : matcher_(std::move(strings)) {}

  /// Keeps the rows whose value it contains. Cancelled, DeadlineExceeded.
  absl::Status Keep(const schema::ColumnBlock& block, BlockReader& reader, BlockRows* rows) const;

 private:
  using Matcher =
      std::variant<NumberMatcher<uint8_t>, NumberMatcher<int8_t>, NumberMatcher<int16_t>,
                   NumberMatcher<int32_t>, NumberMatcher<int64_t>, NumberMatcher<float>,
                   NumberMatcher<double>, StringMatcher>;

  static Matcher MakeMatcher(const ValueSet& set, DataType type);

  Matcher matcher_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_COLUMN_MATCHER_H_
