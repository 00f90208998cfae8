#ifndef VECDB_SCHEMA_JSON_NUMBER_H_
#define VECDB_SCHEMA_JSON_NUMBER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vecdb::schema {

/// A number as nlohmann's parser reports it: an integer that fits 64 bits, or anything else, with
/// its text. Borrows the text. A value.
class JsonNumber {
 public:
  static JsonNumber Signed(int64_t value) { return JsonNumber(Kind::kSigned, value, 0, {}); }
  static JsonNumber Unsigned(uint64_t value) { return JsonNumber(Kind::kUnsigned, 0, value, {}); }
  static JsonNumber Real(std::string_view token) { return JsonNumber(Kind::kReal, 0, 0, token); }

  /// False for 1.5, and for 1.0 and 1e3 too: only digits make an integer.
  bool is_integer() const;

  /// The integer; nullopt when it is none or does not fit 64 bits.
  std::optional<int64_t> AsInt64() const;

  /// The nearest float or double; nullopt when that is Inf. What is too small becomes 0.
  template <typename T>
  std::optional<T> AsReal() const;

  /// As it is spelled in JSON.
  std::string ToString() const;

 private:
  enum class Kind { kSigned, kUnsigned, kReal };

  JsonNumber(Kind kind, int64_t signed_value, uint64_t unsigned_value, std::string_view token)
      : kind_(kind), signed_(signed_value), unsigned_(unsigned_value), token_(token) {}

  Kind kind_;
  int64_t signed_;
  uint64_t unsigned_;
  std::string_view token_;
};

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_JSON_NUMBER_H_
