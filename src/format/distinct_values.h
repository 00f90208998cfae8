#ifndef VECDB_FORMAT_DISTINCT_VALUES_H_
#define VECDB_FORMAT_DISTINCT_VALUES_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "schema/column_block.h"

namespace vecdb::format {

/// The different values of one block after another. Numbers differ when their bits do. Each value
/// has a number, in the order in which they come first. Single-threaded.
class DistinctValues {
 public:
  DistinctValues();

  /// Looks at a block of at most kBlockRows rows, which is not constant; forgets the one before.
  void Find(const schema::ColumnBlock& block);

  uint32_t count() const { return static_cast<uint32_t>(rows_.size()); }
  /// The number of the value of each row.
  std::span<const uint16_t> codes() const { return codes_; }
  /// The first row that has value i.
  std::span<const uint16_t> rows() const { return rows_; }
  /// schema::KeyHash of value i: of the string, or of the bits of the number.
  std::span<const uint64_t> hashes() const { return hashes_; }

 private:
  static constexpr size_t kSlots = 2 * schema::kBlockRows;

  template <typename HashOf, typename Equal>
  void FindWith(uint32_t num_rows, HashOf hash_of, Equal equal);

  std::vector<uint16_t> codes_;
  std::vector<uint16_t> rows_;
  std::vector<uint64_t> hashes_;
  std::array<uint16_t, kSlots> slots_;  // number of a value, plus one
};

/// An estimate of how many different hashes it was shown: HyperLogLog (Flajolet, Fusy, Gandouet,
/// Meunier 2007) with 4096 registers, which errs by 1.6 % (standard deviation); few are counted
/// almost exactly, by the registers that are still empty. A value.
class DistinctEstimate {
 public:
  void Add(uint64_t hash);
  uint64_t Estimate() const;

 private:
  static constexpr uint32_t kIndexBits = 12;
  std::array<uint8_t, 1 << kIndexBits> registers_ = {};
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_DISTINCT_VALUES_H_
