#ifndef VECDB_SEGMENT_SCALAR_INDEX_H_
#define VECDB_SEGMENT_SCALAR_INDEX_H_

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/large_buffer.h"
#include "filter/column_source.h"
#include "filter/value_set.h"
#include "vecdb/schema.h"

namespace vecdb::segment {

/// The rows of a segment in the order of their values in one field: what INVERTED and SORTED
/// indexes are, in memory and on disk alike.
///
/// Value v, of `num_values` distinct and ascending ones, is that of the rows from run_begin(v) to
/// run_ends[v] in `rows`, which ascend.
struct ScalarIndexData {
  DataType type = DataType::kNone;  ///< of the field
  uint32_t num_rows = 0;
  uint32_t num_values = 0;
  base::LargeBuffer rows{};       ///< u32 a row
  base::LargeBuffer run_ends{};   ///< u32 a value
  base::LargeBuffer numbers{};    ///< int64 or double a value; bools are 0 and 1. Empty for VarChar
  base::LargeBuffer text_ends{};  ///< VarChar: u64 a value
  base::LargeBuffer texts{};      ///< VarChar: the bytes of all values

  uint64_t bytes() const {
    return rows.size() + run_ends.size() + numbers.size() + text_ends.size() + texts.size();
  }

  uint32_t run_end(size_t value) const { return run_ends.as<const uint32_t>()[value]; }
  uint32_t run_begin(size_t value) const { return value == 0 ? 0 : run_end(value - 1); }

  int64_t integer(size_t value) const { return numbers.as<const int64_t>()[value]; }
  double real(size_t value) const { return numbers.as<const double>()[value]; }
  std::string_view text(size_t value) const {
    const auto ends = text_ends.as<const uint64_t>();
    const uint64_t begin = value == 0 ? 0 : ends[value - 1];
    return {reinterpret_cast<const char*>(texts.data()) + begin, ends[value] - begin};
  }
};

/// How the values of a type lie in a ScalarIndexData.
enum class ScalarForm { kNone, kIntegers, kReals, kTexts };
ScalarForm ScalarFormOf(DataType type);

/// Finds the rows of a sealed segment by the values of one scalar field. Immutable, thread-safe.
///
/// O(log n) for each interval of a set, whose intervals ascend, from where the one before was
/// found; Mark takes a nanosecond or so for each row besides. Nothing is allocated.
class SealedScalarIndex final : public filter::ScalarIndex {
 public:
  /// `data` is well-formed, as the builder makes it and the reader checks it.
  explicit SealedScalarIndex(ScalarIndexData data) : data_(std::move(data)) {}

  uint64_t Count(const filter::ValueSet& set) const override;
  void Mark(const filter::ValueSet& set, uint64_t* words) const override;

  uint64_t bytes() const { return data_.bytes(); }
  const ScalarIndexData& data() const { return data_; }

 private:
  ScalarIndexData data_;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SCALAR_INDEX_H_
