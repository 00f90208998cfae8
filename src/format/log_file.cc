#include "format/log_file.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/byte_io.h"
#include "base/checksum.h"
#include "base/random_id.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::format {
namespace {

constexpr uint64_t kMagic = 0x474f4c4244434556;  // "VECDBLOG"
constexpr uint32_t kVersion = 1;
constexpr size_t kIdBytes = 32;
constexpr size_t kHeaderChecksumAt = kLogHeaderBytes - sizeof(uint64_t);
constexpr size_t kFrameCheckAt = kLogFrameBytes - sizeof(uint64_t);

absl::Status Damaged(std::string_view name, uint64_t offset, std::string_view why) {
  return absl::DataLossError(base::StrFormat("log file %s, offset %d: %s", name, offset, why));
}

uint64_t FrameCheck(const LogFileHeader& header, uint64_t offset,
                    std::span<const std::byte> fields) {
  std::byte covered[2 * sizeof(uint64_t) + kFrameCheckAt];
  std::memcpy(covered, &header.checksum, sizeof(uint64_t));
  std::memcpy(covered + sizeof(uint64_t), &offset, sizeof(uint64_t));
  std::memcpy(covered + 2 * sizeof(uint64_t), fields.data(), kFrameCheckAt);
  return base::Xxh3(std::span<const std::byte>(covered));
}

struct ParsedFrame {
  LogFrame frame;
  uint8_t type = 0;
  uint8_t flags = 0;
};

// The frame at `offset`, or nullopt when there is none whose check fits.
std::optional<ParsedFrame> ParseFrame(const LogFileHeader& header, std::span<const std::byte> file,
                                      uint64_t offset) {
  if (file.size() - offset < kLogFrameBytes) return std::nullopt;
  base::ByteReader reader(file.subspan(offset, kLogFrameBytes));
  ParsedFrame parsed;
  parsed.frame.payload_bytes = reader.Get<uint32_t>();
  parsed.type = reader.Get<uint8_t>();
  parsed.flags = reader.Get<uint8_t>();
  const auto reserved = reader.Get<uint16_t>();
  parsed.frame.sequence = reader.Get<uint64_t>();
  parsed.frame.synced_bytes = reader.Get<uint64_t>();
  parsed.frame.payload_hash = reader.Get<uint64_t>();
  // Cheap first: most of what is looked at behind the end is zeros.
  if (parsed.type == 0 || reserved != 0 || parsed.frame.synced_bytes > offset) return std::nullopt;
  const auto fields = file.subspan(offset, kFrameCheckAt);
  if (FrameCheck(header, offset, fields) != reader.Get<uint64_t>()) return std::nullopt;
  return parsed;
}

// The payload of a frame that fits, or nullopt when it is cut off or wrong.
std::optional<std::span<const std::byte>> ParsePayload(const LogFrame& frame, uint64_t offset,
                                                       std::span<const std::byte> file) {
  if (frame.payload_bytes > kMaxLogPayloadBytes ||
      LogRecordBytes(frame.payload_bytes) > file.size() - offset) {
    return std::nullopt;
  }
  const auto padded =
      file.subspan(offset + kLogFrameBytes, LogRecordBytes(frame.payload_bytes) - kLogFrameBytes);
  const auto payload = padded.first(frame.payload_bytes);
  const auto padding = padded.subspan(frame.payload_bytes);
  const bool zeros =
      std::all_of(padding.begin(), padding.end(), [](std::byte b) { return b == std::byte{0}; });
  if (base::Sabotaged(21)) return payload;
  if (!zeros || base::Xxh3(payload) != frame.payload_hash) return std::nullopt;
  return payload;
}

uint64_t LastNonZero(std::span<const std::byte> file, uint64_t begin) {
  uint64_t end = file.size();
  while (end > begin && file[end - 1] == std::byte{0}) --end;
  return end;
}

}  // namespace

std::string EncodeLogHeader(LogFileHeader* header) {
  base::ByteWriter writer;
  writer.Put(kMagic);
  writer.Put(kVersion);
  writer.Put(uint32_t{0});
  writer.Put(header->number);
  writer.Put(header->epoch);
  writer.Put(header->previous_end);
  writer.Put(header->salt);
  writer.PutBytes(header->collection_id);
  writer.PutBytes(header->log_id);
  writer.Put(uint64_t{0});
  header->checksum = base::Xxh3(writer.str());
  writer.Put(header->checksum);
  return writer.str();
}

absl::StatusOr<LogFileHeader> DecodeLogHeader(std::string_view name,
                                              std::span<const std::byte> bytes) {
  if (bytes.size() < kLogHeaderBytes) return Damaged(name, 0, "too short for a header");
  base::ByteReader reader(bytes.first(kLogHeaderBytes));
  const auto text = [&reader] {
    const auto id = reader.GetBytes(kIdBytes);
    return std::string(reinterpret_cast<const char*>(id.data()), id.size());
  };
  const auto magic = reader.Get<uint64_t>();
  const auto version = reader.Get<uint32_t>();
  const auto features = reader.Get<uint32_t>();
  LogFileHeader header;
  header.number = reader.Get<uint64_t>();
  header.epoch = reader.Get<uint64_t>();
  header.previous_end = reader.Get<uint64_t>();
  header.salt = reader.Get<uint64_t>();
  header.collection_id = text();
  header.log_id = text();
  const auto reserved = reader.Get<uint64_t>();
  header.checksum = reader.Get<uint64_t>();
  if (magic != kMagic || base::Xxh3(bytes.first(kHeaderChecksumAt)) != header.checksum) {
    return Damaged(name, 0, "the header is damaged or foreign");
  }
  if (version != kVersion || features != 0 || reserved != 0) {
    return absl::FailedPreconditionError(
        base::StrFormat("log file %s: version %d, features %x; this library reads version %d", name,
                        version, features, kVersion));
  }
  if (!base::IsRandomId(header.collection_id) || !base::IsRandomId(header.log_id) ||
      header.number == 0) {
    return Damaged(name, 0, "the header is impossible");
  }
  return header;
}

void EncodeLogFrame(const LogFileHeader& header, uint64_t offset, const LogFrame& frame,
                    std::byte* out) {
  base::ByteWriter writer;
  writer.Put(static_cast<uint32_t>(frame.payload_bytes));
  writer.Put(frame.type);
  writer.Put(uint8_t{0});
  writer.Put(uint16_t{0});
  writer.Put(frame.sequence);
  writer.Put(frame.synced_bytes);
  writer.Put(frame.payload_hash);
  writer.Put(FrameCheck(header, offset, base::AsBytes(writer.str())));
  std::memcpy(out, writer.str().data(), kLogFrameBytes);
}

absl::StatusOr<LogScan> ScanLogFile(std::string_view name, const LogFileHeader& header,
                                    std::span<const std::byte> file) {
  if (file.size() < kLogHeaderBytes) return Damaged(name, 0, "too short for a header");
  LogScan scan{.end = kLogHeaderBytes, .synced_end = kLogHeaderBytes};
  uint64_t last_sequence = 0;
  while (const auto parsed = ParseFrame(header, file, scan.end)) {
    const auto payload = ParsePayload(parsed->frame, scan.end, file);
    if (!payload.has_value()) break;
    if (parsed->type != static_cast<uint8_t>(LogRecordType::kWrite) || parsed->flags != 0) {
      return absl::FailedPreconditionError(
          base::StrFormat("log file %s, offset %d: a record of type %d, flags %x, which this "
                          "library does not know",
                          name, scan.end, parsed->type, parsed->flags));
    }
    if (parsed->frame.sequence <= last_sequence) {
      return Damaged(name, scan.end, "the sequence runs backwards");
    }
    last_sequence = parsed->frame.sequence;
    scan.synced_end = std::max(scan.synced_end, parsed->frame.synced_bytes);
    scan.records.push_back({.offset = scan.end, .sequence = last_sequence, .payload = *payload});
    scan.end += LogRecordBytes(parsed->frame.payload_bytes);
  }
  const uint64_t last = LastNonZero(file, scan.end);
  scan.torn_bytes = last - scan.end;
  for (uint64_t offset = scan.end; offset < last; offset += 8) {
    const auto later = ParseFrame(header, file, offset);
    if (later.has_value()) {
      scan.durable_bytes = std::max(scan.durable_bytes, later->frame.synced_bytes);
    }
  }
  return scan;
}

}  // namespace vecdb::format
