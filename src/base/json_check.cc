#include "base/json_check.h"

#include <cstddef>

#include "base/str_format.h"

namespace vecdb::base {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Position of the quote that ends the string whose first byte is at `at`, or the end of the text.
size_t EndOfString(std::string_view text, size_t at) {
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at;
}

bool DepthWithin(std::string_view text, int max_depth) {
  int depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
      case '"':
        at = EndOfString(text, at + 1);
        break;
      case '[':
      case '{':
        if (++depth > max_depth) return false;
        break;
      case ']':
      case '}':
        --depth;
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace

absl::Status PreCheckJson(std::string_view text, int max_depth) {
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("JSON with a NUL byte");
  }
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    return absl::InvalidArgumentError("JSON with a byte order mark");
  }
  if (!DepthWithin(text, max_depth)) {
    return absl::InvalidArgumentError(
        base::StrFormat("JSON is nested deeper than the limit of %d", max_depth));
  }
  return absl::OkStatus();
}

}  // namespace vecdb::base
