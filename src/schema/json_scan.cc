#include "schema/json_scan.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <system_error>

#include "base/utf8.h"

namespace vecdb::schema {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

// Not 0 when a byte of `word` is `c`; its lowest bit then lies in the first such byte.
constexpr uint64_t BytesEqual(uint64_t word, char c) {
  const uint64_t difference = word ^ (kOnes * static_cast<uint8_t>(c));
  return (difference - kOnes) & ~difference & kHighs;
}

// The first quote or backslash from `at` on, or `end`.
const char* FindQuoteOrBackslash(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, at, sizeof(word));
      const uint64_t found = BytesEqual(word, '"') | BytesEqual(word, '\\');
      if (found != 0) return at + std::countr_zero(found) / 8;
    }
  }
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool EndsToken(char c) { return c == ',' || c == ']' || c == '}' || IsSpace(c); }

// The four digits at `at`; 0xfffd, which stands for what is no character, when they are none.
uint32_t HexAt(std::string_view text, size_t at) {
  constexpr uint32_t kNoCharacter = 0xfffd;
  if (text.size() < 4 || at > text.size() - 4) return kNoCharacter;
  uint32_t code = 0;
  const char* const begin = text.data() + at;
  const auto end = std::from_chars(begin, begin + 4, code, 16);
  return end.ptr == begin + 4 ? code : kNoCharacter;
}

// Appends the character whose \u is at `at`, and gives the place behind it.
size_t AppendCodePoint(std::string_view text, size_t at, std::string* out) {
  uint32_t code = HexAt(text, at + 2);
  at = std::min(at + 6, text.size());
  if (code >= 0xd800 && code < 0xdc00 && text.substr(at, 2) == "\\u") {
    const uint32_t low = HexAt(text, at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
      at = std::min(at + 6, text.size());
    }
  }
  base::AppendUtf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, out);
  return at;
}

char Unescaped(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

void Decode(std::string_view text, std::string* out) {
  out->clear();
  for (size_t at = 0; at < text.size();) {
    const size_t stop = std::min(text.find('\\', at), text.size());
    out->append(text.substr(at, stop - at));
    at = stop;
    if (at + 1 >= text.size()) return;
    if (text[at + 1] == 'u') {
      at = AppendCodePoint(text, at, out);
    } else {
      out->push_back(Unescaped(text[at + 1]));
      at += 2;
    }
  }
}

// Walks a text. Every function leaves off behind what it read, and never beyond the end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // What comes next, behind white space; 0 at the end.
  char Peek() {
    while (at_ != end_ && IsSpace(*at_)) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }

  // Steps into an array or object; false when there is none.
  bool Enter(char bracket) {
    if (Peek() != bracket) return false;
    ++at_;
    return true;
  }

  // Goes to the next element or key of what `bracket` ends; false when there is none.
  bool Next(char bracket) {
    if (Peek() == ',') {
      ++at_;
      Peek();
    }
    return at_ != end_ && *at_ != bracket;
  }

  // A string, without its quotes; `buffer` holds it when there are escapes.
  std::string_view String(std::string* buffer) {
    bool escaped = false;
    const std::string_view text = RawString(&escaped);
    if (!escaped) return text;
    Decode(text, buffer);
    return *buffer;
  }

  // A key, with its colon.
  std::string_view Key(std::string* buffer) {
    const std::string_view key = String(buffer);
    if (Peek() == ':') ++at_;
    return key;
  }

  // A value of any kind.
  std::string_view Value() {
    const char first = Peek();
    const char* const begin = at_;
    bool escaped = false;
    if (first == '"') {
      RawString(&escaped);
    } else if (first == '[' || first == '{') {
      SkipNested();
    } else if (at_ != end_) {
      for (++at_; at_ != end_ && !EndsToken(*at_);) ++at_;
    }
    return {begin, static_cast<size_t>(at_ - begin)};
  }

 private:
  // Whatever stands in the place of the opening quote is taken for it.
  std::string_view RawString(bool* escaped) {
    if (at_ == end_) return {};
    const char* const begin = ++at_;
    for (;;) {
      at_ = FindQuoteOrBackslash(at_, end_);
      const std::string_view text(begin, static_cast<size_t>(at_ - begin));
      if (at_ == end_) return text;
      if (*at_ == '"') {
        ++at_;
        return text;
      }
      *escaped = true;
      at_ += std::min<ptrdiff_t>(2, end_ - at_);
    }
  }

  void SkipNested() {
    bool escaped = false;
    for (size_t depth = 0; at_ != end_;) {
      const char c = *at_;
      if (c == '"') {
        RawString(&escaped);
        continue;
      }
      ++at_;
      if (c == '[' || c == '{') ++depth;
      if ((c == ']' || c == '}') && --depth == 0) return;
    }
  }

  const char* at_;
  const char* const end_;
};

// The last value of `key`; nothing when there is none.
std::string_view Member(std::string_view object, std::string_view key, std::string* buffer) {
  Scanner scanner(object);
  std::string_view found;
  if (!scanner.Enter('{')) return found;
  while (scanner.Next('}')) {
    const bool same = scanner.Key(buffer) == key;
    const std::string_view value = scanner.Value();
    if (same) found = value;
  }
  return found;
}

std::string_view Element(std::string_view array, int64_t place) {
  Scanner scanner(array);
  if (!scanner.Enter('[')) return {};
  for (; scanner.Next(']'); --place) {
    const std::string_view value = scanner.Value();
    if (place == 0) return value;
  }
  return {};
}

// Too large for a double is only what is not valid; the rest that does not fit is too small.
double RealOf(std::string_view token) {
  double real = 0;
  const auto end = std::from_chars(token.data(), token.data() + token.size(), real);
  if (end.ec == std::errc() && std::isfinite(real)) return real;
  return token.front() == '-' ? -0.0 : 0.0;
}

JsonScalar NumberOf(std::string_view token) {
  JsonScalar number;
  const char* const end = token.data() + token.size();
  const auto read = std::from_chars(token.data(), end, number.integer);
  if (read.ec == std::errc() && read.ptr == end) {
    number.kind = JsonScalar::Kind::kInteger;
    return number;
  }
  number.integer = 0;
  number.kind = JsonScalar::Kind::kReal;
  number.real = RealOf(token);
  return number;
}

}  // namespace

JsonScalar ReadJsonScalar(std::string_view raw, std::string* buffer) {
  using Kind = JsonScalar::Kind;
  Scanner scanner(raw);
  JsonScalar scalar;
  switch (const char first = scanner.Peek()) {
    case '\0':
      return scalar;
    case '"':
      scalar.kind = Kind::kString;
      scalar.text = scanner.String(buffer);
      return scalar;
    case '[':
    case '{':
      scalar.kind = first == '[' ? Kind::kArray : Kind::kObject;
      scalar.raw = scanner.Value();
      return scalar;
    case 't':
    case 'f':
      scalar.kind = Kind::kBool;
      scalar.boolean = first == 't';
      return scalar;
    case 'n':
      scalar.kind = Kind::kNull;
      return scalar;
    default:
      return NumberOf(scanner.Value());
  }
}

JsonScalar FindInJson(std::string_view json, std::span<const JsonStep> steps, std::string* buffer) {
  for (const JsonStep& step : steps) {
    const auto* key = std::get_if<std::string>(&step);
    json =
        key != nullptr ? Member(json, *key, buffer) : Element(json, *std::get_if<int64_t>(&step));
  }
  return ReadJsonScalar(json, buffer);
}

void ForEachElement(std::string_view array, const std::function<bool(std::string_view)>& visit) {
  Scanner scanner(array);
  if (!scanner.Enter('[')) return;
  while (scanner.Next(']') && visit(scanner.Value())) {
  }
}

void ForEachMember(std::string_view object,
                   const std::function<bool(std::string_view, std::string_view)>& visit) {
  Scanner scanner(object);
  if (!scanner.Enter('{')) return;
  std::string buffer;
  while (scanner.Next('}')) {
    const std::string_view key = scanner.Key(&buffer);
    if (!visit(key, scanner.Value())) return;
  }
}

}  // namespace vecdb::schema
