#include "schema/schema_json.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_check.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/json_copier.h"
#include "schema/names.h"

namespace vecdb::schema {
namespace {

using nlohmann::json;

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : json_(out) {}

  JsonCopier& json() { return json_; }

  void Int(std::string_view key, int32_t value) {
    json_.Key(key);
    json_.Token(std::to_string(value));
  }
  void IntUnlessZero(std::string_view key, int32_t value) {
    if (value != 0) Int(key, value);
  }
  void TrueUnlessFalse(std::string_view key, bool value) {
    if (!value) return;
    json_.Key(key);
    json_.Token("true");
  }
  void String(std::string_view key, std::string_view value) {
    json_.Key(key);
    json_.String(value);
  }
  void StringUnlessEmpty(std::string_view key, std::string_view value) {
    if (!value.empty()) String(key, value);
  }

 private:
  JsonCopier json_;
};

void WriteField(const FieldSpec& field, int32_t id, ObjectWriter& out) {
  out.json().Open('{');
  out.Int("id", id);
  out.String("name", field.name);
  out.Int("type", static_cast<int32_t>(field.type));
  out.TrueUnlessFalse("primary_key", field.primary_key);
  out.TrueUnlessFalse("auto_id", field.auto_id);
  out.IntUnlessZero("dim", field.dim);
  out.IntUnlessZero("max_length", field.max_length);
  out.StringUnlessEmpty("description", field.description);
  out.json().Close('}');
}

absl::Status Damaged(std::string_view reason) {
  return absl::DataLossError(base::StrFormat("schema: %s", reason));
}

absl::Status BadMember(std::string_view key) {
  return Damaged(base::StrFormat("member %s has a wrong value", Quoted(key)));
}

absl::Status UnknownMember(std::string_view key) {
  return Damaged(base::StrFormat("member %s is unknown", Quoted(key)));
}

absl::Status ReadString(const std::string& key, const json& value, std::string* out) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) return BadMember(key);
  *out = *text;
  return absl::OkStatus();
}

absl::Status ReadBool(const std::string& key, const json& value, bool* out) {
  const auto* truth = value.get_ptr<const bool*>();
  if (truth == nullptr) return BadMember(key);
  *out = *truth;
  return absl::OkStatus();
}

// None of the numbers of a schema is negative, and those are all that is unsigned to the parser.
absl::Status ReadInt(const std::string& key, const json& value, int32_t* out) {
  const auto* number = value.get_ptr<const uint64_t*>();
  if (number == nullptr || !std::in_range<int32_t>(*number)) return BadMember(key);
  *out = static_cast<int32_t>(*number);
  return absl::OkStatus();
}

absl::Status ReadFieldMember(const std::string& key, const json& value, FieldSpec* field,
                             int32_t* id) {
  if (key == "id") return ReadInt(key, value, id);
  if (key == "name") return ReadString(key, value, &field->name);
  if (key == "type") {
    int32_t type = 0;
    VECDB_RETURN_IF_ERROR(ReadInt(key, value, &type));
    field->type = static_cast<DataType>(type);
    return absl::OkStatus();
  }
  if (key == "primary_key") return ReadBool(key, value, &field->primary_key);
  if (key == "auto_id") return ReadBool(key, value, &field->auto_id);
  if (key == "dim") return ReadInt(key, value, &field->dim);
  if (key == "max_length") return ReadInt(key, value, &field->max_length);
  if (key == "description") return ReadString(key, value, &field->description);
  return UnknownMember(key);
}

absl::StatusOr<FieldSpec> ReadField(const json& object, int32_t expected_id) {
  if (!object.is_object()) return Damaged("a field is not an object");
  FieldSpec field;
  int32_t id = 0;
  for (const auto& [key, value] : object.items()) {
    VECDB_RETURN_IF_ERROR(ReadFieldMember(key, value, &field, &id));
  }
  if (id != expected_id) {
    return Damaged(
        base::StrFormat("field %s has id %d instead of %d", Quoted(field.name), id, expected_id));
  }
  return field;
}

absl::Status ReadFields(const json& array, std::vector<FieldSpec>* fields) {
  if (!array.is_array()) return BadMember("fields");
  int32_t id = kFirstFieldId;
  for (const json& object : array) {
    VECDB_ASSIGN_OR_RETURN(FieldSpec field, ReadField(object, id++));
    fields->push_back(std::move(field));
  }
  return absl::OkStatus();
}

absl::Status ReadMember(const std::string& key, const json& value, Schema* schema) {
  if (key == "description") return ReadString(key, value, &schema->description);
  if (key == "enable_dynamic_field") return ReadBool(key, value, &schema->enable_dynamic_field);
  if (key == "fields") return ReadFields(value, &schema->fields);
  return UnknownMember(key);
}

}  // namespace

std::string SchemaToJson(const Schema& schema) {
  std::string text;
  ObjectWriter out(&text);
  out.json().Open('{');
  out.StringUnlessEmpty("description", schema.description);
  out.TrueUnlessFalse("enable_dynamic_field", schema.enable_dynamic_field);
  out.json().Key("fields");
  out.json().Open('[');
  int32_t id = kFirstFieldId;
  for (const FieldSpec& field : schema.fields) WriteField(field, id++, out);
  out.json().Close(']');
  out.json().Close('}');
  return text;
}

absl::StatusOr<Schema> SchemaFromJson(std::string_view text) {
  if (!base::PreCheckJson(text).ok()) return Damaged("invalid JSON");
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Damaged("not a JSON object");
  Schema schema;
  for (const auto& [key, value] : object.items()) {
    VECDB_RETURN_IF_ERROR(ReadMember(key, value, &schema));
  }
  if (const absl::Status valid = schema.Validate(); !valid.ok()) {
    return Damaged(base::StrFormat("%s", valid.message()));
  }
  return schema;
}

}  // namespace vecdb::schema
