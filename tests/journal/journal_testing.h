#ifndef VECDB_TESTS_JOURNAL_JOURNAL_TESTING_H_
#define VECDB_TESTS_JOURNAL_JOURNAL_TESTING_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/checksum.h"
#include "base/file_path.h"
#include "format/log_file.h"
#include "journal/log_name.h"
#include "journal/log_place.h"
#include "journal/log_reader.h"
#include "journal/log_writer.h"
#include "support/fault_file_system.h"
#include "support/file_io.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::journal {

using support::CodeOf;

using absl::StatusCode::kDataLoss;
using absl::StatusCode::kUnknown;
constexpr uint64_t kNoRotation = uint64_t{1} << 40;
inline constexpr const char* kFolder = "collections/c/journal/l";

inline LogIdentity MakeIdentity() {
  return {.collection_id = std::string(32, 'c'), .log_id = std::string(32, '1'), .epoch = 3};
}

inline PendingRecord MakeRecord(uint64_t sequence, std::string_view payload) {
  PendingRecord record{.bytes = std::string(format::LogRecordBytes(payload.size()), '\0'),
                       .payload_bytes = payload.size(),
                       .sequence = sequence};
  if (!payload.empty()) {
    std::memcpy(record.bytes.data() + format::kLogFrameBytes, payload.data(), payload.size());
  }
  return record;
}

inline std::vector<PendingRecord> MakeRecords(uint64_t first, uint64_t last,
                                              std::string_view payload = "record") {
  std::vector<PendingRecord> records;
  for (uint64_t i = first; i <= last; ++i) records.push_back(MakeRecord(i, payload));
  return records;
}

inline std::string PathOfFile(uint64_t number) {
  return base::JoinPath(kFolder, LogFileName(number));
}

inline std::string ToText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string BytesOfFile(FileSystem& files, uint64_t number) {
  const auto bytes = support::ReadFile(files, PathOfFile(number));
  EXPECT_OK(bytes);
  return bytes.value_or("");
}

/// Puts `bytes` in the place of a file, as damage would; makes the directory if need be.
inline void ReplaceFile(FileSystem& files, uint64_t number, std::string_view bytes) {
  ASSERT_OK(files.CreateDirectories(kFolder));
  files.Unlink(PathOfFile(number)).IgnoreError();
  auto file = files.CreateFile(PathOfFile(number));
  ASSERT_OK(file);
  ASSERT_OK((*file)->Append(base::AsBytes(bytes)));
  ASSERT_OK((*file)->Sync());
}

inline std::vector<uint64_t> NumbersIn(LogPlace& place) {
  const auto listed = place.List({});
  EXPECT_OK(listed);
  std::vector<uint64_t> numbers;
  for (const LogFileInfo& file : listed.value_or(std::vector<LogFileInfo>())) {
    numbers.push_back(file.number);
  }
  return numbers;
}

inline format::LogFileHeader HeaderOf(std::string_view file) {
  const auto header = format::DecodeLogHeader("file", base::AsBytes(file));
  EXPECT_OK(header);
  return header.value_or(format::LogFileHeader());
}

inline format::LogScan ScanOf(std::string_view file) {
  const auto scan = format::ScanLogFile("file", HeaderOf(file), base::AsBytes(file));
  EXPECT_OK(scan);
  return scan.value_or(format::LogScan());
}

/// The mark of durable bytes in the frame of a record.
inline uint64_t MarkOf(std::string_view file, uint64_t offset) {
  uint64_t mark = 0;
  std::memcpy(&mark, file.data() + offset + 16, sizeof(mark));
  return mark;
}

inline absl::StatusOr<LogReader> OpenLog(LogPlace& place, uint64_t first_file = 1,
                                         uint64_t last_file = 1, bool salvage = false) {
  return LogReader::Open(
      &place, {.identity = MakeIdentity(), .first_file = first_file, .last_file = last_file},
      salvage, {}, {});
}

inline std::vector<uint64_t> SequencesIn(const LogReader& reader) {
  std::vector<uint64_t> sequences;
  EXPECT_OK(reader.ForEach(
      [&](std::string_view, const format::LogRecord& record) {
        sequences.push_back(record.sequence);
        return absl::OkStatus();
      },
      {}, {}));
  return sequences;
}

/// Of the records of a whole log.
inline std::vector<uint64_t> SequencesIn(LogPlace& place, uint64_t first_file = 1) {
  const auto reader = OpenLog(place, first_file, first_file);
  EXPECT_OK(reader);
  return reader.ok() ? SequencesIn(*reader) : std::vector<uint64_t>();
}

/// first, first + 1, ... last.
inline std::vector<uint64_t> Sequences(uint64_t first, uint64_t last) {
  std::vector<uint64_t> sequences;
  for (uint64_t i = first; i <= last; ++i) sequences.push_back(i);
  return sequences;
}

}  // namespace vecdb::journal

#endif  // VECDB_TESTS_JOURNAL_JOURNAL_TESTING_H_
