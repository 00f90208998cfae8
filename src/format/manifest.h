#ifndef VECDB_FORMAT_MANIFEST_H_
#define VECDB_FORMAT_MANIFEST_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/collection.h"
#include "vecdb/index_spec.h"
#include "vecdb/schema.h"
#include "vecdb/segment.h"

namespace vecdb::format {

/// The index that a field is to have; segments carry the ones that are built.
struct IndexDefinition {
  std::string field{};
  IndexSpec spec{};

  friend bool operator==(const IndexDefinition&, const IndexDefinition&) = default;
};

/// True when searches have a vector field to go by.
bool HasVectorIndex(std::span<const IndexDefinition> indexes);

struct ManifestSegment {
  std::string id{};
  int32_t shard = 0;
  SegmentInfo info{};

  friend bool operator==(const ManifestSegment&, const ManifestSegment&) = default;
};

/// The log that holds the writes which are in no segment.
struct JournalState {
  std::string id{};         ///< 32 hexadecimal digits; "": there is none, and none is needed
  uint64_t first_file = 0;  ///< files before it are not needed
  uint64_t last_file = 0;   ///< files up to it were there when this was written

  friend bool operator==(const JournalState&, const JournalState&) = default;
};

/// One committed state of a collection: all that opening it needs to know.
struct Manifest {
  std::string collection_id{};
  Schema schema{};
  CollectionOptions options{};
  uint64_t flushed_timestamp = 0;  ///< every write up to here is in the segments
  uint64_t host_sequence = 0;      ///< the largest of those writes
  /// Rows that were deleted up to here may have been removed: no state before it can be read.
  uint64_t history_from = 0;
  /// Rows that had expired at this time may have been removed: the same.
  uint64_t expired_until = 0;
  JournalState journal{};
  /// Logs that were given up with writes in them, and whose files are left for their owner.
  std::vector<std::string> kept_journals{};
  std::vector<IndexDefinition> indexes{};
  std::vector<ManifestSegment> segments{};

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Before this time no state can be read.
inline uint64_t HistoryFrom(const Manifest& manifest) {
  return std::max(manifest.history_from, manifest.expired_until);
}

std::string ManifestToJson(const Manifest& manifest);

/// `name` is for messages. DataLoss when `json` is not what ManifestToJson writes.
absl::StatusOr<Manifest> ManifestFromJson(std::string_view name, std::string_view json);

/// The collections of a database.
struct CatalogEntry {
  std::string name{};
  std::string id{};
  bool dropped = false;  ///< its objects may still be there

  friend bool operator==(const CatalogEntry&, const CatalogEntry&) = default;
};

std::string CatalogToJson(const std::vector<CatalogEntry>& entries);
absl::StatusOr<std::vector<CatalogEntry>> CatalogFromJson(std::string_view name,
                                                          std::string_view json);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_MANIFEST_H_
