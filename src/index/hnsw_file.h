#ifndef VECDB_INDEX_HNSW_FILE_H_
#define VECDB_INDEX_HNSW_FILE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "format/section_file.h"
#include "index/hnsw_graph.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

// The sections of an HNSW index beside META, in the layout of HnswGraph:
//
//   HNSW  entry row u32, number of levels above 0 u32, nodes of each of them u32
//   LNK0  links of level 0: 2 M u32 a row, padded at the end with 0xffffffff
//   UPRW  rows of the nodes of level 1, u32
//   UPLK  links of level 1, then 2, ...: M u32 a node, padded likewise

inline constexpr uint32_t kHnswTag = format::Tag("HNSW");
inline constexpr uint32_t kBaseLinksTag = format::Tag("LNK0");
inline constexpr uint32_t kUpperRowsTag = format::Tag("UPRW");
inline constexpr uint32_t kUpperLinksTag = format::Tag("UPLK");

absl::Status WriteHnswGraph(const HnswGraph& graph, format::SectionWriter& writer,
                            const Context& context);

/// Reads a graph of `num_rows` rows and checks every number that a walk relies on, in one pass: a
/// file that passes cannot lead a search out of its arrays. DataLoss otherwise.
absl::StatusOr<HnswGraph> ReadHnswGraph(const format::SectionFile& file, uint32_t num_rows,
                                        uint32_t m, const Host& host, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_FILE_H_
