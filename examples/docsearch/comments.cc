#include "docsearch/comments.h"

#include <algorithm>

namespace docsearch {
namespace {

// Longer declarations are code rather than an interface.
constexpr size_t kMaxDeclarationBytes = 240;

constexpr std::string_view kSpaces = " \t\r\n\f\v";

// The bytes of a comment within its file, marks included.
struct Extent {
  size_t begin = 0;
  size_t end = 0;
};

bool StartsComment(std::string_view code, size_t at) {
  return code.substr(at, 2) == "//" || code.substr(at, 2) == "/*";
}

size_t FindOr(std::string_view text, std::string_view what, size_t from, size_t otherwise) {
  const size_t found = text.find(what, from);
  return found == std::string_view::npos ? otherwise : found;
}

size_t EndOfComment(std::string_view code, size_t begin) {
  if (code[begin + 1] == '/') return FindOr(code, "\n", begin, code.size());
  return std::min(FindOr(code, "*/", begin + 2, code.size()) + 2, code.size());
}

// A literal ends with its line at the latest: the apostrophe of "#error don't" opens none.
size_t EndOfLiteral(std::string_view code, size_t begin) {
  for (size_t at = begin + 1; at < code.size(); ++at) {
    if (code[at] == '\\') {
      ++at;
    } else if (code[at] == code[begin]) {
      return at + 1;
    } else if (code[at] == '\n') {
      return at;
    }
  }
  return code.size();
}

std::vector<Extent> FindExtents(std::string_view code) {
  std::vector<Extent> extents;
  size_t at = 0;
  while ((at = code.find_first_of("/\"'", at)) != std::string_view::npos) {
    if (code[at] != '/') {
      at = EndOfLiteral(code, at);
    } else if (StartsComment(code, at)) {
      extents.push_back({at, EndOfComment(code, at)});
      at = extents.back().end;
    } else {
      ++at;
    }
  }
  return extents;
}

// True when only the end of one line lies between two // comments.
bool Continues(std::string_view code, const Extent& first, const Extent& second) {
  const std::string_view between = code.substr(first.end, second.begin - first.end);
  return code.substr(first.begin, 2) == "//" && code.substr(second.begin, 2) == "//" &&
         between.find_first_not_of(kSpaces) == std::string_view::npos &&
         std::count(between.begin(), between.end(), '\n') == 1;
}

std::vector<Extent> JoinLines(std::string_view code, const std::vector<Extent>& extents) {
  std::vector<Extent> joined;
  for (const Extent& extent : extents) {
    if (!joined.empty() && Continues(code, joined.back(), extent)) {
      joined.back().end = extent.end;
    } else {
      joined.push_back(extent);
    }
  }
  return joined;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

bool HasWord(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
  });
}

// Takes off the marks at the ends of a line of a comment; "" for a line of decoration.
std::string_view StripMarks(std::string_view line) {
  line = Trim(line);
  if (!HasWord(line)) return {};
  size_t begin = line.find_first_not_of("/*");
  // "///<", "/*!" and their like are Doxygen's.
  if (begin > 0) begin = line.find_first_not_of("!<", begin);
  line.remove_prefix(begin);
  while (line.ends_with("*/") || line.ends_with('*')) line.remove_suffix(1);
  return Trim(line);
}

std::string CommentText(std::string_view comment) {
  std::string text;
  for (size_t begin = 0; begin < comment.size();) {
    const size_t end = FindOr(comment, "\n", begin, comment.size());
    text += StripMarks(comment.substr(begin, end - begin));
    text += '\n';
    begin = end + 1;
  }
  return std::string(Trim(text));
}

std::string CollapseSpaces(std::string_view text) {
  std::string collapsed;
  for (const char c : Trim(text)) {
    const bool space = kSpaces.find(c) != std::string_view::npos;
    if (space && collapsed.ends_with(' ')) continue;
    collapsed += space ? ' ' : c;
  }
  return collapsed;
}

// Cuts off what follows the parameters in the headers of the C library: "f (int x) __THROW __wur".
std::string WithoutAttributes(const std::string& declaration) {
  const size_t attributes = declaration.find(") __");
  return declaration.substr(0, attributes == std::string::npos ? attributes : attributes + 1);
}

// Begin of the code behind a comment, past the conditions that the headers of the C library put
// between a comment and what it describes.
size_t SkipConditions(std::string_view code, size_t from) {
  size_t at = code.find_first_not_of(kSpaces, from);
  while (at != std::string_view::npos && code.substr(at, 3) == "#if") {
    at = code.find_first_not_of(kSpaces, FindOr(code, "\n", at, code.size()));
  }
  return std::min(at, code.size());
}

// Code up to where a declaration can end: a semicolon, a brace, an empty line, the next comment.
std::string DeclarationAfter(std::string_view code, size_t from) {
  const size_t begin = SkipConditions(code, from);
  const size_t limit = std::min(code.size(), begin + kMaxDeclarationBytes);
  const bool directive = code.substr(begin, 1) == "#";
  size_t at = begin;
  for (; at < limit; ++at) {
    if (code[at] == ';' || code[at] == '{' || StartsComment(code, at)) break;
    if (code[at] == '\n' && (directive || code.substr(at + 1, 1) == "\n")) break;
  }
  const std::string_view found = code.substr(begin, at - begin);
  const bool interesting = !directive || found.find("define") != std::string_view::npos;
  return interesting && HasWord(found) ? WithoutAttributes(CollapseSpaces(found)) : "";
}

std::string DeclarationOf(std::string_view code, const Extent& extent) {
  const size_t line_break = code.rfind('\n', extent.begin);
  const size_t line_begin =
      line_break == std::string_view::npos || extent.begin == 0 ? 0 : line_break + 1;
  const std::string_view before = code.substr(line_begin, extent.begin - line_begin);
  if (HasWord(before)) return CollapseSpaces(before.substr(0, kMaxDeclarationBytes));
  return DeclarationAfter(code, extent.end);
}

}  // namespace

std::vector<Comment> FindComments(std::string_view code) {
  std::vector<Comment> comments;
  size_t line = 1;
  size_t counted = 0;
  for (const Extent& extent : JoinLines(code, FindExtents(code))) {
    line +=
        static_cast<size_t>(std::count(code.begin() + static_cast<ptrdiff_t>(counted),
                                       code.begin() + static_cast<ptrdiff_t>(extent.begin), '\n'));
    counted = extent.begin;
    std::string text = CommentText(code.substr(extent.begin, extent.end - extent.begin));
    if (text.empty()) continue;
    comments.push_back({line, std::move(text), DeclarationOf(code, extent)});
  }
  return comments;
}

}  // namespace docsearch
