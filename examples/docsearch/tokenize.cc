#include "docsearch/tokenize.h"

#include <algorithm>
#include <iterator>

#include "docsearch/stem.h"

namespace docsearch {
namespace {

constexpr size_t kMinTermBytes = 2;
constexpr size_t kMaxTermBytes = 24;

// Sorted. English words of no meaning, words of Doxygen, keywords of C and C++.
constexpr std::string_view kStopWords[] = {
    "about",    "above",    "after",   "again",    "all",     "also",    "am",        "an",
    "and",      "any",      "are",     "as",       "at",      "auto",    "be",        "because",
    "been",     "before",   "being",   "below",    "between", "both",    "brief",     "but",
    "by",       "can",      "cannot",  "class",    "code",    "const",   "constexpr", "could",
    "define",   "defined",  "details", "did",      "do",      "does",    "doing",     "down",
    "during",   "each",     "eg",      "elif",     "else",    "endcode", "endif",     "enum",
    "etc",      "extern",   "few",     "for",      "from",    "further", "given",     "had",
    "has",      "have",     "having",  "he",       "her",     "here",    "hers",      "him",
    "his",      "how",      "however", "ie",       "if",      "ifdef",   "ifndef",    "in",
    "inline",   "into",     "is",      "it",       "its",     "itself",  "just",      "may",
    "me",       "might",    "more",    "most",     "must",    "my",      "namespace", "no",
    "noexcept", "nor",      "not",     "note",     "of",      "on",      "once",      "only",
    "or",       "other",    "our",     "out",      "over",    "own",     "param",     "public",
    "ref",      "restrict", "return",  "returned", "returns", "same",    "see",       "shall",
    "she",      "should",   "since",   "so",       "some",    "static",  "std",       "struct",
    "such",     "template", "than",    "that",     "the",     "their",   "them",      "then",
    "there",    "these",    "they",    "this",     "those",   "through", "to",        "too",
    "typedef",  "typename", "under",   "until",    "up",      "us",      "use",       "used",
    "using",    "very",     "via",     "void",     "was",     "we",      "were",      "what",
    "when",     "where",    "whether", "which",    "while",   "who",     "whom",      "why",
    "will",     "with",     "would",   "you",      "your"};

static_assert(std::is_sorted(std::begin(kStopWords), std::end(kStopWords)));

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return (c >= 'a' && c <= 'z') || static_cast<signed char>(c) < 0; }
bool IsWordByte(char c) { return IsUpper(c) || IsLower(c) || IsDigit(c); }

bool IsStopWord(std::string_view word) {
  return std::binary_search(std::begin(kStopWords), std::end(kStopWords), word);
}

// True when a new part of an identifier begins at `at`: before the capital of "timedLock", and
// before the last capital of "HTTPServer".
bool PartBegins(std::string_view word, size_t at) {
  if (!IsUpper(word[at])) return false;
  if (!IsUpper(word[at - 1])) return true;
  return at + 1 < word.size() && IsLower(word[at + 1]);
}

void AddTerm(std::string_view part, std::vector<std::string>& terms) {
  if (part.size() < kMinTermBytes || part.size() > kMaxTermBytes || IsDigit(part[0])) return;
  std::string term(part);
  for (char& c : term) {
    if (IsUpper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  if (!IsStopWord(term)) terms.push_back(Stem(std::move(term)));
}

void AddParts(std::string_view word, std::vector<std::string>& terms) {
  size_t begin = 0;
  for (size_t at = 1; at < word.size(); ++at) {
    if (!PartBegins(word, at)) continue;
    AddTerm(word.substr(begin, at - begin), terms);
    begin = at;
  }
  AddTerm(word.substr(begin), terms);
}

}  // namespace

std::vector<std::string> Tokenize(std::string_view text) {
  std::vector<std::string> terms;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    while (at < text.size() && IsWordByte(text[at])) ++at;
    if (at > begin) AddParts(text.substr(begin, at - begin), terms);
    if (at == begin) ++at;
  }
  return terms;
}

}  // namespace docsearch
