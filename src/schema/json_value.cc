#include "schema/json_value.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/json_check.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/names.h"

namespace vecdb::schema {
namespace {

using Json = nlohmann::json;

// Takes the events of nlohmann's parser, which is not recursive itself. An event that returns false
// ends the parsing. With a schema the text must be a value of `$meta`.
class ValueChecker {
 public:
  explicit ValueChecker(const Schema* schema) : schema_(schema) {}

  const absl::Status& status() const { return status_; }

  bool null() { return OnScalar(); }
  bool boolean(bool) { return OnScalar(); }
  bool number_integer(Json::number_integer_t) { return OnScalar(); }
  bool number_unsigned(Json::number_unsigned_t) { return OnScalar(); }
  bool number_float(Json::number_float_t, const std::string&) { return OnScalar(); }
  bool string(std::string&) { return OnScalar(); }
  bool binary(Json::binary_t&) { return OnScalar(); }
  bool start_array(size_t) {
    if (!OnScalar()) return false;
    ++depth_;
    return true;
  }
  bool end_array() { return Close(); }
  bool start_object(size_t) {
    ++depth_;
    return true;
  }
  bool end_object() { return Close(); }

  bool key(const std::string& key) {
    if (schema_ == nullptr || depth_ != 1) return true;
    if (key == kDynamicFieldName) return Fail("it has a key \"$meta\"");
    if (!schema_->FindField(key)) return true;
    return Fail(base::StrFormat("its key %s is the name of a field", Quoted(key)));
  }

  bool parse_error(size_t position, const std::string&, const Json::exception&) {
    return Fail(base::StrFormat("invalid JSON at byte %d", position));
  }

 private:
  bool OnScalar() {
    if (schema_ == nullptr || depth_ > 0) return true;
    return Fail("it is not a JSON object");
  }

  bool Close() {
    --depth_;
    return true;
  }

  bool Fail(std::string_view reason) {
    status_ = absl::InvalidArgumentError(base::StrFormat("%s", reason));
    return false;
  }

  const Schema* schema_;
  int depth_ = 0;
  absl::Status status_;
};

absl::Status Check(const Schema* schema, std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("JSON of %d bytes; the limit is %d", text.size(), kMaxJsonBytes));
  }
  VECDB_RETURN_IF_ERROR(base::PreCheckJson(text));
  ValueChecker checker(schema);
  const bool parsed = Json::sax_parse(text, &checker);
  if (!parsed && checker.status().ok()) return absl::InvalidArgumentError("invalid JSON");
  return checker.status();
}

}  // namespace

absl::Status CheckJsonValue(std::string_view text) { return Check(nullptr, text); }

absl::Status CheckDynamicValue(const Schema& schema, std::string_view text) {
  return Check(&schema, text);
}

}  // namespace vecdb::schema
