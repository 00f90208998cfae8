#include "schema/names.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "base/str_format.h"
#include "vecdb/schema.h"

namespace vecdb::schema {
namespace {

constexpr size_t kMaxQuotedBytes = 64;

bool MayStartName(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool MayContinueName(char c) {
  return MayStartName(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

}  // namespace

std::string Quoted(std::string_view text) {
  const std::string_view shown = text.substr(0, kMaxQuotedBytes);
  const std::string escaped = absl::CHexEscape(absl::string_view(shown.data(), shown.size()));
  return base::StrFormat("\"%s%s\"", escaped, shown.size() < text.size() ? "..." : "");
}

absl::Status ValidateName(std::string_view what, std::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError(base::StrFormat("%s is empty", what));
  if (name.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(base::StrFormat("%s %s has %d bytes; the limit is %d", what,
                                                      Quoted(name), name.size(), kMaxNameBytes));
  }
  if (name[0] == '$') {
    return absl::InvalidArgumentError(base::StrFormat(
        "%s %s begins with '$', which is reserved for the library", what, Quoted(name)));
  }
  if (!MayStartName(name[0])) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s %s must begin with a letter or '_'", what, Quoted(name)));
  }
  for (size_t i = 1; i < name.size(); ++i) {
    if (MayContinueName(name[i])) continue;
    return absl::InvalidArgumentError(base::StrFormat(
        "%s %s may hold letters, digits and '_' only; byte %d is another", what, Quoted(name), i));
  }
  return absl::OkStatus();
}

absl::Status ValidateFieldName(std::string_view name) {
  const absl::Status status = ValidateName("field name", name);
  if (!status.ok()) return status;
  if (std::find(kFilterWords.begin(), kFilterWords.end(), name) == kFilterWords.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(base::StrFormat(
      "field name %s is a word of the filter language, which could not name it", Quoted(name)));
}

}  // namespace vecdb::schema
