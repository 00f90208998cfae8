#ifndef VECDB_INDEX_IVF_FILE_H_
#define VECDB_INDEX_IVF_FILE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "format/section_file.h"
#include "index/index_meta.h"
#include "index/ivf_lists.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

// Sections of an index of inverted lists, beside META.
//
//   IVFH  lists u32, codec u32 (codec::CodecKind), range of SQ8 u32, parts and bits of PQ i32, and
//         then what the codec has learnt (codec::Codec::Write)
//   IVFC  the centroids, float32, row-major
//   IVFS  how many rows each list has, u32
//   IVFR  the row numbers, u32, list after list, ascending within each
//   IVFD  the codes, list after list in the same order, each list beginning at a multiple of 64
//         bytes; with at most 4 bits of PQ packed as codec::PackFastScan does
//   IVFT  under kL2, where codes are packed: the terms of rows (ivf_terms.h), float32, in the order
//         of IVFR; computed where it is missing, as before there were terms
//   IVFK  what a code stands for, u32: 1 the row, 2 the row less its centroid. Only where it is the
//         other than for lists that this library builds: 2 for IVF_PQ, 1 for others

// With more than kMostComparedLists lists there are also the sections of a graph of M 16, as in
// hnsw_file.h, of the centroids.

inline constexpr uint32_t kIvfHeadTag = format::Tag("IVFH");
inline constexpr uint32_t kIvfCentroidsTag = format::Tag("IVFC");
inline constexpr uint32_t kIvfSizesTag = format::Tag("IVFS");
inline constexpr uint32_t kIvfRowsTag = format::Tag("IVFR");
inline constexpr uint32_t kIvfCodesTag = format::Tag("IVFD");
inline constexpr uint32_t kIvfTermsTag = format::Tag("IVFT");
inline constexpr uint32_t kIvfKindTag = format::Tag("IVFK");

/// Writes the lists of an index of `spec`, all but the graph, which WriteHnswGraph does.
absl::Status WriteIvfLists(const IvfLists& lists, const IndexSpec& spec,
                           format::SectionWriter& writer, const Context& context);

/// Reads the lists of an index that `meta`, checked, describes. DataLoss unless every row is in one
/// list and all else is as the lists need it; ResourceExhausted.
absl::StatusOr<IvfLists> ReadIvfLists(const format::SectionFile& file, const IndexMeta& meta,
                                      const Host& host, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_IVF_FILE_H_
