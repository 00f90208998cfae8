#ifndef VECDB_FORMAT_NUMBER_TYPE_H_
#define VECDB_FORMAT_NUMBER_TYPE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "vecdb/schema.h"

namespace vecdb::format {

/// Calls `visit` with a null pointer to the C++ type of a fixed-width type; false for the others.
template <typename Visit>
bool VisitNumberType(DataType type, Visit visit) {
  switch (type) {
    case DataType::kBool:
      visit(static_cast<uint8_t*>(nullptr));
      return true;
    case DataType::kInt8:
      visit(static_cast<int8_t*>(nullptr));
      return true;
    case DataType::kInt16:
      visit(static_cast<int16_t*>(nullptr));
      return true;
    case DataType::kInt32:
      visit(static_cast<int32_t*>(nullptr));
      return true;
    case DataType::kInt64:
      visit(static_cast<int64_t*>(nullptr));
      return true;
    case DataType::kFloat:
      visit(static_cast<float*>(nullptr));
      return true;
    case DataType::kDouble:
      visit(static_cast<double*>(nullptr));
      return true;
    default:
      return false;
  }
}

/// Bytes of one number; 0 for types of strings.
inline size_t NumberBytes(DataType type) {
  size_t bytes = 0;
  VisitNumberType(type, [&bytes]<typename T>(T*) { bytes = sizeof(T); });
  return bytes;
}

/// The least and the greatest of some numbers, at least one, none NaN. A loop that compilers make
/// vectors of, unlike that of std::minmax_element.
template <typename T>
std::pair<T, T> MinMax(std::span<const T> numbers) {
  T min = numbers[0];
  T max = numbers[0];
  for (const T number : numbers) {
    min = number < min ? number : min;
    max = max < number ? number : max;
  }
  return {min, max};
}

/// The unsigned integer of as many bytes: the bits of a number.
template <typename T>
using BitsOf =
    std::conditional_t<sizeof(T) == 1, uint8_t,
                       std::conditional_t<sizeof(T) == 2, uint16_t,
                                          std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_NUMBER_TYPE_H_
