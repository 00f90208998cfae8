#include "base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vecdb::base {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

// How many bytes the character with this first byte has, and what its second byte may be. The bytes
// after the second are always 80..BF.
struct Sequence {
  size_t length = 0;  // 0: no character begins so
  uint8_t second_min = 0x80;
  uint8_t second_max = 0xBF;
};

Sequence SequenceOf(uint8_t first) {
  if (first < 0xC2) return {};
  if (first < 0xE0) return {.length = 2};
  if (first == 0xE0) return {.length = 3, .second_min = 0xA0};
  if (first == 0xED) return {.length = 3, .second_max = 0x9F};
  if (first < 0xF0) return {.length = 3};
  if (first == 0xF0) return {.length = 4, .second_min = 0x90};
  if (first < 0xF4) return {.length = 4};
  if (first == 0xF4) return {.length = 4, .second_max = 0x8F};
  return {};
}

// Bytes of the character at the start of `bytes`, which is not ASCII; 0 when there is none.
size_t CharacterBytes(std::string_view bytes) {
  const Sequence sequence = SequenceOf(static_cast<uint8_t>(bytes[0]));
  if (sequence.length == 0 || bytes.size() < sequence.length) return 0;
  const auto second = static_cast<uint8_t>(bytes[1]);
  if (second < sequence.second_min || second > sequence.second_max) return 0;
  for (size_t i = 2; i < sequence.length; ++i) {
    if ((static_cast<uint8_t>(bytes[i]) & 0xC0) != 0x80) return 0;
  }
  return sequence.length;
}

size_t AsciiPrefix(std::string_view bytes) {
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= bytes.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    if ((word & kHighBits) != 0) break;
  }
  while (at < bytes.size() && static_cast<uint8_t>(bytes[at]) < 0x80) ++at;
  return at;
}

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  while (true) {
    bytes.remove_prefix(AsciiPrefix(bytes));
    if (bytes.empty()) return true;
    const size_t length = CharacterBytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
}

void AppendUtf8(uint32_t point, std::string* out) {
  const auto byte = [out](uint32_t bits) { out->push_back(static_cast<char>(bits)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      byte(0xe0 | point >> 12);
    } else {
      byte(0xf0 | point >> 18);
      byte(0x80 | (point >> 12 & 0x3f));
    }
    byte(0x80 | (point >> 6 & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

}  // namespace vecdb::base
