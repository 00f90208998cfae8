#ifndef VECDB_FILTER_STRING_MATCHER_H_
#define VECDB_FILTER_STRING_MATCHER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "filter/block_reader.h"
#include "filter/block_rows.h"
#include "filter/interval_set.h"
#include "filter/key_set.h"
#include "filter/like_pattern.h"
#include "schema/column_block.h"

namespace vecdb::filter {

/// Which strings are in a set, or fit a pattern. Immutable.
class StringMatcher {
 public:
  explicit StringMatcher(const IntervalSet<std::string>& set);
  /// The strings that fit, or the others.
  StringMatcher(LikePattern pattern, bool negated);

  bool Contains(std::string_view text) const { return Has(text) != negated_; }

  /// How much work a byte of a string may be: 1, or what the pattern says.
  size_t CostPerByte() const { return cost_per_byte_; }

  /// Keeps the rows whose string it contains, with a look at the reader's context between long
  /// strings. Cancelled, DeadlineExceeded.
  absl::Status Keep(const schema::ColumnBlock& block, BlockReader& reader, BlockRows* rows) const;

  /// The same without. Strings of a dictionary are looked at once each, and
  /// of those that are sorted by value only some.
  void Keep(const schema::ColumnBlock& block, BlockRows* rows) const;

 private:
  using Interval = IntervalSet<std::string>::Interval;
  struct CodeRange {
    uint32_t begin = 0;
    uint32_t end = 0;  // behind the last
  };

  // True when it reads all of a string, however long.
  bool reads_all() const { return pattern_.has_value() || hashed_; }

  bool Has(std::string_view text) const;
  bool IsInIntervals(std::string_view text) const;
  std::vector<CodeRange> CodesOf(const schema::ColumnBlock& block) const;
  void KeepEach(const schema::ColumnBlock& block, BlockRows* rows) const;
  absl::Status KeepEach(const schema::ColumnBlock& block, BlockReader& reader,
                        BlockRows* rows) const;
  absl::Status KeepCodes(const schema::ColumnBlock& block, BlockReader& reader,
                         BlockRows* rows) const;
  void KeepCodes(const schema::ColumnBlock& block, BlockRows* rows) const;
  void KeepCodesByTable(const schema::ColumnBlock& block, const std::vector<CodeRange>& codes,
                        BlockRows* rows) const;

  bool negated_ = false;  // what follows says which strings are not contained
  std::vector<Interval> intervals_;
  bool hashed_ = false;
  KeySet hashes_;  // of the points, when there are many: what is not here needs no search
  std::optional<LikePattern> pattern_;
  size_t cost_per_byte_ = 1;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_STRING_MATCHER_H_
