#include "filter/literal.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "base/str_format.h"
#include "base/utf8.h"

namespace vecdb::filter {
namespace {

using ParsedNumber = std::variant<int64_t, double, MinusOnly>;

std::optional<uint64_t> ParseDigits(std::string_view digits, int base) {
  uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<double> ParseReal(std::string_view digits, std::chars_format format) {
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, format);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<ParsedNumber> FromMagnitude(std::optional<uint64_t> magnitude) {
  constexpr uint64_t kBeyond = uint64_t{1} << 63;
  if (!magnitude.has_value() || *magnitude > kBeyond) return std::nullopt;
  if (*magnitude == kBeyond) return MinusOnly{};
  return static_cast<int64_t>(*magnitude);
}

std::optional<ParsedNumber> FromReal(std::optional<double> real) {
  return real.has_value() ? std::optional<ParsedNumber>(*real) : std::nullopt;
}

bool StartsWithBase(std::string_view text, char base) {
  return text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == base;
}

// Reads the escapes of one string.
class StringDecoder {
 public:
  explicit StringDecoder(std::string_view body) : body_(body) {}

  std::variant<std::string, StringError> Decode() {
    while (at_ < body_.size()) {
      if (body_[at_] != '\\') {
        out_.push_back(body_[at_++]);
        continue;
      }
      escape_ = at_++;
      if (const char* wrong = Escape(); wrong != nullptr) return StringError{escape_, wrong};
    }
    return std::move(out_);
  }

 private:
  // Null, or what is wrong.
  const char* Escape() {
    constexpr std::string_view kNames = "ntrbf\\\"'/";
    constexpr std::string_view kValues = "\n\t\r\b\f\\\"'/";
    if (at_ == body_.size()) return "a backslash at the end of a string";
    const char name = body_[at_++];
    if (const size_t found = kNames.find(name); found != std::string_view::npos) {
      out_.push_back(kValues[found]);
      return nullptr;
    }
    if (name == '%' || name == '_') {
      out_.push_back('\\');
      out_.push_back(name);
      return nullptr;
    }
    if (name == 'x') return HexByte();
    if (name == 'u') return CodePoint();
    return "unknown escape; known are \\n \\t \\r \\b \\f \\\\ \\\" \\' \\/ \\xHH \\uHHHH \\% \\_";
  }

  std::optional<uint32_t> Hex(size_t digits) {
    if (body_.size() - at_ < digits) return std::nullopt;
    const auto value = ParseDigits(body_.substr(at_, digits), 16);
    if (!value.has_value()) return std::nullopt;
    at_ += digits;
    return static_cast<uint32_t>(*value);
  }

  const char* HexByte() {
    const auto value = Hex(2);
    if (!value.has_value()) return "\\x takes two hexadecimal digits";
    if (*value > 0x7f) return "\\x goes up to 7f; write \\uHHHH for other characters";
    out_.push_back(static_cast<char>(*value));
    return nullptr;
  }

  const char* CodePoint() {
    auto point = Hex(4);
    if (!point.has_value()) return "\\u takes four hexadecimal digits";
    if (*point >= 0xd800 && *point < 0xdc00) {
      constexpr const char* kLone = "half of a surrogate pair";
      if (body_.substr(at_, 2) != "\\u") return kLone;
      at_ += 2;
      const auto low = Hex(4);
      if (!low.has_value() || *low < 0xdc00 || *low > 0xdfff) return kLone;
      point = 0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00);
    } else if (*point >= 0xdc00 && *point <= 0xdfff) {
      return "half of a surrogate pair";
    }
    base::AppendUtf8(*point, &out_);
    return nullptr;
  }

  const std::string_view body_;
  size_t at_ = 0;
  size_t escape_ = 0;  // where the one that is read begins
  std::string out_;
};

}  // namespace

std::optional<ParsedNumber> ParseNumber(std::string_view text) {
  if (StartsWithBase(text, 'x')) {
    const std::string_view digits = text.substr(2);
    if (digits.find_first_of(".pP") == std::string_view::npos) {
      return FromMagnitude(ParseDigits(digits, 16));
    }
    return FromReal(ParseReal(digits, std::chars_format::hex));
  }
  if (StartsWithBase(text, 'b')) return FromMagnitude(ParseDigits(text.substr(2), 2));
  if (text.find_first_of(".eE") != std::string_view::npos) {
    return FromReal(ParseReal(text, std::chars_format::general));
  }
  return FromMagnitude(ParseDigits(text, text.size() > 1 && text[0] == '0' ? 8 : 10));
}

std::variant<std::string, StringError> DecodeString(std::string_view body) {
  return StringDecoder(body).Decode();
}

std::string QuoteString(std::string_view text) {
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool kept =
        c == '\\' && i + 1 < text.size() && (text[i + 1] == '%' || text[i + 1] == '_');
    if (c == '"' || (c == '\\' && !kept)) {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += base::StrFormat("\\x%02x", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace vecdb::filter
