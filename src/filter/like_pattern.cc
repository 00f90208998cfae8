#include "filter/like_pattern.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

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

// Of what stands between two %.
bool IsEmpty(const std::vector<std::string>& piece) {
  return piece.size() == 1 && piece.front().empty();
}

constexpr size_t kBytesComparedAtOnce = 32;

bool IsSpecial(char c) { return c == '%' || c == '_' || c == '\\'; }

}  // namespace

std::optional<LikePattern> LikePattern::Parse(std::string_view text) {
  LikePattern pattern;
  for (size_t at = 0; at < text.size(); ++at) {
    Piece& piece = pattern.pieces_.back();
    if (text[at] == '%') {
      // %% means what % means.
      if (pattern.pieces_.size() == 1 || !IsEmpty(piece)) pattern.pieces_.emplace_back(1);
    } else if (text[at] == '_') {
      piece.emplace_back();
    } else {
      if (text[at] == '\\') {
        if (at + 1 == text.size()) return std::nullopt;
        if (IsSpecial(text[at + 1])) ++at;
      }
      piece.back() += text[at];
    }
  }
  return pattern;
}

// Whether the piece stands at `at`, which is put behind it.
bool LikePattern::MatchAt(const Piece& piece, std::string_view text, size_t* at) {
  for (size_t i = 0; i < piece.size(); ++i) {
    if (i > 0) {
      if (*at == text.size()) return false;
      *at += CharacterBytes(text[*at]);
    }
    if (text.substr(*at, piece[i].size()) != piece[i]) return false;
    *at += piece[i].size();
  }
  return true;
}

// Puts `at` behind the first place from there on where the piece stands.
bool LikePattern::Find(const Piece& piece, std::string_view text, size_t* at) {
  for (size_t start = *at; start <= text.size();) {
    const void* found =
        memmem(text.data() + start, text.size() - start, piece[0].data(), piece[0].size());
    if (found == nullptr) return false;
    start = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    *at = start;
    if (MatchAt(piece, text, at)) return true;
    if (start == text.size()) return false;
    start += CharacterBytes(text[start]);
  }
  return false;
}

// Whether the piece stands at the end, from `at` on.
bool LikePattern::MatchEnd(const Piece& piece, std::string_view text, size_t at) {
  size_t start = text.size();
  for (size_t i = piece.size(); i-- > 0;) {
    if (piece[i].size() > start - at) return false;
    start -= piece[i].size();
    if (text.substr(start, piece[i].size()) != piece[i]) return false;
    if (i == 0) return true;
    if (start == at) return false;
    for (--start; start > at && base::IsUtf8Continuation(text[start]);) --start;
  }
  return true;
}

// Each piece is taken where it fits first, which leaves most for the later ones.
bool LikePattern::Matches(std::string_view text) const {
  if (text.empty()) text = "";  // with an address, which memmem insists on
  size_t at = 0;
  if (!MatchAt(pieces_.front(), text, &at)) return false;
  if (pieces_.size() == 1) return at == text.size();
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    if (!Find(pieces_[i], text, &at)) return false;
  }
  return MatchEnd(pieces_.back(), text, at);
}

// A piece is sought from each character on at worst, by its first run; then all of it is compared.
size_t LikePattern::CostPerByte() const {
  size_t most = 1;
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    if (pieces_[i].size() == 1) continue;
    size_t bytes = 0;
    for (const std::string& run : pieces_[i]) bytes += run.size();
    most = std::max(most, pieces_[i].size() + bytes / kBytesComparedAtOnce);
  }
  return most;
}

size_t LikePattern::CountUnderscores() const {
  size_t count = 0;
  for (const Piece& piece : pieces_) count += piece.size() - 1;
  return count;
}

std::optional<std::string> LikePattern::AsLiteral() const {
  if (pieces_.size() != 1 || pieces_.front().size() != 1) return std::nullopt;
  return pieces_.front().front();
}

std::optional<std::string> LikePattern::AsPrefix() const {
  const bool is_prefix =
      pieces_.size() == 2 && pieces_.front().size() == 1 && IsEmpty(pieces_.back());
  return is_prefix ? std::optional(pieces_.front().front()) : std::nullopt;
}

std::string LikePattern::ToString() const {
  std::string text;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (i > 0) text += '%';
    for (size_t n = 0; n < pieces_[i].size(); ++n) {
      if (n > 0) text += '_';
      text += EscapeLike(pieces_[i][n]);
    }
  }
  return text;
}

std::optional<std::string> BeyondPrefix(std::string_view prefix) {
  while (!prefix.empty()) {
    size_t begin = prefix.size() - 1;
    while (base::IsUtf8Continuation(prefix[begin])) --begin;
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
