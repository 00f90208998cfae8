#include "filter/error.h"

#include <algorithm>
#include <string>

#include "base/str_format.h"
#include "base/utf8.h"

namespace vecdb::filter {
namespace {

constexpr size_t kNearBytes = 40;   // shown on either side of the mistake
constexpr size_t kMostBytes = 400;  // of what is said, which may repeat a name

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !base::IsUtf8Continuation(c); }));
}

// Of the character at the start of `text`; 0 when there is none.
size_t ValidCharacterBytes(std::string_view text) {
  for (size_t length = 1; length <= std::min<size_t>(text.size(), 4); ++length) {
    if (base::IsValidUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

// What is printed takes one line, and one place for each character.
std::string Printable(std::string_view text) {
  std::string printable(text);
  for (char& c : printable) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return printable;
}

size_t ToCharacter(std::string_view text, size_t position) {
  while (position > 0 && position < text.size() && base::IsUtf8Continuation(text[position]))
    --position;
  return position;
}

}  // namespace

absl::Status ErrorAt(std::string_view text, size_t position, std::string_view what) {
  position = ToCharacter(text, std::min(position, text.size()));
  const bool long_winded = what.size() > kMostBytes;
  if (long_winded) what = what.substr(0, ToCharacter(what, kMostBytes));
  const std::string_view before = text.substr(0, position);
  const size_t newline = before.rfind('\n');
  const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const size_t end = std::min(text.find('\n', position), text.size());
  const auto line_number = 1 + std::count(before.begin(), before.end(), '\n');

  const size_t from =
      position - begin > kNearBytes ? ToCharacter(text, position - kNearBytes) : begin;
  const size_t to = end - position > kNearBytes ? ToCharacter(text, position + kNearBytes) : end;
  const std::string_view shown = text.substr(from, to - from);
  const char* left = from > begin ? "..." : "";
  const char* right = to < end ? "..." : "";
  const size_t indent = CountCharacters(shown.substr(0, position - from)) + (from > begin ? 3 : 0);
  return absl::InvalidArgumentError(base::StrFormat(
      "filter, line %d, column %d: %s%s\n  %s%s%s\n  %s^", line_number,
      CountCharacters(text.substr(begin, position - begin)) + 1, what, long_winded ? "..." : "",
      left, Printable(shown), right, std::string(indent, ' ')));
}

absl::Status CheckUtf8(std::string_view text) {
  if (base::IsValidUtf8(text)) return absl::OkStatus();
  std::string valid(text);
  size_t first = text.size();
  for (size_t at = 0; at < text.size();) {
    const size_t length = ValidCharacterBytes(text.substr(at));
    if (length == 0) {
      first = std::min(first, at);
      valid[at] = '?';
    }
    at += std::max<size_t>(length, 1);
  }
  return ErrorAt(valid, first, "a byte that is not valid UTF-8");
}

}  // namespace vecdb::filter
