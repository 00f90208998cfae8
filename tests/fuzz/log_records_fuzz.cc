// A log file and the writes in it. kFramed: the rest is the payload of one record.
//
// mode: bits 0-1 shape, bit 2 VarChar keys
#include "base/byte_io.h"
#include "format/log_file.h"
#include "format/write_record.h"
#include "fuzz/fuzz_support.h"

namespace vecdb::fuzz {
namespace {

using format::WriteKind;

schema::KeyColumn KeysOf(const RowBatch& rows) { return schema::KeyColumn(*rows.column("key")); }

std::string Encode(const format::WriteRecord& record) {
  uint64_t payload_bytes = 0;
  std::string bytes =
      record.kind == WriteKind::kDelete
          ? format::EncodeDelete(KeysOf(record.rows), record.host_sequence, 0, &payload_bytes)
          : format::EncodeRows(record.kind, record.rows, {}, record.host_sequence, 0,
                               &payload_bytes);
  bytes.resize(payload_bytes);
  return bytes;
}

// What is accepted can be written, and is the same when it is read again.
void UseWrite(const std::shared_ptr<const Schema>& schema, std::span<const std::byte> payload) {
  const auto record = format::DecodeWrite("fuzz", schema, payload);
  if (!record.ok()) return;
  Require(record->rows.num_rows() > 0, "a record has rows");
  const std::string again = Encode(*record);
  const auto reread = format::DecodeWrite("fuzz", schema, base::AsBytes(again));
  Require(reread.ok(), "a record that was accepted is accepted again");
  Require(reread->kind == record->kind && reread->host_sequence == record->host_sequence,
          "a record keeps its kind and host sequence");
  Require(Encode(*reread) == again, "a record keeps its rows");
}

void UseFile(const std::shared_ptr<const Schema>& schema, std::span<const std::byte> file) {
  const auto header = format::DecodeLogHeader("fuzz", file);
  if (!header.ok()) return;
  const auto scan = format::ScanLogFile("fuzz", *header, file);
  if (!scan.ok()) return;
  Require(scan->end <= file.size() && scan->torn_bytes <= file.size() - scan->end,
          "a log ends within its file");
  uint64_t end = format::kLogHeaderBytes;
  uint64_t sequence = 0;
  for (const format::LogRecord& record : scan->records) {
    Require(record.offset == end && record.sequence > sequence, "records follow each other");
    Require(record.payload.data() == file.data() + end + format::kLogFrameBytes,
            "a payload lies behind its frame");
    end += format::LogRecordBytes(record.payload.size());
    sequence = record.sequence;
    UseWrite(schema, record.payload);
  }
  Require(end == scan->end && scan->synced_end <= end, "the log ends behind its last record");
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using vecdb::fuzz::Shape;
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const auto schema = vecdb::fuzz::RichSchema((mode & 4) != 0);
  std::string bytes(input.rest());
  if (vecdb::fuzz::ShapeOf(mode) == Shape::kFramed) {
    vecdb::fuzz::UseWrite(schema, vecdb::base::AsBytes(bytes));
    return 0;
  }
  if (vecdb::fuzz::ShapeOf(mode) == Shape::kFixed) vecdb::fuzz::FixLogFile(&bytes);
  vecdb::fuzz::UseFile(schema, vecdb::base::AsBytes(bytes));
  return 0;
}
