#include "filter/like_pattern.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace vecdb::filter {
namespace {

// Bytes of the character that begins with `lead`, in valid UTF-8.
size_t CharacterBytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

uint32_t CodePointOf(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (lead < 0x80) return lead;
  uint32_t point = lead & (0x7fu >> character.size());
  for (const char c : character.substr(1))
    point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return point;
}

bool IsSpecial(char c) { return c == '%' || c == '_' || c == '\\'; }

}  // namespace

std::optional<LikePattern> LikePattern::Parse(std::string_view text) {
  LikePattern pattern;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '%') {
      // %% means what % means.
      if (pattern.pieces_.size() == 1 || !pattern.pieces_.back().empty()) {
        pattern.pieces_.emplace_back();
      }
      ++at;
      continue;
    }
    if (text[at] == '_') {
      pattern.pieces_.back().emplace_back();
      ++at;
      continue;
    }
    if (text[at] == '\\') {
      if (at + 1 == text.size()) return std::nullopt;
      if (IsSpecial(text[at + 1])) ++at;
    }
    const size_t bytes = std::min(CharacterBytes(text[at]), text.size() - at);
    pattern.pieces_.back().push_back({std::string(text.substr(at, bytes))});
    at += bytes;
  }
  return pattern;
}

// Where the piece ends in `text` when it stands at `at`.
std::optional<size_t> LikePattern::MatchAt(const Piece& piece, std::string_view text, size_t at) {
  for (const Character& character : piece) {
    if (at == text.size()) return std::nullopt;
    if (character.bytes.empty()) {
      at += CharacterBytes(text[at]);
    } else if (text.substr(at, character.bytes.size()) == character.bytes) {
      at += character.bytes.size();
    } else {
      return std::nullopt;
    }
  }
  return at;
}

// Each piece is taken where it fits first, which leaves most for the later ones; the last must
// stand at the end.
bool LikePattern::Matches(std::string_view text) const {
  std::optional<size_t> at = MatchAt(pieces_.front(), text, 0);
  if (!at.has_value()) return false;
  if (pieces_.size() == 1) return *at == text.size();
  for (size_t i = 1; i < pieces_.size(); ++i) {
    const bool last = i + 1 == pieces_.size();
    if (last && pieces_[i].empty()) return true;
    size_t start = *at;
    for (at = MatchAt(pieces_[i], text, start); !at.has_value() || (last && *at != text.size());
         at = MatchAt(pieces_[i], text, start)) {
      if (start >= text.size()) return false;
      start += CharacterBytes(text[start]);
    }
  }
  return true;
}

std::optional<std::string> LikePattern::AsLiteral() const {
  if (pieces_.size() != 1) return std::nullopt;
  std::string literal;
  for (const Character& character : pieces_.front()) {
    if (character.bytes.empty()) return std::nullopt;
    literal += character.bytes;
  }
  return literal;
}

std::optional<std::string> LikePattern::AsPrefix() const {
  if (pieces_.size() != 2 || !pieces_.back().empty()) return std::nullopt;
  LikePattern prefix;
  prefix.pieces_ = {pieces_.front()};
  return prefix.AsLiteral();
}

std::string LikePattern::ToString() const {
  std::string text;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (i > 0) text += '%';
    for (const Character& character : pieces_[i]) {
      text += character.bytes.empty() ? "_" : EscapeLike(character.bytes);
    }
  }
  return text;
}

std::optional<std::string> BeyondPrefix(std::string_view prefix) {
  while (!prefix.empty()) {
    size_t begin = prefix.size() - 1;
    while ((static_cast<unsigned char>(prefix[begin]) & 0xc0) == 0x80) --begin;
    const uint32_t point = CodePointOf(prefix.substr(begin));
    prefix = prefix.substr(0, begin);
    if (point == 0x10ffff) continue;  // the last: the character before it goes up
    std::string beyond(prefix);
    base::AppendUtf8(point == 0xd7ff ? 0xe000 : point + 1, &beyond);
    return beyond;
  }
  return std::nullopt;
}

std::string EscapeLike(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (IsSpecial(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace vecdb::filter
