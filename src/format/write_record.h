#ifndef VECDB_FORMAT_WRITE_RECORD_H_
#define VECDB_FORMAT_WRITE_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "schema/key.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::format {

// The payload of a log record that holds one batch: an insert, an upsert or a delete, whatever
// shards it touches. The scalar columns lie together and are compressed when that pays; vectors
// follow as they are, since mantissas do not compress.

enum class WriteKind : uint8_t {
  kInsert = 1,  ///< of keys that are not there
  kUpsert = 2,  ///< rows that replace those of the same keys
  kDelete = 3,  ///< of the rows of these keys
};

struct WriteRecord {
  WriteKind kind = WriteKind::kInsert;
  std::optional<uint64_t> host_sequence{};
  /// The rows with their keys, also where the library made them; of a delete the key column alone.
  /// Vectors are borrowed from the payload.
  RowBatch rows;
};

/// InvalidArgument, naming size and limit, when a batch of checked rows, or the keys of a delete,
/// would make a longer payload than a log takes.
absl::Status CheckRecordSize(const RowBatch& rows);
absl::Status CheckRecordSize(const schema::KeyColumn& keys);

/// The payload of an insert or upsert behind `front_bytes` zero bytes for the frame, padded at the
/// end to a multiple of 8; `*payload_bytes` is its length without these. `rows` is checked;
/// `auto_keys` are their keys when the library makes them. `buffer` is filled, so that memory can
/// be used again: what it held is gone.
std::string EncodeRows(WriteKind kind, const RowBatch& rows, std::span<const int64_t> auto_keys,
                       std::optional<uint64_t> host_sequence, size_t front_bytes,
                       uint64_t* payload_bytes, std::string buffer = {});

/// The same for a delete.
std::string EncodeDelete(const schema::KeyColumn& keys, std::optional<uint64_t> host_sequence,
                         size_t front_bytes, uint64_t* payload_bytes);

/// Takes the payload of a record of a collection of `schema` apart. `name` is for messages.
/// DataLoss when it cannot be what Encode wrote, FailedPrecondition for an unknown kind or flag.
absl::StatusOr<WriteRecord> DecodeWrite(std::string_view name,
                                        const std::shared_ptr<const Schema>& schema,
                                        std::span<const std::byte> payload);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_WRITE_RECORD_H_
