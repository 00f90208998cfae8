#include "filter/row_operand.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "filter/arithmetic.h"
#include "filter/number.h"

namespace vecdb::filter {
namespace {

using schema::ColumnBlock;
using schema::JsonScalar;
using Kind = JsonScalar::Kind;

bool IsNumber(const JsonScalar& value) {
  return value.kind == Kind::kInteger || value.kind == Kind::kReal;
}

Number NumberOf(const JsonScalar& value) {
  return value.kind == Kind::kInteger ? Number(value.integer) : Number(value.real);
}

Numeric NumericOf(const JsonScalar& value) {
  return value.kind == Kind::kInteger ? Numeric(value.integer) : Numeric(value.real);
}

RowOperand OperandOf(int64_t integer) {
  return {.value = {.kind = Kind::kInteger, .integer = integer}};
}
RowOperand OperandOf(double real) { return {.value = {.kind = Kind::kReal, .real = real}}; }
RowOperand OperandOf(bool boolean) { return {.value = {.kind = Kind::kBool, .boolean = boolean}}; }
RowOperand OperandOf(std::string_view text) {
  return {.value = {.kind = Kind::kString, .text = text}};
}

RowOperand OperandOf(const std::optional<Numeric>& result) {
  if (!result.has_value()) return {.failed = true};
  return std::visit([](auto number) { return OperandOf(number); }, *result);
}

RowOperand OperandOf(const FilterValue& constant) {
  if (const auto* boolean = constant.get_if<bool>()) return OperandOf(*boolean);
  if (const auto* integer = constant.get_if<int64_t>()) return OperandOf(*integer);
  if (const auto* real = constant.get_if<double>()) return OperandOf(*real);
  if (const auto* text = constant.get_if<std::string>()) return OperandOf(std::string_view(*text));
  return {};
}

template <typename T>
T At(const ColumnBlock& block, size_t row) {
  return block.as<T>()[block.constant ? 0 : row];
}

RowOperand FieldAt(const ColumnBlock& block, size_t row) {
  switch (block.type) {
    case DataType::kBool:
      return OperandOf(At<uint8_t>(block, row) != 0);
    case DataType::kInt8:
      return OperandOf(int64_t{At<int8_t>(block, row)});
    case DataType::kInt16:
      return OperandOf(int64_t{At<int16_t>(block, row)});
    case DataType::kInt32:
      return OperandOf(int64_t{At<int32_t>(block, row)});
    case DataType::kInt64:
      return OperandOf(At<int64_t>(block, row));
    case DataType::kFloat:
      return OperandOf(static_cast<double>(At<float>(block, row)));
    case DataType::kDouble:
      return OperandOf(At<double>(block, row));
    default:
      return OperandOf(block.string(row));
  }
}

template <typename T>
bool HoldsOf(Operator op, const T& a, const T& b) {
  switch (op) {
    case Operator::kEqual:
      return a == b;
    case Operator::kNotEqual:
      return a != b;
    case Operator::kLess:
      return a < b;
    default:
      return a <= b;
  }
}

}  // namespace

bool Holds(Operator op, const JsonScalar& a, const JsonScalar& b) {
  if (IsNumber(a) && IsNumber(b)) return HoldsOf(op, NumberOf(a), NumberOf(b));
  if (a.kind == Kind::kString && b.kind == Kind::kString) return HoldsOf(op, a.text, b.text);
  const bool same = a.kind == Kind::kBool && b.kind == Kind::kBool && a.boolean == b.boolean;
  return (op == Operator::kEqual && same) || (op == Operator::kNotEqual && !same);
}

absl::Status RowTerm::Read(BlockReader& reader) {
  columns_.clear();
  return ReadColumns(term_, reader);
}

absl::Status RowTerm::ReadColumns(const Term& term, BlockReader& reader) {
  if (term.kind == Term::Kind::kField || term.kind == Term::Kind::kJson) {
    VECDB_ASSIGN_OR_RETURN(const ColumnBlock* values, reader.Read(term.column));
    columns_.push_back({term.column, values});
  }
  for (const Term& operand : term.operands) {
    VECDB_RETURN_IF_ERROR(ReadColumns(operand, reader));
  }
  return absl::OkStatus();
}

const ColumnBlock& RowTerm::column(size_t number) const {
  return *std::find_if(columns_.begin(), columns_.end(), [number](const Column& read) {
            return read.number == number;
          })->values;
}

size_t RowTerm::BytesAt(size_t row) const {
  size_t bytes = 0;
  for (const Column& read : columns_) {
    if (read.values->type == DataType::kJson) bytes += read.values->string(row).size();
  }
  return bytes;
}

RowOperand RowTerm::ValueOf(const Term& term, size_t row) {
  switch (term.kind) {
    case Term::Kind::kConstant:
      return OperandOf(term.value);
    case Term::Kind::kField:
      return FieldAt(column(term.column), row);
    case Term::Kind::kJson: {
      const JsonScalar found =
          schema::FindInJson(column(term.column).string(row), term.steps, &buffer_);
      const bool scalar =
          IsNumber(found) || found.kind == Kind::kBool || found.kind == Kind::kString;
      return scalar ? RowOperand{.value = found} : RowOperand{};
    }
    case Term::Kind::kNever:
      return {.failed = true};
    default:
      break;
  }
  const RowOperand left = ValueOf(term.operands[0], row);
  if (term.kind == Term::Kind::kNegate) {
    if (left.failed || !IsNumber(left.value)) return {.failed = left.failed};
    return OperandOf(Negate(NumericOf(left.value)));
  }
  const RowOperand right = ValueOf(term.operands[1], row);
  if (left.failed || right.failed) return {.failed = true};
  if (!IsNumber(left.value) || !IsNumber(right.value)) return {};
  return OperandOf(Apply(term.op, NumericOf(left.value), NumericOf(right.value)));
}

}  // namespace vecdb::filter
