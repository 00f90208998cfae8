#include "journal/log_writer.h"

#include <algorithm>
#include <utility>

#include "base/byte_io.h"
#include "base/checksum.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"
#include "base/sabotage.h"
#include "base/status_macros.h"

namespace vecdb::journal {
namespace {

// Small records are put together up to this, so that the system is called once for many; larger
// ones are not copied.
constexpr size_t kMaxGatheredBytes = size_t{64} << 10;
// Room is made in steps that grow with the file: a small collection takes little disk, a busy one
// seldom asks.
constexpr uint64_t kFirstStepBytes = 256ULL << 10;
constexpr uint64_t kLargestStepBytes = 16ULL << 20;

void FillFrame(const format::LogFileHeader& header, uint64_t offset, uint64_t synced_bytes,
               PendingRecord* record) {
  const auto payload = base::AsBytes(std::string_view(record->bytes))
                           .subspan(format::kLogFrameBytes, record->payload_bytes);
  const format::LogFrame frame{.payload_bytes = record->payload_bytes,
                               .sequence = record->sequence,
                               .synced_bytes = synced_bytes,
                               .payload_hash = base::Xxh3(payload)};
  format::EncodeLogFrame(header, offset, frame, reinterpret_cast<std::byte*>(record->bytes.data()));
}

}  // namespace

LogWriter::LogWriter(LogPlace* place, LogIdentity identity, uint64_t last_number,
                     uint64_t previous_end, uint64_t file_bytes, std::vector<PendingRecord> carried)
    : place_(place),
      identity_(std::move(identity)),
      file_bytes_(file_bytes),
      carried_(std::move(carried)),
      header_({.number = last_number}),
      end_(previous_end) {}

std::string LogWriter::EncodeNextHeader(format::LogFileHeader* header) const {
  *header = {.collection_id = identity_.collection_id,
             .log_id = identity_.log_id,
             .number = header_.number + 1,
             .epoch = identity_.epoch,
             .previous_end = end_,
             .salt = base::Xxh3(base::RandomId())};
  return format::EncodeLogHeader(header);
}

// Nothing changes unless the file is there, and nothing is allocated once it is.
absl::Status LogWriter::Create(format::LogFileHeader header, std::string_view bytes,
                               uint64_t last_sequence, LogSet* files) {
  const uint64_t room = std::max<uint64_t>(kFirstStepBytes, bytes.size());
  LogSet made;
  made.Update(header.number, last_sequence, bytes.size());
  VECDB_ASSIGN_OR_RETURN(auto file, place_->Create(header.number, base::AsBytes(bytes), room));
  file_ = std::move(file);
  header_ = std::move(header);
  preallocated_ = room;
  end_ = synced_ = bytes.size();
  files->Merge(std::move(made));
  return absl::OkStatus();
}

absl::Status LogWriter::BeginFile(LogSet* files) {
  if (const absl::Status synced = Sync(); !synced.ok()) {
    return base::ErrorOrCode(absl::StatusCode::kUnknown, synced.message());
  }
  format::LogFileHeader header;
  std::string bytes = EncodeNextHeader(&header);
  bytes += EncodeCarried(header, bytes.size());
  const uint64_t last_sequence = carried_.empty() ? 0 : carried_.back().sequence;
  VECDB_RETURN_IF_ERROR(Create(std::move(header), bytes, last_sequence, files));
  carried_.clear();
  return absl::OkStatus();
}

// The file comes into being with them, so each finds those before it durable.
std::string LogWriter::EncodeCarried(const format::LogFileHeader& header, uint64_t offset) {
  std::string bytes;
  for (PendingRecord& record : carried_) {
    FillFrame(header, offset + bytes.size(), offset + bytes.size(), &record);
    bytes += record.bytes;
  }
  return bytes;
}

absl::Status LogWriter::Sync() {
  if (file_ == nullptr || synced_ == end_) return absl::OkStatus();
  // It is not tried again, whatever came between: a second sync may say OK of what was lost.
  if (!base::Sabotaged(1)) {
    VECDB_RETURN_IF_ERROR(base::OrOutOfMemory([this] { return file_->Sync(); }));
  }
  synced_ = end_;
  return absl::OkStatus();
}

absl::Status LogWriter::Write(std::span<PendingRecord> records, size_t* num_written,
                              LogSet* files) {
  records = records.subspan(*num_written);
  if (records.empty()) return absl::OkStatus();
  if (place_->grows()) return WriteGrowing(records, num_written, files);
  VECDB_RETURN_IF_ERROR(WriteWhole(records, files));
  *num_written += records.size();
  return absl::OkStatus();
}

absl::Status LogWriter::WriteWhole(std::span<PendingRecord> records, LogSet* files) {
  format::LogFileHeader header;
  std::string bytes = EncodeNextHeader(&header);
  for (PendingRecord& record : records) {
    FillFrame(header, bytes.size(), format::kLogHeaderBytes, &record);
    bytes += record.bytes;
  }
  return Create(std::move(header), bytes, records.back().sequence, files);
}

absl::Status LogWriter::WriteGrowing(std::span<PendingRecord> records, size_t* num_written,
                                     LogSet* files) {
  std::string gathered;
  size_t num_gathered = 0;
  uint64_t gathered_sequence = 0;
  const auto write_gathered = [&]() -> absl::Status {
    VECDB_RETURN_IF_ERROR(Append(gathered, gathered_sequence, files));
    *num_written += std::exchange(num_gathered, 0);
    gathered.clear();
    return absl::OkStatus();
  };
  for (PendingRecord& record : records) {
    const bool full = end_ + gathered.size() >= file_bytes_;
    const bool large = record.bytes.size() >= kMaxGatheredBytes;
    if (full || large || gathered.size() >= kMaxGatheredBytes)
      VECDB_RETURN_IF_ERROR(write_gathered());
    if (full || file_ == nullptr) VECDB_RETURN_IF_ERROR(BeginFile(files));
    FillFrame(header_, end_ + gathered.size(), synced_, &record);
    if (large) {
      VECDB_RETURN_IF_ERROR(Append(record.bytes, record.sequence, files));
      ++*num_written;
    } else {
      gathered += record.bytes;
      ++num_gathered;
      gathered_sequence = record.sequence;
    }
  }
  return write_gathered();
}

absl::Status LogWriter::Append(std::string_view bytes, uint64_t last_sequence, LogSet* files) {
  if (bytes.empty()) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(MakeRoom(bytes.size()));
  files->Update(header_.number, 0, end_);  // what it allocates, before there is no way back
  VECDB_RETURN_IF_ERROR(base::OrOutOfMemory([&] { return file_->Append(base::AsBytes(bytes)); }));
  end_ += bytes.size();
  files->Update(header_.number, last_sequence, end_);
  return absl::OkStatus();
}

absl::Status LogWriter::MakeRoom(uint64_t bytes) {
  if (end_ + bytes <= preallocated_) return absl::OkStatus();
  const uint64_t room = end_ + bytes + std::min(preallocated_, kLargestStepBytes);
  VECDB_RETURN_IF_ERROR(file_->Preallocate(room));
  preallocated_ = room;
  return absl::OkStatus();
}

}  // namespace vecdb::journal
