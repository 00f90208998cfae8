#include <array>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "tree/checks.h"

namespace vecdb::tree {
namespace {

constexpr size_t kMaxLines = 600;
constexpr std::string_view kUntested = "tests/tree/untested.txt";

bool IsLibraryFile(std::string_view path) {
  return path.starts_with("src/") || path.starts_with("include/");
}

// include/vecdb/schema.h gives VECDB_SCHEMA_H_, src/base/bitmap.h gives VECDB_BASE_BITMAP_H_.
std::string GuardOf(std::string_view path) {
  std::string name(path.substr(path.find('/') + 1));
  if (!name.starts_with("vecdb/")) name = "vecdb/" + name;
  return absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"/", "_"}, {".", "_"}, {"-", "_"}})) +
         "_";
}

// Highway's -inl.h files are read once per instruction set and toggle a guard of their own.
bool HasOrdinaryGuard(std::string_view path) {
  return path.ends_with(".h") && !path.ends_with("-inl.h");
}

bool HasTest(const SourceTree& tree, std::string_view source) {
  const std::string stem(source.substr(4, source.size() - 4 - 3));
  for (const char* suffix : {"_test.cc", "_race_test.cc", "_slow_test.cc"}) {
    if (tree.Has("tests/" + stem + suffix)) return true;
  }
  return false;
}

// The sources excused by untested.txt; adds a violation for each line that is wrong.
std::set<std::string> ReadExcuses(const SourceTree& tree, Violations& out) {
  std::set<std::string> excused;
  const auto found = tree.files().find(std::string(kUntested));
  if (found == tree.files().end()) return excused;
  int number = 0;
  for (const std::string& line : found->second.lines) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const size_t space = line.find(' ');
    const std::string source = line.substr(0, space);
    const bool reasoned =
        space != std::string::npos && line.find_first_not_of(' ', space) != std::string::npos;
    const char* wrong = nullptr;
    if (!reasoned) wrong = "has no reason";
    if (!tree.Has(source)) wrong = "does not exist";
    if (tree.Has(source) && HasTest(tree, source)) wrong = "has a test";
    if (wrong != nullptr) {
      out.push_back(absl::StrFormat("%s:%d: %s %s", kUntested, number, source, wrong));
    }
    excused.insert(source);
  }
  return excused;
}

}  // namespace

Violations CheckHeaderGuards(const SourceTree& tree) {
  Violations out;
  for (const auto& [path, file] : tree.files()) {
    if (!IsLibraryFile(path) || !HasOrdinaryGuard(path)) continue;
    // `#ifndef GUARD #define GUARD` are the first six tokens of the file.
    const std::string guard = GuardOf(path);
    const std::array<std::string_view, 6> want = {"#", "ifndef", guard, "#", "define", guard};
    bool right = file.tokens.size() > want.size();
    for (size_t i = 0; right && i < want.size(); ++i) right = file.tokens[i].text == want[i];
    if (!right) out.push_back(absl::StrFormat("%s: the guard should be %s", path, guard));
  }
  return out;
}

Violations CheckSourcesHaveTests(const SourceTree& tree) {
  Violations out;
  const std::set<std::string> excused = ReadExcuses(tree, out);
  for (const SourceFile* file : tree.Below("src/")) {
    if (!file->path.ends_with(".cc")) continue;
    if (HasTest(tree, file->path) || excused.contains(file->path)) continue;
    out.push_back(
        absl::StrFormat("%s: no test of its name, and no line in %s", file->path, kUntested));
  }
  return out;
}

Violations CheckFileLengths(const SourceTree& tree) {
  Violations out;
  for (const auto& [path, file] : tree.files()) {
    if (!IsLibraryFile(path)) continue;
    if (file.lines.size() <= kMaxLines) continue;
    out.push_back(
        absl::StrFormat("%s: %d lines, the limit is %d", path, file.lines.size(), kMaxLines));
  }
  return out;
}

}  // namespace vecdb::tree
