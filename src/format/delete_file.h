#ifndef VECDB_FORMAT_DELETE_FILE_H_
#define VECDB_FORMAT_DELETE_FILE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "format/section_file.h"

namespace vecdb::format {

// deletes-<n>.del: every delete of one segment up to some time; a later file replaces it.
//
//   ROWS  row numbers (u32), ascending
//   TIME  when each was deleted (u64), never 0

struct RowDelete {
  uint32_t row = 0;
  uint64_t timestamp = 0;

  friend bool operator==(const RowDelete&, const RowDelete&) = default;
};

/// `deletes` are sorted by row, each row once.
absl::StatusOr<FileSummary> WriteDeleteFile(ObjectStore& store, const ObjectPath& path,
                                            const std::vector<RowDelete>& deletes,
                                            const Context& context);

/// DataLoss when a row is not below `num_rows`, comes twice, or has no time.
absl::StatusOr<std::vector<RowDelete>> ReadDeleteFile(ObjectStore& store, const ObjectPath& path,
                                                      const std::optional<FileSummary>& expected,
                                                      uint64_t num_rows, const Context& context);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_DELETE_FILE_H_
