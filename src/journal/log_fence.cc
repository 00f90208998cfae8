#include "journal/log_fence.h"

#include <algorithm>
#include <vector>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/log_file.h"

namespace vecdb::journal {
namespace {

// A try is a list, a read and a put, and the other writer's only a put: it wins most of them.
constexpr int kFenceTries = 100;

// A file that is missing in the middle or at the end must not be made good by an empty one.
bool HasAll(const std::vector<LogFileInfo>& files, const NeededFiles& needed) {
  const uint64_t last = std::max(needed.first, needed.last);
  if (files.empty() || files.back().number < last) return false;
  const auto first = std::find_if(files.begin(), files.end(), [&](const LogFileInfo& file) {
    return file.number >= needed.first;
  });
  const auto count = static_cast<uint64_t>(files.end() - first);
  return count == files.back().number - needed.first + 1;
}

// Whether the records of a file reach to its end. FailedPrecondition when it is of a newer writer.
absl::StatusOr<bool> IsWhole(LogPlace* place, const LogIdentity& identity, const LogFileInfo& file,
                             const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const base::LargeBuffer bytes, place->Read(file.number, host, context));
  const std::string name = place->NameOf(file.number);
  const auto header = format::DecodeLogHeader(name, bytes.bytes());
  if (!header.ok() || header->number != file.number) return false;
  if (header->log_id == identity.log_id && header->epoch > identity.epoch) {
    return absl::FailedPreconditionError(
        base::StrFormat("%s: fenced: a newer writer has opened it (epoch %d > %d)", name,
                        header->epoch, identity.epoch));
  }
  const auto scan = format::ScanLogFile(name, *header, bytes.bytes());
  return scan.ok() && scan->end == bytes.size() && bytes.size() == file.size_bytes;
}

}  // namespace

absl::StatusOr<bool> FenceLog(LogPlace* place, const LogIdentity& identity,
                              const NeededFiles& needed, const Host& host, const Context& context) {
  absl::Status lost;
  for (int attempt = 0; attempt < kFenceTries; ++attempt) {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_ASSIGN_OR_RETURN(const std::vector<LogFileInfo> files, place->List(context));
    if (!HasAll(files, needed)) return false;
    VECDB_ASSIGN_OR_RETURN(const bool is_whole,
                           IsWhole(place, identity, files.back(), host, context));
    if (!is_whole) return false;
    LogWriter writer(place, identity, files.back().number, files.back().size_bytes, 0);
    LogSet made;
    lost = writer.BeginFile(&made);
    if (lost.ok()) return true;
    if (!absl::IsAborted(lost)) return lost;
  }
  return lost;
}

}  // namespace vecdb::journal
