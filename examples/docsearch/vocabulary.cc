#include "docsearch/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "docsearch/tokenize.h"

namespace docsearch {
namespace {

constexpr size_t kMaxTerms = 60'000;

struct CountedTerm {
  std::string term;
  size_t num_texts = 0;
};

std::vector<std::string> DistinctTerms(std::string_view text) {
  std::vector<std::string> terms = Tokenize(text);
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

std::unordered_map<std::string, size_t> CountTexts(std::span<const std::string> texts) {
  std::unordered_map<std::string, size_t> counts;
  for (const std::string& text : texts) {
    for (std::string& term : DistinctTerms(text)) ++counts[std::move(term)];
  }
  return counts;
}

// In alphabetical order, whatever the order of the hash table.
std::vector<CountedTerm> MostWidespread(const std::unordered_map<std::string, size_t>& counts,
                                        size_t min_texts) {
  std::vector<CountedTerm> terms;
  for (const auto& [term, num_texts] : counts) {
    if (num_texts >= min_texts) terms.push_back({term, num_texts});
  }
  std::sort(terms.begin(), terms.end(), [](const CountedTerm& a, const CountedTerm& b) {
    return a.num_texts != b.num_texts ? a.num_texts > b.num_texts : a.term < b.term;
  });
  terms.resize(std::min(terms.size(), kMaxTerms));
  std::sort(terms.begin(), terms.end(),
            [](const CountedTerm& a, const CountedTerm& b) { return a.term < b.term; });
  return terms;
}

void NormalizeLength(std::vector<TermWeight>& weights) {
  double squares = 0;
  for (const TermWeight& weight : weights) squares += weight.weight * weight.weight;
  if (squares == 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (TermWeight& weight : weights) weight.weight *= scale;
}

}  // namespace

Vocabulary Vocabulary::Learn(std::span<const std::string> texts, size_t min_texts) {
  std::vector<std::string> terms;
  std::vector<float> idf;
  for (CountedTerm& counted : MostWidespread(CountTexts(texts), min_texts)) {
    const double share = static_cast<double>(texts.size()) / static_cast<double>(counted.num_texts);
    terms.push_back(std::move(counted.term));
    idf.push_back(static_cast<float>(std::log(1 + share)));
  }
  return Vocabulary(std::move(terms), std::move(idf));
}

Vocabulary::Vocabulary(std::vector<std::string> terms, std::vector<float> idf)
    : terms_(std::move(terms)), idf_(std::move(idf)) {
  numbers_.reserve(terms_.size());
  for (uint32_t i = 0; i < terms_.size(); ++i) numbers_.emplace(terms_[i], i);
}

std::vector<TermWeight> Vocabulary::Weigh(std::string_view text) const {
  std::vector<uint32_t> numbers;
  for (const std::string& term : Tokenize(text)) {
    const auto found = numbers_.find(term);
    if (found != numbers_.end()) numbers.push_back(found->second);
  }
  std::sort(numbers.begin(), numbers.end());

  std::vector<TermWeight> weights;
  for (auto begin = numbers.begin(); begin != numbers.end();) {
    const auto end = std::upper_bound(begin, numbers.end(), *begin);
    const auto tf = static_cast<float>(end - begin);
    weights.push_back({*begin, (1 + std::log(tf)) * idf_[*begin]});
    begin = end;
  }
  NormalizeLength(weights);
  return weights;
}

}  // namespace docsearch
