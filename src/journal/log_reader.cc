#include "journal/log_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::journal {
namespace {

absl::Status Damaged(const std::string& file, uint64_t offset, std::string_view why) {
  return absl::DataLossError(base::StrFormat("log file %s, offset %d: %s", file, offset, why));
}

uint64_t EndOf(const std::vector<format::LogRecord>& records) {
  if (records.empty()) return format::kLogHeaderBytes;
  return records.back().offset + format::LogRecordBytes(records.back().payload.size());
}

}  // namespace

// A file that was read and found whole.
struct LogReader::CheckedFile {
  uint64_t number = 0;
  uint64_t epoch = 0;
  uint64_t previous_end = 0;
  uint64_t end = 0;
  uint64_t synced_end = 0;
  uint64_t num_records = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  uint64_t torn_bytes = 0;
  // Set when salvage may keep what comes before `end`.
  absl::Status damage{};
};

absl::StatusOr<LogReader> LogReader::Open(LogPlace* place, const LogExpectation& expected,
                                          bool salvage, const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(std::vector<LogFileInfo> listed, place->List(context));
  std::erase_if(listed, [&](const auto& file) { return file.number < expected.first_file; });
  if (listed.empty()) {
    return absl::NotFoundError(
        base::StrFormat("there is no log file %s", place->NameOf(expected.first_file)));
  }
  LogReader reader(place);
  VECDB_RETURN_IF_ERROR(reader.CheckFiles(expected, std::move(listed), salvage, host, context));
  return reader;
}

// Reads one file. `end` is where the next file says that it stops; the last file may be torn.
absl::StatusOr<LogReader::CheckedFile> LogReader::CheckFile(const LogExpectation& expected,
                                                            uint64_t number,
                                                            std::optional<uint64_t> end,
                                                            const Host& host,
                                                            const Context& context) const {
  const std::string name = place_->NameOf(number);
  const auto read = place_->Read(number, host, context);
  if (absl::IsNotFound(read.status())) return Damaged(name, 0, "the file is missing");
  VECDB_RETURN_IF_ERROR(read.status());
  const base::LargeBuffer& bytes = *read;
  VECDB_ASSIGN_OR_RETURN(const format::LogFileHeader header,
                         format::DecodeLogHeader(name, bytes.bytes()));
  if (header.number != number || header.log_id != expected.identity.log_id ||
      header.collection_id != expected.identity.collection_id) {
    return Damaged(name, 0, "a file of another log, or of another number");
  }
  VECDB_ASSIGN_OR_RETURN(format::LogScan scan, format::ScanLogFile(name, header, bytes.bytes()));
  CheckedFile checked{.number = number,
                      .epoch = header.epoch,
                      .previous_end = header.previous_end,
                      .end = scan.end,
                      .synced_end = place_->grows() ? scan.synced_end : scan.end};
  if (end.has_value()) {
    while (!scan.records.empty() && scan.records.back().offset >= *end) scan.records.pop_back();
    checked.end = EndOf(scan.records);
    if (checked.end != *end) {
      checked.damage =
          Damaged(name, checked.end, base::StrFormat("records up to %d are lost", *end));
    }
  } else if (scan.durable_bytes > scan.end && !base::Sabotaged(4)) {
    checked.damage = Damaged(name, scan.end, "a record that was durable is lost");
  } else if (!place_->grows() && scan.end != bytes.size()) {
    checked.damage = Damaged(name, scan.end, "not a record");
  } else {
    checked.torn_bytes = scan.torn_bytes;
  }
  if (base::Sabotaged(17) && scan.torn_bytes > 0) checked.damage = Damaged(name, scan.end, "torn");
  checked.num_records = scan.records.size();
  if (!scan.records.empty()) {
    checked.first_sequence = scan.records.front().sequence;
    checked.last_sequence = scan.records.back().sequence;
  }
  return checked;
}

// From the last file to the first, since each says where the one before it ends. A file that is
// missing or damaged takes the ones behind it out of a salvaged log.
absl::Status LogReader::CheckFiles(const LogExpectation& expected, std::vector<LogFileInfo> listed,
                                   bool salvage, const Host& host, const Context& context) {
  std::vector<CheckedFile> checked;  // backwards
  const auto give_up = [&](const absl::Status& damage) -> absl::Status {
    if (!salvage || !absl::IsDataLoss(damage)) return damage;
    checked.clear();
    findings_.damage = std::string(damage.message());
    return absl::OkStatus();
  };
  const uint64_t last = std::max(listed.back().number, expected.last_file);
  for (uint64_t number = last; number >= expected.first_file; --number) {
    while (!listed.empty() && listed.back().number > number) listed.pop_back();
    if (listed.empty() || listed.back().number != number) {
      VECDB_RETURN_IF_ERROR(give_up(Damaged(place_->NameOf(number), 0, "the file is missing")));
      if (listed.empty()) break;
      number = listed.back().number + 1;
      continue;
    }
    auto end = checked.empty() ? std::nullopt : std::optional(checked.back().previous_end);
    if (base::Sabotaged(15)) end = std::nullopt;
    auto file = CheckFile(expected, number, end, host, context);
    absl::Status damage = file.ok() ? file->damage : file.status();
    if (damage.ok() && !checked.empty() && file->num_records > 0 &&
        checked.back().num_records > 0 && file->last_sequence >= checked.back().first_sequence) {
      damage = Damaged(place_->NameOf(number + 1), 0, "the sequence runs backwards");
    }
    if (!damage.ok()) VECDB_RETURN_IF_ERROR(give_up(damage));
    if (file.ok()) checked.push_back(*file);
  }
  for (auto file = checked.rbegin(); file != checked.rend(); ++file) {
    parts_.push_back({.number = file->number, .end = file->end});
    files_.Update(file->number, file->last_sequence, file->end);
    last_sequence_ = std::max(last_sequence_, file->last_sequence);
    findings_.newest_epoch = std::max(findings_.newest_epoch, file->epoch);
    findings_.num_records += file->num_records;
    findings_.bytes += file->end - format::kLogHeaderBytes;
    findings_.torn_bytes += file->torn_bytes;
    if (file->torn_bytes > 0) findings_.torn_file = place_->NameOf(file->number);
  }
  if (!checked.empty()) durable_end_ = checked.front().synced_end;
  findings_.num_files = parts_.size();
  return absl::OkStatus();
}

absl::Status LogReader::ForEach(const Apply& apply, const Host& host,
                                const Context& context) const {
  for (const Part& part : parts_) {
    VECDB_RETURN_IF_ERROR(ForEachOf(part, apply, host, context));
  }
  return absl::OkStatus();
}

absl::Status LogReader::ForEachOf(const Part& part, const Apply& apply, const Host& host,
                                  const Context& context) const {
  const std::string name = place_->NameOf(part.number);
  VECDB_ASSIGN_OR_RETURN(const base::LargeBuffer bytes, place_->Read(part.number, host, context));
  VECDB_ASSIGN_OR_RETURN(const format::LogFileHeader header,
                         format::DecodeLogHeader(name, bytes.bytes()));
  const auto prefix = bytes.bytes().first(std::min<uint64_t>(part.end, bytes.size()));
  VECDB_ASSIGN_OR_RETURN(const format::LogScan scan, format::ScanLogFile(name, header, prefix));
  if (scan.end != part.end) return Damaged(name, scan.end, "the file has changed");
  for (const format::LogRecord& record : scan.records) {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_RETURN_IF_ERROR(apply(base::StrFormat("%s, offset %d", name, record.offset), record));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PendingRecord>> LogReader::ReadTail(const Host& host,
                                                               const Context& context) const {
  std::vector<PendingRecord> tail;
  if (parts_.empty() || durable_end_ >= parts_.back().end) return tail;
  VECDB_RETURN_IF_ERROR(ForEachOf(
      parts_.back(),
      [&](std::string_view, const format::LogRecord& record) -> absl::Status {
        if (record.offset < durable_end_) return absl::OkStatus();
        std::string bytes(format::LogRecordBytes(record.payload.size()), '\0');
        std::memcpy(bytes.data() + format::kLogFrameBytes, record.payload.data(),
                    record.payload.size());
        tail.push_back({.bytes = std::move(bytes),
                        .payload_bytes = record.payload.size(),
                        .sequence = record.sequence});
        return absl::OkStatus();
      },
      host, context));
  return tail;
}

}  // namespace vecdb::journal
