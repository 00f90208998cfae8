#include "schema/row_reader.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "base/json_check.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/names.h"

namespace vecdb::schema {
namespace {

Column::Values EmptyValues(DataType type) {
  switch (type) {
    case DataType::kBool:
      return std::vector<uint8_t>();
    case DataType::kInt8:
      return std::vector<int8_t>();
    case DataType::kInt16:
      return std::vector<int16_t>();
    case DataType::kInt32:
      return std::vector<int32_t>();
    case DataType::kInt64:
      return std::vector<int64_t>();
    case DataType::kFloat:
      return std::vector<float>();
    case DataType::kDouble:
      return std::vector<double>();
    case DataType::kVarChar:
    case DataType::kJson:
      return Column::Strings();
    case DataType::kFloatVector:
      return Column::Vectors();
    default:
      return {};
  }
}

}  // namespace

RowReader::RowReader(const Schema& schema) : schema_(schema) {
  for (const FieldSpec& field : schema.fields) {
    sinks_.push_back({.name = field.name,
                      .spec = &field,
                      .type = field.type,
                      .values = EmptyValues(field.type)});
  }
  if (schema.enable_dynamic_field) {
    sinks_.push_back({.name = std::string(kDynamicFieldName),
                      .type = DataType::kJson,
                      .values = EmptyValues(DataType::kJson)});
  }
}

bool RowReader::Fail(std::string_view reason) {
  std::string where;
  if (at_ == At::kRow) where = base::StrFormat("row %d: ", row_);
  if (at_ == At::kValue || at_ == At::kVector || at_ == At::kTree) {
    where = base::StrFormat("row %d, field %s: ", row_, Quoted(sink_->name));
  }
  status_ = absl::InvalidArgumentError(base::StrFormat("%s%s", where, reason));
  return false;
}

bool RowReader::FailStructure() {
  return Fail("rows are a JSON array of objects, or {\"rows\": [...]}");
}

bool RowReader::FailType(std::string_view got) {
  if (at_ == At::kVector) return Fail(base::StrFormat("%s among the numbers of the vector", got));
  if (at_ != At::kValue) return FailStructure();
  return Fail(base::StrFormat("%s for a field of type %s", got, DataTypeName(sink_->type)));
}

bool RowReader::FailNumber(const JsonNumber& number) {
  return Fail(base::StrFormat("the number %s is out of the range of %s", Quoted(number.ToString()),
                              DataTypeName(sink_->type)));
}

bool RowReader::OnParseError(size_t byte, bool overflow) {
  if (overflow) return Fail("a number is out of the range of Double");
  return Fail(base::StrFormat("invalid JSON or UTF-8 at byte %d", byte));
}

bool RowReader::OnNull() {
  if (at_ != At::kTree) return FailType("null");
  tree_->Token("null");
  return EndTreeIfWhole();
}

bool RowReader::OnBool(bool value) {
  if (at_ == At::kTree) {
    tree_->Token(value ? "true" : "false");
    return EndTreeIfWhole();
  }
  if (at_ != At::kValue || sink_->type != DataType::kBool) return FailType("a Bool");
  std::get<std::vector<uint8_t>>(sink_->values).push_back(value ? 1 : 0);
  at_ = At::kRow;
  return true;
}

bool RowReader::OnString(std::string_view text) {
  if (at_ == At::kTree) {
    tree_->String(text);
    return EndTreeIfWhole();
  }
  if (at_ != At::kValue || sink_->type != DataType::kVarChar) return FailType("a string");
  auto& strings = std::get<Column::Strings>(sink_->values);
  strings.bytes.append(text);
  strings.ends.push_back(strings.bytes.size());
  at_ = At::kRow;
  return true;
}

template <typename T>
bool RowReader::AddIntegerAs(const JsonNumber& number) {
  if (!number.is_integer()) {
    return Fail(base::StrFormat("the number %s is not an integer", Quoted(number.ToString())));
  }
  const std::optional<int64_t> value = number.AsInt64();
  if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max()) {
    return FailNumber(number);
  }
  std::get<std::vector<T>>(sink_->values).push_back(static_cast<T>(*value));
  at_ = At::kRow;
  return true;
}

template <typename T>
bool RowReader::AddRealAs(const JsonNumber& number) {
  const std::optional<T> value = number.AsReal<T>();
  if (!value) return FailNumber(number);
  std::get<std::vector<T>>(sink_->values).push_back(*value);
  at_ = At::kRow;
  return true;
}

bool RowReader::AddVectorNumber(const JsonNumber& number) {
  if (vector_size_ == static_cast<size_t>(sink_->spec->dim)) {
    return Fail(base::StrFormat("the vector has more than %d numbers", sink_->spec->dim));
  }
  const std::optional<float> value = number.AsReal<float>();
  if (!value) {
    return Fail(
        base::StrFormat("number %d of the vector is out of the range of Float", vector_size_));
  }
  std::get<Column::Vectors>(sink_->values).owned.push_back(*value);
  ++vector_size_;
  return true;
}

bool RowReader::OnNumber(const JsonNumber& number) {
  if (at_ == At::kVector) return AddVectorNumber(number);
  if (at_ == At::kTree) {
    tree_->Token(number.ToString());
    return EndTreeIfWhole();
  }
  if (at_ != At::kValue) return FailType("a number");
  switch (sink_->type) {
    case DataType::kInt8:
      return AddIntegerAs<int8_t>(number);
    case DataType::kInt16:
      return AddIntegerAs<int16_t>(number);
    case DataType::kInt32:
      return AddIntegerAs<int32_t>(number);
    case DataType::kInt64:
      return AddIntegerAs<int64_t>(number);
    case DataType::kFloat:
      return AddRealAs<float>(number);
    case DataType::kDouble:
      return AddRealAs<double>(number);
    default:
      return FailType("a number");
  }
}

bool RowReader::OnOpen(char bracket) {
  const bool array = bracket == '[';
  switch (at_) {
    case At::kTop:
      wrapped_ = !array;
      at_ = array ? At::kRows : At::kWrapper;
      return true;
    case At::kWrapper:
      at_ = At::kRows;
      return array && wrapper_key_seen_ ? true : FailStructure();
    case At::kRows:
      return array ? FailStructure() : OpenRow();
    case At::kTree:
      if (tree_->depth() == base::kMaxJsonDepth) {
        return Fail(base::StrFormat("nested deeper than the limit of %d", base::kMaxJsonDepth));
      }
      tree_->Open(bracket);
      return true;
    case At::kValue:
      return OpenVector(array);
    default:
      return FailType(array ? "an array" : "an object");
  }
}

bool RowReader::OpenVector(bool array) {
  if (!array || sink_->type != DataType::kFloatVector) {
    return FailType(array ? "an array" : "an object");
  }
  vector_size_ = 0;
  at_ = At::kVector;
  return true;
}

bool RowReader::OnClose(char bracket) {
  switch (at_) {
    case At::kTree:
      tree_->Close(bracket);
      return EndTreeIfWhole();
    case At::kVector:
      return CloseVector();
    case At::kRow:
      return CloseRow();
    case At::kRows:
      at_ = wrapped_ ? At::kAfterRows : At::kEnd;
      return true;
    case At::kAfterRows:
      at_ = At::kEnd;
      return true;
    default:
      return FailStructure();
  }
}

bool RowReader::CloseVector() {
  const auto dim = static_cast<size_t>(sink_->spec->dim);
  if (vector_size_ != dim) {
    return Fail(base::StrFormat("the vector has %d numbers; its dim is %d", vector_size_, dim));
  }
  at_ = At::kRow;
  return true;
}

bool RowReader::OpenRow() {
  at_ = At::kRow;
  if (!schema_.enable_dynamic_field) return true;
  dynamic_keys_.clear();
  dynamic_.emplace(&std::get<Column::Strings>(sinks_.back().values).bytes);
  dynamic_->Open('{');
  return true;
}

bool RowReader::CloseRow() {
  if (schema_.enable_dynamic_field) {
    dynamic_->Close('}');
    auto& strings = std::get<Column::Strings>(sinks_.back().values);
    strings.ends.push_back(strings.bytes.size());
    ++sinks_.back().num_rows;
  }
  for (const Sink& sink : sinks_) {
    // A key that the library makes is in all rows or, as it should be, in none.
    const bool optional = sink.spec != nullptr && sink.spec->auto_id && sink.num_rows == 0;
    if (sink.num_rows == row_ + 1 || optional) continue;
    return Fail(base::StrFormat("field %s is missing", Quoted(sink.name)));
  }
  ++row_;
  at_ = At::kRows;
  return true;
}

bool RowReader::OnKey(std::string_view key) {
  if (at_ == At::kTree) {
    tree_->Key(key);
    return true;
  }
  if (at_ == At::kWrapper && key == "rows") {
    wrapper_key_seen_ = true;
    return true;
  }
  if (at_ != At::kRow) return FailStructure();
  const std::optional<size_t> field = schema_.FindField(key);
  return field ? BeginField(sinks_[*field]) : BeginDynamic(key);
}

bool RowReader::BeginField(Sink& sink) {
  if (sink.num_rows != row_) {
    const bool twice = sink.num_rows == row_ + 1;
    return Fail(base::StrFormat("field %s %s", Quoted(sink.name),
                                twice ? "comes twice" : "was missing in the rows before"));
  }
  ++sink.num_rows;
  sink_ = &sink;
  at_ = At::kValue;
  if (sink.type == DataType::kJson) {
    json_.emplace(&std::get<Column::Strings>(sink.values).bytes);
    BeginTree(*json_);
  }
  return true;
}

bool RowReader::BeginDynamic(std::string_view key) {
  if (!schema_.enable_dynamic_field) {
    return Fail(base::StrFormat("the schema has no field %s", Quoted(key)));
  }
  if (key == kDynamicFieldName) return Fail("the key \"$meta\" is reserved for the library");
  if (!dynamic_keys_.emplace(key).second) {
    return Fail(base::StrFormat("key %s comes twice", Quoted(key)));
  }
  sink_ = &sinks_.back();
  dynamic_->Key(key);
  BeginTree(*dynamic_);
  return true;
}

void RowReader::BeginTree(JsonCopier& copier) {
  tree_ = &copier;
  tree_base_depth_ = copier.depth();
  at_ = At::kTree;
}

bool RowReader::EndTreeIfWhole() {
  if (tree_->depth() != tree_base_depth_) return true;
  at_ = At::kRow;
  // The text of `$meta` ends with its row.
  if (sink_->spec == nullptr) return true;
  auto& strings = std::get<Column::Strings>(sink_->values);
  strings.ends.push_back(strings.bytes.size());
  return true;
}

absl::StatusOr<RowBatch> RowReader::TakeBatch() {
  VECDB_RETURN_IF_ERROR(status_);
  RowBatch batch(schema_);
  for (Sink& sink : sinks_) {
    if (sink.spec != nullptr && sink.spec->auto_id && sink.num_rows == 0) continue;
    const int32_t dim = sink.spec == nullptr ? 0 : sink.spec->dim;
    batch.SetColumn(sink.name, Column(sink.type, dim, std::move(sink.values)));
  }
  VECDB_RETURN_IF_ERROR(batch.status());
  return batch;
}

}  // namespace vecdb::schema
