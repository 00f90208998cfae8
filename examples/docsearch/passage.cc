#include "docsearch/passage.h"

#include <algorithm>
#include <array>
#include <utility>

#include "docsearch/comments.h"
#include "docsearch/utf8_text.h"

namespace docsearch {
namespace {

// Paragraphs are joined while the passage stays below this.
constexpr size_t kWantedBytes = 400;

constexpr size_t kMinWords = 8;
// A few words say enough when they stand at a function: "Lock a mutex."
constexpr size_t kMinWordsAtFunction = 3;

// Lower case; long enough not to turn up in other text.
constexpr std::array<std::string_view, 24> kLicencePhrases = {"copyright (c)",
                                                              "copyright ©",
                                                              "all rights reserved",
                                                              "without warranty",
                                                              "without even the implied",
                                                              "redistribution and use",
                                                              "permission is hereby granted",
                                                              "permission to use, copy",
                                                              "licensed under the",
                                                              "general public license",
                                                              "spdx-license",
                                                              "free software foundation",
                                                              "you should have received a copy",
                                                              "as is\" basis",
                                                              "provided \"as is\"",
                                                              "under the terms of",
                                                              "liable for any",
                                                              "merchantability",
                                                              "apache license",
                                                              "above copyright notice",
                                                              "mozilla public",
                                                              "runtime library exception",
                                                              "this file is part of",
                                                              "do not edit"};

struct Paragraph {
  size_t line = 1;
  std::string text;
};

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r\f\v") == std::string_view::npos;
}

std::vector<Paragraph> SplitParagraphs(std::string_view text, size_t first_line) {
  std::vector<Paragraph> paragraphs;
  bool open = false;
  for (size_t line = first_line; !text.empty(); ++line) {
    const std::string_view row = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(row.size() + 1, text.size()));
    if (IsBlank(row)) {
      open = false;
    } else if (open) {
      (paragraphs.back().text += '\n') += row;
    } else {
      paragraphs.push_back({line, std::string(row)});
      open = true;
    }
  }
  return paragraphs;
}

// Where to cut text that is too long: the last end of a sentence, line or word, in this order of
// liking, in its second half.
size_t CutPoint(std::string_view text) {
  const std::string_view head = Utf8Prefix(text, kMaxPassageBytes);
  for (const std::string_view end : {". ", ".\n", "\n", " "}) {
    const size_t found = head.rfind(end);
    if (found != std::string_view::npos && found > head.size() / 2) return found + end.size();
  }
  return head.size();
}

std::vector<Paragraph> SplitLong(std::vector<Paragraph> paragraphs) {
  std::vector<Paragraph> pieces;
  for (Paragraph& paragraph : paragraphs) {
    while (paragraph.text.size() > kMaxPassageBytes) {
      const size_t cut = CutPoint(paragraph.text);
      std::string head = paragraph.text.substr(0, cut);
      const auto lines = std::count(head.begin(), head.end(), '\n');
      pieces.push_back({paragraph.line, std::move(head)});
      paragraph.text.erase(0, cut);
      paragraph.line += static_cast<size_t>(lines);
    }
    pieces.push_back(std::move(paragraph));
  }
  return pieces;
}

// Markdown's "# Title", and titles with a line of "===" or "---" below.
bool IsHeading(std::string_view paragraph) {
  if (paragraph.starts_with('#')) return true;
  const size_t line_end = paragraph.find('\n');
  if (line_end == std::string_view::npos) return false;
  const std::string_view below = paragraph.substr(line_end + 1);
  return below.starts_with("===") || below.starts_with("---") || below.starts_with("~~~");
}

// A heading opens a passage, so that it stands above what it is the heading of.
std::vector<Paragraph> JoinSmall(std::vector<Paragraph> paragraphs) {
  std::vector<Paragraph> joined;
  for (Paragraph& paragraph : paragraphs) {
    const bool fits = !joined.empty() && !IsHeading(paragraph.text) &&
                      joined.back().text.size() + paragraph.text.size() < kWantedBytes;
    if (fits) {
      (joined.back().text += '\n') += paragraph.text;
    } else {
      joined.push_back(std::move(paragraph));
    }
  }
  return joined;
}

void AddPassages(std::string_view text, size_t line, const std::string& declaration,
                 std::vector<Passage>& passages) {
  for (Paragraph& paragraph : JoinSmall(SplitLong(SplitParagraphs(text, line)))) {
    passages.push_back({paragraph.line, std::move(paragraph.text), declaration});
  }
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
}

size_t CountWords(std::string_view text) {
  size_t words = 0;
  bool in_word = false;
  for (const char c : text) {
    if (IsLetter(c) && !in_word) ++words;
    in_word = IsLetter(c);
  }
  return words;
}

// Statements and assignments are no declarations.
bool IsFunction(std::string_view declaration) {
  for (const std::string_view keyword :
       {"if", "for", "while", "switch", "return", "else", "assert"}) {
    if (declaration.starts_with(keyword)) return false;
  }
  const size_t parenthesis = declaration.find('(');
  return parenthesis != std::string_view::npos &&
         declaration.substr(0, parenthesis).find_first_of(" *") != std::string_view::npos &&
         declaration.substr(0, parenthesis).find('=') == std::string_view::npos;
}

bool IsLicence(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '\n') c = ' ';
  }
  return std::any_of(kLicencePhrases.begin(), kLicencePhrases.end(), [&](std::string_view phrase) {
    return lower.find(phrase) != std::string::npos;
  });
}

}  // namespace

std::vector<Passage> CutPassages(FileKind kind, std::string_view contents) {
  const std::string clean = CleanUtf8(contents);
  std::vector<Passage> passages;
  if (kind == FileKind::kText) {
    AddPassages(clean, 1, "", passages);
    return passages;
  }
  for (const Comment& comment : FindComments(clean)) {
    AddPassages(comment.text, comment.line, comment.declaration, passages);
  }
  return passages;
}

bool IsWorthKeeping(const Passage& passage) {
  const std::string_view text = passage.text;
  const auto letters = static_cast<size_t>(std::count_if(text.begin(), text.end(), IsLetter));
  const size_t min_words = IsFunction(passage.declaration) ? kMinWordsAtFunction : kMinWords;
  return letters * 2 >= text.size() && CountWords(text) >= min_words && !IsLicence(text);
}

}  // namespace docsearch
