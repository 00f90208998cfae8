#ifndef VECDB_BASE_UTF8_H_
#define VECDB_BASE_UTF8_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace vecdb::base {

/// True when `bytes` is well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF
/// (Unicode 15, table 3-7). A NUL byte is a character like any other.
bool IsValidUtf8(std::string_view bytes);

/// True for a byte within a character, behind its first.
constexpr bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Appends a code point, which is no surrogate and at most U+10FFFF.
void AppendUtf8(uint32_t point, std::string* out);

}  // namespace vecdb::base

#endif  // VECDB_BASE_UTF8_H_
