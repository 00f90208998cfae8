#ifndef VECDB_TREE_SOURCE_TREE_H_
#define VECDB_TREE_SOURCE_TREE_H_

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vecdb::tree {

// The C++ files of a source tree, cut into tokens, as the checks of checks.h see them.

// A piece of code: an identifier, a number, or one punctuation mark ("::" and "->" are one mark).
// Comments and the contents of string and character literals give no tokens.
struct Token {
  std::string text{};
  int line = 0;
};

struct Include {
  std::string path{};
  int line = 0;
};

struct SourceFile {
  std::string path{};  // From the root, with '/'.
  std::vector<std::string> lines{};
  std::vector<Token> tokens{};
  std::vector<Include> includes{};
};

SourceFile ParseSource(std::string path, std::string_view text);

class SourceTree {
 public:
  // Reads every .h and .cc file below the folders of `root` that hold C++, and untested.txt.
  static SourceTree Read(const std::filesystem::path& root);

  void Add(std::string path, std::string_view text);

  // Ordered by path.
  const std::map<std::string, SourceFile>& files() const { return files_; }

  bool Has(const std::string& path) const { return files_.contains(path); }

  // The files whose path begins with `prefix`.
  std::vector<const SourceFile*> Below(std::string_view prefix) const;

 private:
  std::map<std::string, SourceFile> files_;
};

}  // namespace vecdb::tree

#endif  // VECDB_TREE_SOURCE_TREE_H_
