#ifndef VECDB_FILTER_NUMBER_MATCHER_H_
#define VECDB_FILTER_NUMBER_MATCHER_H_

#include <cstdint>
#include <vector>

#include "filter/block_rows.h"
#include "filter/key_set.h"
#include "filter/number_ranges.h"
#include "schema/column_block.h"

namespace vecdb::filter {

/// Which values of T are in some ranges, in the form in which many of them are looked up fastest: a
/// kernel for few ranges, a bitmap for dense integers, a hash set for points, else a binary search.
/// T is as for RangesOf, or uint8_t for bools. Immutable.
template <typename T>
class NumberMatcher {
 public:
  /// As RangesOf gives them.
  explicit NumberMatcher(std::vector<NumberRange<T>> ranges);

  bool Contains(T value) const { return Has(value) != negated_; }

  /// Keeps the rows whose value it contains.
  void Keep(const T* values, uint32_t num_rows, BlockRows* rows) const;
  void Keep(const schema::ColumnBlock& block, BlockRows* rows) const;

 private:
  enum class Way : uint8_t { kRanges, kTable, kKeys, kSearch };

  bool MakeTable();
  bool IsInTable(T value) const;
  bool IsInRanges(T value) const;
  bool Has(T value) const;
  void KeepByKernel(const T* values, uint32_t num_rows, BlockRows* rows) const;
  void KeepByKeys(const T* values, BlockRows* rows) const;

  Way way_ = Way::kRanges;
  bool negated_ = false;  // the ranges, and all made of them, hold what is not contained
  std::vector<NumberRange<T>> ranges_;
  std::vector<uint64_t> table_;  // a bit for each value from the first range to the last
  uint64_t table_last_ = 0;
  KeySet keys_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_NUMBER_MATCHER_H_
