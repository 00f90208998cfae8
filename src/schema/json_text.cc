#include "schema/json_text.h"

#include <cstdint>

namespace vecdb::schema {
namespace {

// What stands after the backslash for a character that has a short form; 0 for the others.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

void AppendEscaped(char c, std::string* out) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out->push_back('\\');
  if (const char escape = ShortEscape(c); escape != 0) {
    out->push_back(escape);
    return;
  }
  const auto code = static_cast<uint8_t>(c);
  out->append("u00");
  out->push_back(kHexDigits[code >> 4]);
  out->push_back(kHexDigits[code & 0xF]);
}

bool NeedsEscape(char c) { return static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\'; }

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t copied = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!NeedsEscape(text[at])) continue;
    out->append(text.substr(copied, at - copied));
    AppendEscaped(text[at], out);
    copied = at + 1;
  }
  out->append(text.substr(copied));
  out->push_back('"');
}

}  // namespace vecdb::schema
