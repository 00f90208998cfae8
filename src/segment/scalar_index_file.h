#ifndef VECDB_SEGMENT_SCALAR_INDEX_FILE_H_
#define VECDB_SEGMENT_SCALAR_INDEX_FILE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "format/section_file.h"
#include "segment/scalar_index.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"
#include "vecdb/object_store.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

// The sections of an index of a scalar field, in the layout of ScalarIndexData:
//
//   META  index type u32 (3 INVERTED, 4 SORTED), 0 u32, 0 u32, rows u32, as in files of vector
//         indexes; type of the field u32, number of values u32, bytes of all texts u64
//   SROW  rows by value, equal values by row: u32
//   SRUN  where the rows of each value end in SROW, u32
//   SNUM  numbers: int64 or double a value
//   SEND  texts: where each ends in STXT, u64
//   STXT  texts: their bytes

inline constexpr uint32_t kScalarRowsTag = format::Tag("SROW");
inline constexpr uint32_t kScalarRunsTag = format::Tag("SRUN");
inline constexpr uint32_t kScalarNumbersTag = format::Tag("SNUM");
inline constexpr uint32_t kScalarTextEndsTag = format::Tag("SEND");
inline constexpr uint32_t kScalarTextsTag = format::Tag("STXT");

/// Writes an index like `spec`, INVERTED or SORTED.
absl::Status WriteScalarIndex(const ScalarIndexData& data, const IndexSpec& spec,
                              format::SectionWriter& writer, const Context& context);

/// What the index of a field must be about.
struct ScalarField {
  DataType type = DataType::kNone;
  uint32_t num_rows = 0;
};

/// Reads an index and checks every number that a look-up relies on: one that passes cannot lead out
/// of its arrays, and gives each row once. DataLoss otherwise, also for an index that is not like
/// `spec`; FailedPrecondition for a newer format.
absl::StatusOr<ScalarIndexData> ReadScalarIndex(const format::SectionFile& file,
                                                const IndexSpec& spec, const ScalarField& field,
                                                const Host& host, const Context& context);

/// Opens and reads the index at `path` that `info` describes.
absl::StatusOr<std::shared_ptr<const SealedScalarIndex>> OpenScalarIndex(
    ObjectStore& store, const ObjectPath& path, const SegmentIndexInfo& info,
    const ScalarField& field, const Host& host, const Context& context);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SCALAR_INDEX_FILE_H_
