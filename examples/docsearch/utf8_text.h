#ifndef DOCSEARCH_UTF8_TEXT_H_
#define DOCSEARCH_UTF8_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace docsearch {

/// Returns `text` with every byte that is not part of valid UTF-8 replaced by '?', and control
/// characters other than line feed and tab by a space, so that it can be stored and printed.
std::string CleanUtf8(std::string_view text);

/// Returns the longest beginning of valid UTF-8 `text` of at most `max_bytes` that cuts no
/// character.
std::string_view Utf8Prefix(std::string_view text, size_t max_bytes);

/// Returns `text` itself when it fits `max_bytes`, otherwise "…" and as much of its end as fits.
/// Made for paths, whose end tells more than their beginning.
std::string KeepTail(std::string_view text, size_t max_bytes);

}  // namespace docsearch

#endif  // DOCSEARCH_UTF8_TEXT_H_
