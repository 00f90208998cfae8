#ifndef VECDB_FORMAT_JSON_SHREDDER_H_
#define VECDB_FORMAT_JSON_SHREDDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "format/column_encoder.h"
#include "vecdb/context.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::format {

/// Longer strings stay in the text alone.
inline constexpr size_t kMaxShreddedStringBytes = 1024;

/// A column whose blocks are in memory, to be written as one.
struct EncodedColumn {
  explicit EncodedColumn(DataType type) : encoder(type) {}

  ColumnEncoder encoder;
  std::string bytes;
};

/// What the rows of a Json column have at one path; see ShreddedField.
struct ShreddedColumn {
  explicit ShreddedColumn(DataType values_type)
      : type(values_type), states(DataType::kInt8), values(values_type) {}

  std::vector<std::string> path;
  DataType type;
  EncodedColumn states;
  EncodedColumn values;
};

/// Takes out of a Json column what lies at the paths that have a bool, a number or a short string
/// in at least an eighth of the rows, the most frequent ones first, at most `max_paths`.
///
/// Paths are looked for in 1024 rows and then counted in all. The values of a path are those of its
/// commonest kind. Where a row has none, the column has the first one of the block, or else of the
/// column, so that statistics are about values that are there. Memory: as much as what is returned.
absl::StatusOr<std::vector<ShreddedColumn>> ShredJson(const Column& column, size_t max_paths,
                                                      const Context& context);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_JSON_SHREDDER_H_
