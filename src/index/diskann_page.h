#ifndef VECDB_INDEX_DISKANN_PAGE_H_
#define VECDB_INDEX_DISKANN_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "index/diskann_layout.h"
#include "index/hnsw_graph.h"
#include "index/vector_view.h"

namespace vecdb::index {

/// One node in a page that was checked. Borrows the page.
struct DiskannNode {
  uint32_t row = 0;
  std::span<const uint32_t> links{};
  const float* vector = nullptr;
};

/// Fills `page`, of layout.page_bytes, with the nodes of page `number`: `rows` are its rows,
/// `links` theirs, layout.degree each, padded with kNoRow.
void ComposePage(const DiskannLayout& layout, uint32_t number, std::span<const uint32_t> rows,
                 std::span<const uint32_t> links, const VectorView& view, std::byte* page);

/// DataLoss unless `page` is page `number` as it was written, its rows have the places of that page
/// in `places`, by row, and every link leads to a row.
absl::Status CheckPage(const DiskannLayout& layout, uint32_t number,
                       std::span<const uint32_t> places, const std::byte* page);

/// Node `i` of a page that was checked.
DiskannNode NodeAt(const DiskannLayout& layout, const std::byte* page, uint32_t i);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_PAGE_H_
