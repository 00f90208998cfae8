#ifndef VECDB_BASE_STR_FORMAT_H_
#define VECDB_BASE_STR_FORMAT_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_format.h"

namespace vecdb::base {

/// Appends what absl::StrFormat would return. absl's own, and its StrAppendFormat, append to the
/// string in a destructor: when there is no memory they end the process, where this throws
/// std::bad_alloc and leaves `text` as it was.
template <typename... Args>
void StrAppendFormat(std::string* text, const absl::FormatSpec<Args...>& format,
                     const Args&... args) {
  char buffer[512];
  const int length = absl::SNPrintF(buffer, sizeof(buffer), format, args...);
  if (length <= 0) return;  // nothing, or a failure that the checks of `format` rule out
  const auto size = static_cast<size_t>(length);
  if (size < sizeof(buffer)) {
    text->append(buffer, size);
    return;
  }
  std::string large(size + 1, '\0');
  absl::SNPrintF(large.data(), large.size(), format, args...);
  text->append(large, 0, size);
}

/// absl::StrFormat, but for what StrAppendFormat says.
template <typename... Args>
[[nodiscard]] std::string StrFormat(const absl::FormatSpec<Args...>& format, const Args&... args) {
  std::string text;
  base::StrAppendFormat(&text, format, args...);
  return text;
}

}  // namespace vecdb::base

#endif  // VECDB_BASE_STR_FORMAT_H_
