#include "index/diskann_source.h"

#include <algorithm>
#include <cstdint>

#include "base/status_macros.h"
#include "index/diskann_page.h"

namespace vecdb::index {
namespace {

void TakeLinks(const DiskannLayout& layout, uint32_t page, const std::byte* bytes,
               const HnswLevel& level) {
  for (uint32_t i = 0; i < layout.NodesOf(page); ++i) {
    const DiskannNode node = NodeAt(layout, bytes, i);
    uint32_t* const links = level.of(node.row);
    std::copy(node.links.begin(), node.links.end(), links);
    std::fill(links + node.links.size(), links + level.degree, kNoRow);
  }
}

}  // namespace

absl::StatusOr<HnswGraph> ReadDiskannGraph(const DiskannParts& parts, const Host& host,
                                           const Context& context) {
  const DiskannLayout& layout = parts.layout;
  VECDB_ASSIGN_OR_RETURN(HnswGraph graph,
                         HnswGraph::Make(layout.num_rows, layout.degree / 2, {}, host));
  graph.entry_row = parts.entry_row;
  const HnswLevel level = graph.level(0);
  VECDB_RETURN_IF_ERROR(ReadPagesInOrder(parts, layout.num_pages(), context,
                                         [&](uint32_t page, const std::byte* bytes) {
                                           TakeLinks(layout, page, bytes, level);
                                           return absl::OkStatus();
                                         }));
  return graph;
}

}  // namespace vecdb::index
