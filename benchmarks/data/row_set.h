#ifndef VECDB_BENCHMARKS_DATA_ROW_SET_H_
#define VECDB_BENCHMARKS_DATA_ROW_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vecdb::bench {

/// A set of rows of a matrix, as a bitmap. A value.
class RowSet {
 public:
  RowSet() = default;
  explicit RowSet(size_t num_rows) : words_((num_rows + 63) / 64) {}

  void Insert(size_t row) {
    size_ += Contains(row) ? 0 : 1;
    words_[row / 64] |= uint64_t{1} << (row % 64);
  }

  bool Contains(size_t row) const { return ((words_[row / 64] >> (row % 64)) & 1) != 0; }

  size_t size() const { return size_; }
  const std::vector<uint64_t>& words() const { return words_; }

 private:
  std::vector<uint64_t> words_;
  size_t size_ = 0;
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_ROW_SET_H_
