#ifndef VECDB_FORMAT_LOG_FILE_H_
#define VECDB_FORMAT_LOG_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb::format {

// One file of a log: a header, then records one behind the other, then the zeros that the file was
// preallocated with.
//
//   header (128)   magic, version, number, epoch, end of the file before, salt, ids, checksum
//   record         frame (40): length, type, sequence, bytes durable, hash of the payload, check
//                  payload, padded with zeros to a multiple of 8
//
// A record is valid when its check, which covers the checksum of the header and the record's own
// offset, and the hash of its payload fit: a block of another file, of another place or of an
// earlier life never passes. What is valid from the header on without a gap is the log.
//
// A crash leaves a torn tail: bytes that had not been synced may be missing or wrong, while later
// ones are there. Damage is something else, and told apart exactly: each record says how many bytes
// of the file were durable when it was written, so a gap that lies below such a mark was durable
// once and has been lost since.

inline constexpr size_t kLogHeaderBytes = 128;
inline constexpr size_t kLogFrameBytes = 40;
/// A batch holds 64 MiB of values at most; lengths of strings and frames come on top.
inline constexpr uint64_t kMaxLogPayloadBytes = 192ULL << 20;

struct LogFileHeader {
  std::string collection_id{};  ///< 32 hexadecimal digits
  std::string log_id{};         ///< the same
  uint64_t number = 0;          ///< of the file within the log, from 1 on
  uint64_t epoch = 0;           ///< of the writer
  /// Where the records of the file before stop; 0 for the first. What lies behind is no part of the
  /// log.
  uint64_t previous_end = 0;
  uint64_t salt = 0;
  uint64_t checksum = 0;  ///< set by encoding and decoding; records are bound to it

  friend bool operator==(const LogFileHeader&, const LogFileHeader&) = default;
};

/// Sets `header->checksum`.
std::string EncodeLogHeader(LogFileHeader* header);

/// `name` is for messages. DataLoss when `bytes`, the beginning of a file, is no header;
/// FailedPrecondition for a newer version.
absl::StatusOr<LogFileHeader> DecodeLogHeader(std::string_view name,
                                              std::span<const std::byte> bytes);

enum class LogRecordType : uint8_t { kWrite = 1 };

struct LogFrame {
  uint64_t payload_bytes = 0;
  LogRecordType type = LogRecordType::kWrite;
  uint64_t sequence = 0;      ///< grows from record to record
  uint64_t synced_bytes = 0;  ///< of this file, when the record was written
  uint64_t payload_hash = 0;
};

/// Bytes of a record with its frame and padding.
constexpr uint64_t LogRecordBytes(uint64_t payload_bytes) {
  return kLogFrameBytes + (payload_bytes + 7) / 8 * 8;
}

/// Writes the frame of a record at `offset` of the file of `header` into the kLogFrameBytes of
/// `out`.
void EncodeLogFrame(const LogFileHeader& header, uint64_t offset, const LogFrame& frame,
                    std::byte* out);

/// A record in the bytes of a file, which it borrows.
struct LogRecord {
  uint64_t offset = 0;
  uint64_t sequence = 0;
  std::span<const std::byte> payload{};
};

/// What a file holds.
struct LogScan {
  std::vector<LogRecord> records{};
  uint64_t end = 0;  ///< where the last of them stops
  /// The largest mark of durable bytes in these records: what comes before it survives a power cut.
  uint64_t synced_end = 0;
  /// Bytes behind `end` that are not zero, up to the last such.
  uint64_t torn_bytes = 0;
  /// The largest mark of durable bytes in any record behind `end`: above `end`, something that was
  /// durable has been lost.
  uint64_t durable_bytes = 0;
};

/// Finds the records in the whole of a file. Linear, whatever the bytes. FailedPrecondition for a
/// record of a newer kind.
absl::StatusOr<LogScan> ScanLogFile(std::string_view name, const LogFileHeader& header,
                                    std::span<const std::byte> file);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_LOG_FILE_H_
