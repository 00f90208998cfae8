#ifndef VECDB_FILTER_JSON_MATCHER_H_
#define VECDB_FILTER_JSON_MATCHER_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "filter/block_reader.h"
#include "filter/block_rows.h"
#include "filter/expr.h"
#include "filter/number_matcher.h"
#include "filter/string_matcher.h"
#include "filter/value_set.h"
#include "schema/column_block.h"
#include "schema/json_scan.h"
#include "vecdb/filter.h"

namespace vecdb::filter {

/// Which values within JSON are in a set, whatever their kind. Immutable.
class JsonMatcher {
 public:
  explicit JsonMatcher(const ValueSet& set);

  bool Contains(const schema::JsonScalar& value) const;
  bool contains_other() const { return other_; }

  /// Keeps the rows whose value it contains, of a column that holds values of one kind from JSON:
  /// Bool, Int64, Double or VarChar. Cancelled, DeadlineExceeded.
  absl::Status Keep(const schema::ColumnBlock& block, BlockReader& reader, BlockRows* rows) const;

 private:
  NumberMatcher<int64_t> integers_;
  NumberMatcher<double> reals_;
  StringMatcher strings_;
  NumberMatcher<uint8_t> bools_;
  bool other_;
};

/// Which arrays within JSON hold a value: for kOne that one, else all or any value of a list.
/// Immutable.
class ArrayMatcher {
 public:
  ArrayMatcher(Quantifier quantifier, const FilterValue& wanted);

  /// `array` is JsonScalar::raw of a kArray. Takes time in proportion to it, at worst times
  /// CostPerByte().
  bool Contains(std::string_view array) const;

  /// How much work a byte of an array may be: that of each list within the list, and 1.
  size_t CostPerByte() const { return 1 + lists_.size(); }

 private:
  bool IsWanted(const schema::JsonScalar& element) const;
  bool HoldsAll(std::string_view array) const;

  bool all_;
  ValueSet set_;  // the scalars wanted
  JsonMatcher scalars_;
  std::vector<FilterValue::List> lists_;  // the lists wanted
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_JSON_MATCHER_H_
