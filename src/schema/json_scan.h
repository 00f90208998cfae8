#ifndef VECDB_SCHEMA_JSON_SCAN_H_
#define VECDB_SCHEMA_JSON_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace vecdb::schema {

/// What lies at a place in a JSON text.
struct JsonScalar {
  enum class Kind : uint8_t {
    kMissing,  // nothing lies there
    kNull,
    kBool,
    kInteger,  // a number without point or exponent that an int64 holds
    kReal,     // any other number
    kString,   // text
    kArray,    // raw, with its brackets
    kObject,   // raw, with its braces
  };

  Kind kind = Kind::kMissing;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;
  /// Decoded. Points into the JSON text, or into the buffer that the caller gave when there were
  /// escapes.
  std::string_view text{};
  std::string_view raw{};
};

/// A key of an object, or a place in an array. The same type as filter::PathStep.
using JsonStep = std::variant<std::string, int64_t>;

/// Finds what lies at `steps` within `json`, which CheckJsonValue has accepted: of a key that comes
/// twice the last one counts. One pass over the text, which builds nothing. Text that is not valid
/// JSON gives some answer, and nothing outside it is read. `buffer` holds a string that had
/// escapes.
JsonScalar FindInJson(std::string_view json, std::span<const JsonStep> steps, std::string* buffer);

/// Calls `visit` for each element of a JSON array, in order; false from it ends the walk. `array`
/// is JsonScalar::raw of a kArray.
void ForEachElement(std::string_view array, const std::function<bool(std::string_view)>& visit);

/// Calls `visit(key, value)` for each member of a JSON object, in order, the key decoded and the
/// value raw. A key may come twice.
void ForEachMember(std::string_view object,
                   const std::function<bool(std::string_view, std::string_view)>& visit);

/// What a raw value is, as FindInJson gives it.
JsonScalar ReadJsonScalar(std::string_view raw, std::string* buffer);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_JSON_SCAN_H_
