#ifndef VECDB_SCHEMA_JSON_COPIER_H_
#define VECDB_SCHEMA_JSON_COPIER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/json_text.h"

namespace vecdb::schema {

/// Writes the events of a JSON parser as JSON text without white space. The events must make sense,
/// as those of a parser do; depth() must stay below 64. Single-threaded.
class JsonCopier {
 public:
  /// Appends to `out`, which is borrowed.
  explicit JsonCopier(std::string* out) : out_(out) {}

  /// Arrays and objects that are open.
  int depth() const { return depth_; }

  /// A number, true, false or null as it is spelled.
  void Token(std::string_view token) {
    Separate();
    out_->append(token);
  }
  void String(std::string_view text) {
    Separate();
    AppendJsonString(text, out_);
  }
  void Key(std::string_view key) {
    String(key);
    out_->push_back(':');
    after_key_ = true;
  }
  void Open(char bracket) {
    Separate();
    out_->push_back(bracket);
    ++depth_;
    has_items_ &= ~Bit();
  }
  void Close(char bracket) {
    out_->push_back(bracket);
    --depth_;
  }

 private:
  uint64_t Bit() const { return uint64_t{1} << depth_; }

  // Writes the comma before an item that is not the first; what follows a key needs none.
  void Separate() {
    if (!after_key_ && depth_ > 0) {
      if ((has_items_ & Bit()) != 0) out_->push_back(',');
      has_items_ |= Bit();
    }
    after_key_ = false;
  }

  std::string* out_;
  int depth_ = 0;
  bool after_key_ = false;
  uint64_t has_items_ = 0;  // bit d: the array or object open at depth d has an item
};

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_JSON_COPIER_H_
