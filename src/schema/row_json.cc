#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_check.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/row_check.h"
#include "schema/row_reader.h"
#include "vecdb/row_batch.h"

namespace vecdb {
namespace {

using nlohmann::json;
using schema::JsonNumber;

// The reader counts the depth of each value, which is what the limit holds for.
constexpr int kAnyDepth = std::numeric_limits<int>::max();
constexpr int kNumberOverflow = 406;  // nlohmann's number for it

// Hands the events of nlohmann's parser, which is not recursive, to a RowReader.
class RowEvents {
 public:
  explicit RowEvents(schema::RowReader* reader) : reader_(reader) {}

  bool null() { return reader_->OnNull(); }
  bool boolean(bool value) { return reader_->OnBool(value); }
  bool number_integer(json::number_integer_t value) {
    return reader_->OnNumber(JsonNumber::Signed(value));
  }
  bool number_unsigned(json::number_unsigned_t value) {
    return reader_->OnNumber(JsonNumber::Unsigned(value));
  }
  bool number_float(json::number_float_t, const std::string& token) {
    return reader_->OnNumber(JsonNumber::Real(token));
  }
  bool string(std::string& text) { return reader_->OnString(text); }
  bool binary(json::binary_t&) { return false; }
  bool start_object(size_t) { return reader_->OnOpen('{'); }
  bool end_object() { return reader_->OnClose('}'); }
  bool start_array(size_t) { return reader_->OnOpen('['); }
  bool end_array() { return reader_->OnClose(']'); }
  bool key(std::string& key) { return reader_->OnKey(key); }
  bool parse_error(size_t byte, const std::string&, const json::exception& error) {
    return reader_->OnParseError(byte, error.id == kNumberOverflow);
  }

 private:
  schema::RowReader* reader_;
};

}  // namespace

absl::StatusOr<RowBatch> RowBatch::FromJson(const Schema& schema, std::string_view json_text) {
  VECDB_RETURN_IF_ERROR(schema.Validate());
  if (json_text.size() > schema::kMaxBatchBytes) {
    return absl::InvalidArgumentError(base::StrFormat("JSON of %d bytes; the limit is %d",
                                                      json_text.size(), schema::kMaxBatchBytes));
  }
  VECDB_RETURN_IF_ERROR(base::PreCheckJson(json_text, kAnyDepth));
  schema::RowReader reader(schema);
  RowEvents events(&reader);
  const bool parsed = json::sax_parse(json_text, &events);
  if (!parsed && reader.status().ok()) return absl::InvalidArgumentError("invalid JSON");
  return reader.TakeBatch();
}

}  // namespace vecdb
