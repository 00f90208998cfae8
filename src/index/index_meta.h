#ifndef VECDB_INDEX_INDEX_META_H_
#define VECDB_INDEX_INDEX_META_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "format/section_file.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

// The section META of every index file: what the index is, and of what rows.
//
//   index type u32 (1 FLAT, 2 HNSW, 5 IVF_FLAT, 6 IVF_SQ8, 7 IVF_PQ, 8 DISKANN), metric u32,
//   dim u32, rows u32
//   HNSW:     M i32, efConstruction i32, seed u64, codec i32 (HnswCodec), refine i32 (Refine)
//   IVF_FLAT: nlist i32, reserved u32, seed u64
//   IVF_SQ8:  nlist i32, refine u32 (Refine), seed u64
//   IVF_PQ:   nlist i32, m i32 (0: the library's choice), nbits i32, refine u32, seed u64
//   DISKANN:  max_degree i32, search_list_size i32, pq_code_budget f64, search_cache_budget f64,
//             seed u64
//
// The parameters are those that were asked for. Few rows make fewer lists, or codes of fewer bits:
// what there is, the other sections say.

inline constexpr uint32_t kMetaTag = format::Tag("META");

struct IndexMeta {
  IndexSpec spec{};
  uint32_t num_rows = 0;
  int32_t dim = 0;
};

absl::Status WriteIndexMeta(const IndexMeta& meta, format::SectionWriter& writer,
                            const Context& context);

/// DataLoss when the section is missing or says what cannot be; FailedPrecondition for an index
/// type that this version does not know.
absl::StatusOr<IndexMeta> ReadIndexMeta(const format::SectionFile& file, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_INDEX_META_H_
