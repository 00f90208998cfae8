#ifndef DOCSEARCH_PASSAGE_H_
#define DOCSEARCH_PASSAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "docsearch/walk.h"

namespace docsearch {

/// A piece of a file that can be read, and found, by itself: a few sentences.
struct Passage {
  size_t line = 1;          ///< where it begins in its file, from 1
  std::string text;         ///< at most kMaxPassageBytes, valid UTF-8
  std::string declaration;  ///< of code: what the text describes; may be ""
};

inline constexpr size_t kMaxPassageBytes = 900;

/// Cuts a file into passages: code into its comments, text into its paragraphs, small ones joined
/// and long ones split at the ends of sentences or lines.
std::vector<Passage> CutPassages(FileKind kind, std::string_view contents);

/// False for text that answers no question: licences and copyright notes, tables, drawings, scraps.
bool IsWorthKeeping(const Passage& passage);

}  // namespace docsearch

#endif  // DOCSEARCH_PASSAGE_H_
