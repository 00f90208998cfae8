#include "journal/log_follower.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/log_file.h"

namespace vecdb::journal {
namespace {

absl::Status NotTheNext(const std::string& file, std::string_view why) {
  return absl::DataLossError(base::StrFormat("log file %s: %s", file, why));
}

}  // namespace

LogFollower::LogFollower(std::shared_ptr<LogPlace> place, LogIdentity identity,
                         const LogReader& reader)
    : place_(std::move(place)),
      identity_(std::move(identity)),
      last_number_(reader.files().last_number()),
      last_end_(reader.end()),
      last_sequence_(reader.last_sequence()) {}

absl::StatusOr<std::vector<LogFileInfo>> LogFollower::ListNews(const Context& context) const {
  return place_->ListAfter(last_number_, context);
}

absl::Status LogFollower::Read(std::span<const LogFileInfo> news, const LogReader::Apply& apply,
                               const Host& host, const Context& context) {
  for (const LogFileInfo& file : news) {
    if (file.number <= last_number_) continue;
    if (file.number != last_number_ + 1) {
      return NotTheNext(place_->NameOf(last_number_ + 1), "the file is missing");
    }
    VECDB_RETURN_IF_ERROR(ReadFile(file.number, apply, host, context));
  }
  return absl::OkStatus();
}

absl::Status LogFollower::ReadFile(uint64_t number, const LogReader::Apply& apply, const Host& host,
                                   const Context& context) {
  const std::string name = place_->NameOf(number);
  const auto read = place_->Read(number, host, context);
  if (absl::IsNotFound(read.status())) return NotTheNext(name, "the file is missing");
  VECDB_RETURN_IF_ERROR(read.status());
  VECDB_ASSIGN_OR_RETURN(const format::LogFileHeader header,
                         format::DecodeLogHeader(name, read->bytes()));
  if (header.number != number || header.log_id != identity_.log_id ||
      header.collection_id != identity_.collection_id) {
    return NotTheNext(name, "a file of another log, or of another number");
  }
  if (header.previous_end != last_end_) {
    return NotTheNext(name, base::StrFormat("the file before it ends at %d, and should at %d",
                                            last_end_, header.previous_end));
  }
  VECDB_ASSIGN_OR_RETURN(const format::LogScan scan,
                         format::ScanLogFile(name, header, read->bytes()));
  if (scan.end != read->size()) return NotTheNext(name, "not a record at its end");
  for (const format::LogRecord& record : scan.records) {
    if (record.sequence <= last_sequence_) continue;  // by a call that came no further
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_RETURN_IF_ERROR(apply(base::StrFormat("%s, offset %d", name, record.offset), record));
    last_sequence_ = record.sequence;
  }
  last_number_ = number;
  last_end_ = scan.end;
  return absl::OkStatus();
}

}  // namespace vecdb::journal
