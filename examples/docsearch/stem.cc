#include "docsearch/stem.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace docsearch {
namespace {

// Step and rule names are those of Porter's paper. A word is [C](VC)^m[V] in runs of consonants C
// and vowels V; m is its measure.

bool IsConsonant(std::string_view word, size_t at) {
  switch (word[at]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
      return false;
    case 'y':
      return at == 0 || !IsConsonant(word, at - 1);
    default:
      return true;
  }
}

int Measure(std::string_view stem) {
  int measure = 0;
  for (size_t i = 1; i < stem.size(); ++i) {
    if (IsConsonant(stem, i) && !IsConsonant(stem, i - 1)) ++measure;
  }
  return measure;
}

bool HasVowel(std::string_view stem) {
  for (size_t i = 0; i < stem.size(); ++i) {
    if (!IsConsonant(stem, i)) return true;
  }
  return false;
}

// *d in the paper.
bool EndsInDoubleConsonant(std::string_view word) {
  const size_t size = word.size();
  return size >= 2 && word[size - 1] == word[size - 2] && IsConsonant(word, size - 1);
}

// *o in the paper: consonant, vowel, consonant, the last not w, x or y.
bool EndsInShortSyllable(std::string_view word) {
  const size_t size = word.size();
  if (size < 3) return false;
  const char last = word.back();
  return IsConsonant(word, size - 3) && !IsConsonant(word, size - 2) &&
         IsConsonant(word, size - 1) && last != 'w' && last != 'x' && last != 'y';
}

std::string_view Without(std::string_view word, std::string_view ending) {
  return word.substr(0, word.size() - ending.size());
}

struct Rule {
  std::string_view ending;
  std::string_view replacement;
};

// Applies the first rule whose ending is there, if its stem's measure is above `measure`.
void Replace(std::string& word, std::span<const Rule> rules, int measure) {
  for (const Rule& rule : rules) {
    if (!word.ends_with(rule.ending)) continue;
    if (Measure(Without(word, rule.ending)) <= measure) return;
    word.resize(word.size() - rule.ending.size());
    word += rule.replacement;
    return;
  }
}

void Step1a(std::string& word) {
  static constexpr Rule kRules[] = {{"sses", "ss"}, {"ies", "i"}, {"ss", "ss"}, {"s", ""}};
  Replace(word, kRules, -1);
}

// After "ed" and "ing": "conflat(ed)" -> "conflate", "hopp(ing)" -> "hop", "fil(ing)" -> "file".
void MendStem(std::string& word) {
  if (word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz")) {
    word += 'e';
  } else if (EndsInDoubleConsonant(word)) {
    if (std::string_view("lsz").find(word.back()) == std::string_view::npos) word.pop_back();
  } else if (Measure(word) == 1 && EndsInShortSyllable(word)) {
    word += 'e';
  }
}

void Step1b(std::string& word) {
  if (word.ends_with("eed")) {
    if (Measure(Without(word, "eed")) > 0) word.pop_back();
    return;
  }
  for (const std::string_view ending : {"ed", "ing"}) {
    if (!word.ends_with(ending) || !HasVowel(Without(word, ending))) continue;
    word.resize(word.size() - ending.size());
    MendStem(word);
    return;
  }
}

void Step1c(std::string& word) {
  if (word.ends_with('y') && HasVowel(Without(word, "y"))) word.back() = 'i';
}

void Step2(std::string& word) {
  static constexpr Rule kRules[] = {
      {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},   {"anci", "ance"},
      {"izer", "ize"},    {"abli", "able"},   {"alli", "al"},     {"entli", "ent"},
      {"eli", "e"},       {"ousli", "ous"},   {"ization", "ize"}, {"ation", "ate"},
      {"ator", "ate"},    {"alism", "al"},    {"iveness", "ive"}, {"fulness", "ful"},
      {"ousness", "ous"}, {"aliti", "al"},    {"iviti", "ive"},   {"biliti", "ble"}};
  Replace(word, kRules, 0);
}

void Step3(std::string& word) {
  static constexpr Rule kRules[] = {{"icate", "ic"}, {"ative", ""},  {"alize", "al"},
                                    {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""},
                                    {"ness", ""}};
  Replace(word, kRules, 0);
}

void Step4(std::string& word) {
  static constexpr Rule kRules[] = {
      {"al", ""},   {"ance", ""}, {"ence", ""},  {"er", ""},   {"ic", ""},  {"able", ""},
      {"ible", ""}, {"ant", ""},  {"ement", ""}, {"ment", ""}, {"ent", ""}, {"ou", ""},
      {"ism", ""},  {"ate", ""},  {"iti", ""},   {"ous", ""},  {"ive", ""}, {"ize", ""}};
  if (word.ends_with("sion") || word.ends_with("tion")) {
    if (Measure(Without(word, "ion")) > 1) word.resize(word.size() - 3);
    return;
  }
  Replace(word, kRules, 1);
}

void Step5(std::string& word) {
  if (word.ends_with('e')) {
    const std::string_view stem = Without(word, "e");
    const int measure = Measure(stem);
    if (measure > 1 || (measure == 1 && !EndsInShortSyllable(stem))) word.pop_back();
  }
  if (word.ends_with("ll") && Measure(word) > 1) word.pop_back();
}

}  // namespace

std::string Stem(std::string word) {
  const bool plain =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (word.size() < 3 || !plain) return word;
  Step1a(word);
  Step1b(word);
  Step1c(word);
  Step2(word);
  Step3(word);
  Step4(word);
  Step5(word);
  return word;
}

}  // namespace docsearch
