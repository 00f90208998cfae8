#include "sharded_service/answer_codec.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sharded_service {
namespace {

using vecdb::DataType;

template <typename Values, typename Field>
void Append(const Values& values, Field* field) {
  field->Add(values.begin(), values.end());
}

void AppendValues(const vecdb::Column& column, Column* message) {
  switch (column.type()) {
    case DataType::kBool:
      return Append(column.bools(), message->mutable_integers());
    case DataType::kInt8:
      return Append(column.int8s(), message->mutable_integers());
    case DataType::kInt16:
      return Append(column.int16s(), message->mutable_integers());
    case DataType::kInt32:
      return Append(column.int32s(), message->mutable_integers());
    case DataType::kInt64:
      return Append(column.int64s(), message->mutable_integers());
    case DataType::kFloat:
      return Append(column.floats(), message->mutable_floats());
    case DataType::kDouble:
      return Append(column.doubles(), message->mutable_doubles());
    case DataType::kFloatVector:
      return Append(column.vectors(), message->mutable_floats());
    default:
      for (size_t row = 0; row < column.num_rows(); ++row) {
        const std::string_view text = column.string(row);
        message->add_texts(text.data(), text.size());
      }
  }
}

// A field of the schema, when it is the key or has values.
void AppendField(const vecdb::RowBatch& rows, const vecdb::FieldSpec& field, Answer* answer) {
  const vecdb::Column* column = rows.column(field.name);
  if (column == nullptr && !field.primary_key) return;
  Column* message = answer->add_columns();
  message->set_name(field.name);
  message->set_type(static_cast<int32_t>(field.type));
  message->set_dim(field.dim);
  message->set_primary_key(field.primary_key);
  if (column != nullptr) AppendValues(*column, message);
}

template <typename T, typename Field>
std::vector<T> NumbersOf(const Field& field) {
  std::vector<T> numbers;
  numbers.reserve(static_cast<size_t>(field.size()));
  for (const auto number : field) numbers.push_back(static_cast<T>(number));
  return numbers;
}

vecdb::Column::Strings StringsOf(const Column& message) {
  vecdb::Column::Strings strings;
  for (const std::string& text : message.texts()) {
    strings.bytes += text;
    strings.ends.push_back(strings.bytes.size());
  }
  return strings;
}

vecdb::Column::Values ValuesOf(DataType type, const Column& message) {
  switch (type) {
    case DataType::kBool:
      return NumbersOf<uint8_t>(message.integers());
    case DataType::kInt8:
      return NumbersOf<int8_t>(message.integers());
    case DataType::kInt16:
      return NumbersOf<int16_t>(message.integers());
    case DataType::kInt32:
      return NumbersOf<int32_t>(message.integers());
    case DataType::kInt64:
      return NumbersOf<int64_t>(message.integers());
    case DataType::kFloat:
      return NumbersOf<float>(message.floats());
    case DataType::kDouble:
      return NumbersOf<double>(message.doubles());
    case DataType::kFloatVector:
      return vecdb::Column::Vectors{.owned = NumbersOf<float>(message.floats())};
    default:
      return StringsOf(message);
  }
}

// The dynamic field is in no schema: it comes with a flag.
vecdb::Schema SchemaOf(const Answer& answer) {
  vecdb::Schema schema;
  for (const Column& column : answer.columns()) {
    if (column.name() == vecdb::kDynamicFieldName) {
      schema.enable_dynamic_field = true;
      continue;
    }
    schema.fields.push_back({.name = column.name(),
                             .type = static_cast<DataType>(column.type()),
                             .primary_key = column.primary_key(),
                             .dim = column.dim()});
  }
  return schema;
}

vecdb::RowBatch RowsOf(const Answer& answer) {
  vecdb::RowBatch rows(SchemaOf(answer));
  if (answer.scores().empty()) return rows;
  for (const Column& column : answer.columns()) {
    const auto type = static_cast<DataType>(column.type());
    rows.SetColumn(column.name(), vecdb::Column(type, column.dim(), ValuesOf(type, column)));
  }
  return rows;
}

}  // namespace

Answer ToMessage(const vecdb::SearchResult& result) {
  Answer answer;
  answer.set_metric(static_cast<int32_t>(result.shape().metric));
  answer.set_limit(result.shape().limit);
  answer.set_offset(result.shape().offset);
  answer.set_group_by(result.shape().group_by);
  answer.set_group_size(result.shape().group_size);
  answer.set_partial(result.partial());
  for (const vecdb::FieldSpec& field : result.rows().schema().fields) {
    AppendField(result.rows(), field, &answer);
  }
  AppendField(result.rows(),
              {.name = std::string(vecdb::kDynamicFieldName), .type = DataType::kJson}, &answer);
  for (size_t query = 0; query < result.num_queries(); ++query) {
    for (const vecdb::Hit& hit : result.hits(query)) answer.add_scores(hit.score());
    answer.add_ends(static_cast<uint64_t>(answer.scores_size()));
  }
  return answer;
}

absl::StatusOr<vecdb::SearchResult> FromMessage(const Answer& answer) {
  return vecdb::SearchResult::Make({.shape = {.metric = static_cast<vecdb::Metric>(answer.metric()),
                                              .limit = answer.limit(),
                                              .offset = answer.offset(),
                                              .group_by = answer.group_by(),
                                              .group_size = answer.group_size()},
                                    .rows = RowsOf(answer),
                                    .scores = NumbersOf<float>(answer.scores()),
                                    .ends = NumbersOf<size_t>(answer.ends()),
                                    .partial = answer.partial()});
}

}  // namespace sharded_service
