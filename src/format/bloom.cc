#include "format/bloom.h"

#include <algorithm>

namespace vecdb::format {
namespace {

constexpr uint64_t kBlockWords = 8;
constexpr uint64_t kBitsPerKey = 10;
constexpr uint32_t kSalts[kBlockWords] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                          0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

uint64_t FirstWord(uint64_t num_words, uint64_t hash) {
  const uint64_t num_blocks = num_words / kBlockWords;
  return ((hash >> 32) * num_blocks >> 32) * kBlockWords;
}

uint32_t Bit(uint64_t word, uint64_t hash) {
  return 1u << (static_cast<uint32_t>(hash) * kSalts[word] >> 27);
}

}  // namespace

uint64_t BloomWords(uint64_t num_keys) {
  return std::max<uint64_t>(1, num_keys * kBitsPerKey / (kBlockWords * 32)) * kBlockWords;
}

std::vector<uint32_t> MakeBloom(uint64_t num_keys) {
  return std::vector<uint32_t>(static_cast<size_t>(BloomWords(num_keys)));
}

void BloomAdd(std::span<uint32_t> words, uint64_t hash) {
  const uint64_t first = FirstWord(words.size(), hash);
  for (uint64_t i = 0; i < kBlockWords; ++i) words[first + i] |= Bit(i, hash);
}

bool BloomMayContain(std::span<const uint32_t> words, uint64_t hash) {
  if (words.size() < kBlockWords) return true;
  const uint64_t first = FirstWord(words.size(), hash);
  bool found = true;
  for (uint64_t i = 0; i < kBlockWords; ++i) found &= (words[first + i] & Bit(i, hash)) != 0;
  return found;
}

}  // namespace vecdb::format
