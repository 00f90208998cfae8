#ifndef DOCSEARCH_COMMENTS_H_
#define DOCSEARCH_COMMENTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace docsearch {

/// A comment of a C or C++ file and the code that it stands at.
struct Comment {
  size_t line = 1;   ///< where it begins, from 1
  std::string text;  ///< without the marks of comments and boxes; blank lines separate paragraphs
  std::string
      declaration;  ///< what it describes: code behind it, or before it on its line; may be ""
};

/// Finds the comments of a file, in order. Neighbouring // lines are one comment. The file need not
/// be correct: nothing is parsed but strings, characters and comments.
std::vector<Comment> FindComments(std::string_view code);

}  // namespace docsearch

#endif  // DOCSEARCH_COMMENTS_H_
