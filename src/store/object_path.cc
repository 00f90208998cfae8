#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "vecdb/object_store.h"

namespace vecdb {
namespace {

constexpr size_t kMaxPathBytes = 512;
constexpr size_t kMaxSegmentBytes = 128;
constexpr size_t kMaxSegments = 8;

bool IsSegmentChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '=' ||
         c == '-';
}

// For messages: short, and with no byte that a terminal or a log would act on.
std::string Quoted(std::string_view text) {
  constexpr size_t kShownBytes = 64;
  const bool cut = text.size() > kShownBytes;
  const std::string_view shown = text.substr(0, kShownBytes);
  return base::StrFormat("'%s%s'", absl::CHexEscape({shown.data(), shown.size()}),
                         cut ? "..." : "");
}

absl::Status CheckSegment(std::string_view segment) {
  if (segment.empty()) return absl::InvalidArgumentError("an object name has an empty segment");
  if (segment.size() > kMaxSegmentBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("segment %s of an object name has %d bytes, at most %d are allowed",
                        Quoted(segment), segment.size(), kMaxSegmentBytes));
  }
  if (segment.front() == '.') {
    return absl::InvalidArgumentError(
        base::StrFormat("segment %s of an object name begins with a dot", Quoted(segment)));
  }
  if (!std::all_of(segment.begin(), segment.end(), IsSegmentChar)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "segment %s of an object name has a byte outside [A-Za-z0-9._=-]", Quoted(segment)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ObjectPath> ObjectPath::Parse(std::string_view text) {
  if (text.size() > kMaxPathBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("object name %s has %d bytes, at most %d are allowed", Quoted(text),
                        text.size(), kMaxPathBytes));
  }
  const size_t segments = 1 + static_cast<size_t>(std::count(text.begin(), text.end(), '/'));
  if (segments > kMaxSegments) {
    return absl::InvalidArgumentError(
        base::StrFormat("object name %s has %d segments, at most %d are allowed", Quoted(text),
                        segments, kMaxSegments));
  }
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('/', start), text.size());
    VECDB_RETURN_IF_ERROR(CheckSegment(text.substr(start, end - start)));
    start = end + 1;
  }
  return ObjectPath(std::string(text));
}

absl::StatusOr<ObjectPath> ObjectPath::Join(std::string_view suffix) const {
  std::string text = text_;
  text += '/';
  text += suffix;
  return Parse(text);
}

}  // namespace vecdb
