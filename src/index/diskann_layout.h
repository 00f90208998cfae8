#ifndef VECDB_INDEX_DISKANN_LAYOUT_H_
#define VECDB_INDEX_DISKANN_LAYOUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "store/read_queue.h"

namespace vecdb::index {

// A page of a DISKANN index, which is what a search reads at a time: 4 KiB, or as many times that
// as one node needs. docs/formats.md has every byte.
//
//   number u32, nodes u32
//   nodes      row u32, number of links u32, links u32 each (max_degree of them, or one more), then
//              the vector, float32
//   zeros, and in the last 8 bytes the XXH3-64 of all before
//
// The nodes of an index are numbered anew, so that those that lie beside each other in a page are
// linked: that number is the node's place. Links are rows all the same, since codes are kept by
// row.

/// How nodes lie in pages. A value.
struct DiskannLayout {
  uint32_t num_rows = 0;
  uint32_t dim = 0;
  uint32_t degree = 0;  ///< room for links
  uint32_t nodes_per_page = 0;
  uint32_t page_bytes = 0;

  static constexpr size_t kHeadBytes = 8;
  static constexpr size_t kChecksumBytes = 8;

  static DiskannLayout Of(uint32_t num_rows, int32_t dim, uint32_t degree) {
    DiskannLayout layout{.num_rows = num_rows, .dim = static_cast<uint32_t>(dim), .degree = degree};
    const size_t around = kHeadBytes + kChecksumBytes;
    const size_t needed = layout.node_bytes() + around;
    const size_t pages = (needed + store::kPageBytes - 1) / store::kPageBytes;
    layout.page_bytes = static_cast<uint32_t>(pages * store::kPageBytes);
    layout.nodes_per_page =
        static_cast<uint32_t>((layout.page_bytes - around) / layout.node_bytes());
    return layout;
  }

  size_t node_bytes() const { return sizeof(uint32_t) * (2 + size_t{degree} + dim); }
  uint32_t num_pages() const {
    return static_cast<uint32_t>((uint64_t{num_rows} + nodes_per_page - 1) / nodes_per_page);
  }
  uint64_t file_bytes() const { return uint64_t{num_pages()} * page_bytes; }
  uint32_t PageOf(uint32_t place) const { return place / nodes_per_page; }

  /// Nodes of page `page`: all pages but the last are full.
  uint32_t NodesOf(uint32_t page) const {
    return std::min(nodes_per_page, num_rows - page * nodes_per_page);
  }

  friend bool operator==(const DiskannLayout&, const DiskannLayout&) = default;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_LAYOUT_H_
