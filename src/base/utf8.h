#ifndef VECDB_BASE_UTF8_H_
#define VECDB_BASE_UTF8_H_

#include <string_view>

namespace vecdb::base {

/// True when `bytes` is well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF
/// (Unicode 15, table 3-7). A NUL byte is a character like any other.
bool IsValidUtf8(std::string_view bytes);

}  // namespace vecdb::base

#endif  // VECDB_BASE_UTF8_H_
