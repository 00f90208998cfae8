#include "tree/source_tree.h"

#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace vecdb::tree {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool IsRawStringPrefix(std::string_view word) {
  return word == "R" || word == "u8R" || word == "uR" || word == "UR" || word == "LR";
}

class Lexer {
 public:
  Lexer(std::string_view text, SourceFile& file) : text_(text), file_(file) {}

  void Run() {
    while (at_ < text_.size()) Step();
  }

 private:
  void Step() {
    const char c = text_[at_];
    if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
      Advance(1);
    } else if (Starts("//")) {
      SkipTo("\n", 0);
    } else if (Starts("/*")) {
      SkipTo("*/", 2);
    } else if (c == '"' || c == '\'') {
      SkipLiteral(c);
    } else if (c == '#') {
      Directive();
    } else if (IsDigit(c)) {
      Number();
    } else if (IsWord(c)) {
      Word();
    } else {
      const bool pair = Starts("::") || Starts("->");
      Emit(pair ? 2 : 1);
    }
  }

  bool Starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  void Advance(size_t count) {
    for (size_t i = 0; i < count && at_ < text_.size(); ++i, ++at_) {
      if (text_[at_] == '\n') ++line_;
    }
  }

  void Emit(size_t length) {
    file_.tokens.push_back({std::string(text_.substr(at_, length)), line_});
    Advance(length);
  }

  void SkipTo(std::string_view end, size_t extra) {
    const size_t found = text_.find(end, at_ + extra);
    Advance(found == std::string_view::npos ? text_.size() - at_ : found + extra - at_);
  }

  void SkipLiteral(char quote) {
    Advance(1);
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      Advance(text_[at_] == '\\' ? 2 : 1);
    }
    Advance(1);
  }

  void SkipRawString() {
    const size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return Advance(text_.size() - at_);
    const std::string end = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    SkipTo(end, end.size());
  }

  // A quote inside a number is a digit separator.
  void Number() {
    size_t end = at_;
    while (end < text_.size() && (IsWord(text_[end]) || text_[end] == '.' || text_[end] == '\'')) {
      ++end;
    }
    Emit(end - at_);
  }

  void Word() {
    size_t end = at_;
    while (end < text_.size() && IsWord(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const bool literal = end < text_.size() && text_[end] == '"';
    if (literal && IsRawStringPrefix(word)) {
      Advance(word.size());
      SkipRawString();
    } else {
      Emit(word.size());
    }
  }

  // Records an include; the words of every other directive are tokens like any code.
  void Directive() {
    Emit(1);
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) Advance(1);
    if (!Starts("include")) return;
    const size_t open = text_.find_first_of("<\"\n", at_);
    if (open == std::string_view::npos || text_[open] == '\n') return;
    const size_t close = text_.find_first_of(text_[open] == '<' ? ">\n" : "\"\n", open + 1);
    if (close == std::string_view::npos) return;
    file_.includes.push_back({std::string(text_.substr(open + 1, close - open - 1)), line_});
    Advance(close + 1 - at_);
  }

  std::string_view text_;
  SourceFile& file_;
  size_t at_ = 0;
  int line_ = 1;
};

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

}  // namespace

SourceFile ParseSource(std::string path, std::string_view text) {
  SourceFile file;
  file.path = std::move(path);
  file.lines = SplitLines(text);
  Lexer(text, file).Run();
  return file;
}

SourceTree SourceTree::Read(const std::filesystem::path& root) {
  SourceTree tree;
  for (const char* folder : {"include", "src", "tests", "examples", "benchmarks"}) {
    if (!std::filesystem::is_directory(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::filesystem::path& path = entry.path();
      const bool is_code = path.extension() == ".h" || path.extension() == ".cc";
      if (!is_code && path.filename() != "untested.txt") continue;
      std::ifstream in(path, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      tree.Add(path.lexically_relative(root).generic_string(), text);
    }
  }
  return tree;
}

void SourceTree::Add(std::string path, std::string_view text) {
  SourceFile file = ParseSource(path, text);
  files_.insert_or_assign(std::move(path), std::move(file));
}

std::vector<const SourceFile*> SourceTree::Below(std::string_view prefix) const {
  std::vector<const SourceFile*> below;
  for (const auto& [path, file] : files_) {
    if (std::string_view(path).starts_with(prefix)) below.push_back(&file);
  }
  return below;
}

}  // namespace vecdb::tree
