#include "index/diskann_page.h"

#include <cstring>

#include "base/checksum.h"
#include "base/str_format.h"

namespace vecdb::index {
namespace {

uint32_t WordAt(const std::byte* bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

void PutWord(uint32_t word, std::byte* bytes) { std::memcpy(bytes, &word, sizeof(word)); }

std::span<const std::byte> CoveredPart(const DiskannLayout& layout, const std::byte* page) {
  return {page, layout.page_bytes - DiskannLayout::kChecksumBytes};
}

absl::Status BadPage(uint32_t number, std::string_view why) {
  return absl::DataLossError(base::StrFormat("page %d of a DISKANN index: %s", number, why));
}

}  // namespace

void ComposePage(const DiskannLayout& layout, uint32_t number, std::span<const uint32_t> rows,
                 std::span<const uint32_t> links, const VectorView& view, std::byte* page) {
  std::memset(page, 0, layout.page_bytes);
  PutWord(number, page);
  PutWord(static_cast<uint32_t>(rows.size()), page + sizeof(uint32_t));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::byte* const node = page + DiskannLayout::kHeadBytes + i * layout.node_bytes();
    const std::span<const uint32_t> room = links.subspan(i * layout.degree, layout.degree);
    const size_t num_links = CountLinks(room.data(), room.size());
    PutWord(rows[i], node);
    PutWord(static_cast<uint32_t>(num_links), node + sizeof(uint32_t));
    std::byte* const out = node + 2 * sizeof(uint32_t);
    std::memcpy(out, room.data(), num_links * sizeof(uint32_t));
    std::memcpy(out + layout.degree * sizeof(uint32_t), view.row(rows[i]),
                layout.dim * sizeof(float));
  }
  const uint64_t checksum = base::Xxh3(CoveredPart(layout, page));
  std::memcpy(page + layout.page_bytes - sizeof(checksum), &checksum, sizeof(checksum));
}

absl::Status CheckPage(const DiskannLayout& layout, uint32_t number,
                       std::span<const uint32_t> places, const std::byte* page) {
  uint64_t checksum = 0;
  std::memcpy(&checksum, page + layout.page_bytes - sizeof(checksum), sizeof(checksum));
  if (checksum != base::Xxh3(CoveredPart(layout, page))) return BadPage(number, "wrong checksum");
  const uint32_t count = layout.NodesOf(number);
  if (WordAt(page) != number || WordAt(page + sizeof(uint32_t)) != count) {
    return BadPage(number, base::StrFormat("it is page %d of %d nodes; it should have %d",
                                           WordAt(page), WordAt(page + sizeof(uint32_t)), count));
  }
  for (uint32_t i = 0; i < count; ++i) {
    const std::byte* const node = page + DiskannLayout::kHeadBytes + i * layout.node_bytes();
    const uint32_t row = WordAt(node);
    const uint32_t num_links = WordAt(node + sizeof(uint32_t));
    if (row >= layout.num_rows || places[row] != number * layout.nodes_per_page + i) {
      return BadPage(number, base::StrFormat("row %d does not belong there", row));
    }
    if (num_links > layout.degree) {
      return BadPage(number, base::StrFormat("%d links of %d", num_links, layout.degree));
    }
    bool is_row = true;
    for (const uint32_t link : NodeAt(layout, page, i).links) is_row &= link < layout.num_rows;
    if (!is_row) return BadPage(number, "a link leads to no row");
  }
  return absl::OkStatus();
}

// Everything in a page is a multiple of 4 bytes, and pages lie at multiples of 64 at least.
DiskannNode NodeAt(const DiskannLayout& layout, const std::byte* page, uint32_t i) {
  const std::byte* const node = page + DiskannLayout::kHeadBytes + i * layout.node_bytes();
  const auto* const links = reinterpret_cast<const uint32_t*>(node + 2 * sizeof(uint32_t));
  return {.row = WordAt(node),
          .links = {links, WordAt(node + sizeof(uint32_t))},
          .vector = reinterpret_cast<const float*>(links + layout.degree)};
}

}  // namespace vecdb::index
