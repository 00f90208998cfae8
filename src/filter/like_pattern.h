#ifndef VECDB_FILTER_LIKE_PATTERN_H_
#define VECDB_FILTER_LIKE_PATTERN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vecdb::filter {

/// The pattern of a `like`: % stands for any text, _ for one character (a code point of UTF-8), and
/// \% \_ \\ for these themselves; a backslash before anything else stands for itself. Immutable.
class LikePattern {
 public:
  /// nullopt when `text` ends in a backslash that is none of these.
  static std::optional<LikePattern> Parse(std::string_view text);

  /// Whether all of `text`, which is valid UTF-8, fits. Takes time in proportion to the text, at
  /// worst times CostPerByte().
  bool Matches(std::string_view text) const;

  /// How much work a byte of a text may be; 1 unless there is a _ between two %.
  size_t CostPerByte() const;

  bool has_percent() const { return pieces_.size() > 1; }
  size_t CountUnderscores() const;

  /// The text that alone fits; nullopt when there are wildcards.
  std::optional<std::string> AsLiteral() const;
  /// What every fitting text begins with, when the pattern is that and one % at its end.
  std::optional<std::string> AsPrefix() const;

  /// A pattern that means the same, and is equal for equal patterns.
  std::string ToString() const;

  friend bool operator==(const LikePattern&, const LikePattern&) = default;

 private:
  // What stands between two %: runs of text, with a _ between each two.
  using Piece = std::vector<std::string>;

  static bool MatchAt(const Piece& piece, std::string_view text, size_t* at);
  static bool Find(const Piece& piece, std::string_view text, size_t* at);
  static bool MatchEnd(const Piece& piece, std::string_view text, size_t at);

  std::vector<Piece> pieces_{Piece(1)};  // with a % between each two
};

/// The least valid UTF-8 that is above all that begins with `prefix`, which is valid and not empty;
/// nullopt when there is none. Byte order is the order of code points.
std::optional<std::string> BeyondPrefix(std::string_view prefix);

/// `text` as a pattern that fits only it.
std::string EscapeLike(std::string_view text);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_LIKE_PATTERN_H_
