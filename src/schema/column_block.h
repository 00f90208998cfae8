#ifndef VECDB_SCHEMA_COLUMN_BLOCK_H_
#define VECDB_SCHEMA_COLUMN_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "vecdb/schema.h"

namespace vecdb::schema {

/// Rows of a block of a column: block b holds the rows from b * kBlockRows on.
inline constexpr uint32_t kBlockRows = 4096;

/// The values of one scalar column for the rows of a block, as they lie in memory. A view that
/// keeps what it shows alive by `owner`. Immutable, hence thread-safe.
///
/// Numbers and bools are an array of their C++ type (bools uint8_t, 0 or 1). Strings, which Json
/// texts are too, come in one of three forms:
///
///   - `views`: one string_view each;
///   - `ends` and `bytes`: string i ends at bytes[ends[i]] and begins where the one before ends;
///   - the same with `codes`: the strings are distinct and sorted, and row r has string codes[r].
struct ColumnBlock {
  DataType type = DataType::kNone;
  uint32_t num_rows = 0;
  /// One value stands for all rows: `numbers`, `views` or `ends` have one entry, `codes` is null.
  bool constant = false;
  const void* numbers = nullptr;
  const std::string_view* views = nullptr;
  const uint32_t* ends = nullptr;
  const char* bytes = nullptr;
  uint32_t num_strings = 0;  ///< entries of `ends`
  const uint16_t* codes = nullptr;
  std::shared_ptr<const void> owner{};

  /// `numbers` as an array of the C++ type of `type`.
  template <typename T>
  std::span<const T> as() const {
    return {static_cast<const T*>(numbers), constant ? 1 : num_rows};
  }

  /// String i of `ends`.
  std::string_view text(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return {bytes + begin, ends[i] - begin};
  }

  /// The string of a row, in whichever form.
  std::string_view string(size_t row) const {
    if (constant) row = 0;
    if (views != nullptr) return views[row];
    return text(codes != nullptr ? codes[row] : row);
  }
};

/// What is known of the values of some rows without reading them. A value.
struct ColumnStats {
  /// Bounds of the values, in the members of their kind: integers and bools (0 and 1), reals,
  /// strings. Numbers reach them; strings may not, as long ones are cut. False for Json.
  bool has_bounds = false;
  int64_t min_integer = 0;
  int64_t max_integer = 0;
  double min_real = 0;
  double max_real = 0;
  std::string min_string{};
  std::string max_string{};
  bool max_string_known = true;  ///< false: nothing is known of how large strings are
  uint32_t num_rows = 0;
  uint32_t distinct = 0;  ///< an estimate of how many different values there are; 0: not known
};

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_COLUMN_BLOCK_H_
