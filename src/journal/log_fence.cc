#include "journal/log_fence.h"

#include "base/status_macros.h"
#include "format/log_file.h"

namespace vecdb::journal {
namespace {

// A try is a list, a read and a put, and the other writer's only a put: it wins most of them.
constexpr int kFenceTries = 100;

// Whether the records of a file reach to its end.
absl::StatusOr<bool> IsWhole(LogPlace* place, const LogFileInfo& file, const Host& host,
                             const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const base::LargeBuffer bytes, place->Read(file.number, host, context));
  const std::string name = place->NameOf(file.number);
  const auto header = format::DecodeLogHeader(name, bytes.bytes());
  if (!header.ok() || header->number != file.number) return false;
  const auto scan = format::ScanLogFile(name, *header, bytes.bytes());
  return scan.ok() && scan->end == bytes.size() && bytes.size() == file.size_bytes;
}

}  // namespace

absl::StatusOr<bool> FenceLog(LogPlace* place, const LogIdentity& identity, uint64_t first_file,
                              const Host& host, const Context& context) {
  absl::Status lost;
  for (int attempt = 0; attempt < kFenceTries; ++attempt) {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_ASSIGN_OR_RETURN(const std::vector<LogFileInfo> files, place->List(context));
    if (files.empty() || files.back().number < first_file) return false;
    VECDB_ASSIGN_OR_RETURN(const bool is_whole, IsWhole(place, files.back(), host, context));
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
