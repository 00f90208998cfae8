#include <algorithm>
#include <type_traits>

#include "vecdb/row_batch.h"

namespace vecdb {
namespace {

// The numbers of a column that holds std::vector<T>; empty when it holds something else.
template <typename T>
std::span<const T> Numbers(const Column::Values& values) {
  const auto* numbers = std::get_if<std::vector<T>>(&values);
  return numbers == nullptr ? std::span<const T>() : std::span<const T>(*numbers);
}

std::span<const float> Floats(const Column::Vectors& vectors) {
  return vectors.owned.empty() ? vectors.borrowed : std::span<const float>(vectors.owned);
}

bool EndsFitBytes(const Column::Strings& strings) {
  const uint64_t last = strings.ends.empty() ? 0 : strings.ends.back();
  return std::is_sorted(strings.ends.begin(), strings.ends.end()) && last == strings.bytes.size();
}

bool FloatsFitDim(const Column::Vectors& vectors, int32_t dim) {
  return dim >= 1 && Floats(vectors).size() % static_cast<size_t>(dim) == 0;
}

}  // namespace

size_t Column::num_rows() const {
  return std::visit(
      [this](const auto& values) -> size_t {
        using Alternative = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<Alternative, std::monostate>) {
          return 0;
        } else if constexpr (std::is_same_v<Alternative, Strings>) {
          return values.ends.size();
        } else if constexpr (std::is_same_v<Alternative, Vectors>) {
          return dim_ <= 0 ? 0 : Floats(values).size() / static_cast<size_t>(dim_);
        } else {
          return values.size();
        }
      },
      values_);
}

bool Column::well_formed() const {
  switch (type_) {
    case DataType::kBool:
      return std::holds_alternative<std::vector<uint8_t>>(values_);
    case DataType::kInt8:
      return std::holds_alternative<std::vector<int8_t>>(values_);
    case DataType::kInt16:
      return std::holds_alternative<std::vector<int16_t>>(values_);
    case DataType::kInt32:
      return std::holds_alternative<std::vector<int32_t>>(values_);
    case DataType::kInt64:
      return std::holds_alternative<std::vector<int64_t>>(values_);
    case DataType::kFloat:
      return std::holds_alternative<std::vector<float>>(values_);
    case DataType::kDouble:
      return std::holds_alternative<std::vector<double>>(values_);
    case DataType::kVarChar:
    case DataType::kJson: {
      const auto* strings = std::get_if<Strings>(&values_);
      return strings != nullptr && EndsFitBytes(*strings);
    }
    case DataType::kFloatVector: {
      const auto* vectors = std::get_if<Vectors>(&values_);
      return vectors != nullptr && FloatsFitDim(*vectors, dim_);
    }
    default:
      return false;
  }
}

std::span<const uint8_t> Column::bools() const { return Numbers<uint8_t>(values_); }
std::span<const int8_t> Column::int8s() const { return Numbers<int8_t>(values_); }
std::span<const int16_t> Column::int16s() const { return Numbers<int16_t>(values_); }
std::span<const int32_t> Column::int32s() const { return Numbers<int32_t>(values_); }
std::span<const int64_t> Column::int64s() const { return Numbers<int64_t>(values_); }
std::span<const float> Column::floats() const { return Numbers<float>(values_); }
std::span<const double> Column::doubles() const { return Numbers<double>(values_); }

std::string_view Column::string(size_t row) const {
  const auto* strings = std::get_if<Strings>(&values_);
  if (strings == nullptr || row >= strings->ends.size()) return {};
  const uint64_t begin = row == 0 ? 0 : strings->ends[row - 1];
  const uint64_t end = strings->ends[row];
  // A column made by a caller may hold any numbers.
  if (begin > end || end > strings->bytes.size()) return {};
  return std::string_view(strings->bytes).substr(begin, end - begin);
}

std::span<const float> Column::vectors() const {
  const auto* vectors = std::get_if<Vectors>(&values_);
  return vectors == nullptr ? std::span<const float>() : Floats(*vectors);
}

std::span<const float> Column::vector(size_t row) const {
  const std::span<const float> all = vectors();
  if (row >= num_rows() || all.empty()) return {};
  const auto dim = static_cast<size_t>(dim_);
  return all.subspan(row * dim, dim);
}

}  // namespace vecdb
