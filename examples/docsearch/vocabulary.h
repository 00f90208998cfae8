#ifndef DOCSEARCH_VOCABULARY_H_
#define DOCSEARCH_VOCABULARY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace docsearch {

/// How much of one term is in a text.
struct TermWeight {
  uint32_t term = 0;
  float weight = 0;
};

/// The terms of a corpus, numbered in alphabetical order, and how much each one tells: rare ones
/// tell more. Immutable.
class Vocabulary {
 public:
  /// Learns the terms that at least `min_texts` of the texts contain, the most widespread 60,000 if
  /// there are more.
  static Vocabulary Learn(std::span<const std::string> texts, size_t min_texts = 3);

  /// A vocabulary that was learnt before. Both of one length; `terms` without repetition.
  Vocabulary(std::vector<std::string> terms, std::vector<float> idf);

  /// The tf-idf vector of a text, in the order of the terms, of length 1; empty when it has no
  /// known term. A term that comes n times weighs (1 + ln n) times its inverse document frequency.
  std::vector<TermWeight> Weigh(std::string_view text) const;

  size_t size() const { return terms_.size(); }
  const std::vector<std::string>& terms() const { return terms_; }
  const std::vector<float>& idf() const { return idf_; }

 private:
  std::vector<std::string> terms_;
  std::vector<float> idf_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

}  // namespace docsearch

#endif  // DOCSEARCH_VOCABULARY_H_
