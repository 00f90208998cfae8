#ifndef VECDB_TESTS_INDEX_MERGE_TESTING_H_
#define VECDB_TESTS_INDEX_MERGE_TESTING_H_

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "index/index_testing.h"

namespace vecdb::index {

/// Some rows of `rows`, in the order of `numbers`.
inline TestRows PickedRows(const TestRows& rows, const std::vector<uint32_t>& numbers) {
  std::vector<float> values;
  const VectorView view = rows.view();
  for (const uint32_t number : numbers) {
    values.insert(values.end(), view.row(number), view.row(number) + view.dim);
  }
  return TestRows(std::move(values), view.dim);
}

/// The rows of an index, and those of one that comes of it.
struct MergedRows {
  TestRows old_rows;
  TestRows new_rows;
  std::vector<uint32_t> map{};  ///< by old row, the new one
};

/// Rows 0 to num_old - 1 are in an index; then one in `gone` goes, and the rest of `rows` comes.
inline MergedRows MergeRows(const TestRows& rows, uint32_t num_old, uint32_t gone) {
  std::vector<uint32_t> old_numbers(num_old);
  std::iota(old_numbers.begin(), old_numbers.end(), 0u);
  std::vector<uint32_t> map(num_old, kNoRow);
  std::vector<uint32_t> numbers;
  for (uint32_t row = 0; row < num_old; ++row) {
    if (gone > 0 && row % gone == 0) continue;
    map[row] = static_cast<uint32_t>(numbers.size());
    numbers.push_back(row);
  }
  for (uint32_t row = num_old; row < rows.view().num_rows; ++row) numbers.push_back(row);
  return {PickedRows(rows, old_numbers), PickedRows(rows, numbers), std::move(map)};
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_MERGE_TESTING_H_
