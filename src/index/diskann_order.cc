#include "index/diskann_order.h"

#include <cstring>
#include <span>

#include "base/status_macros.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kRowsBetweenLooks = 1 << 14;

class RowOrderer {
 public:
  RowOrderer(const HnswGraph& graph, const DiskannLayout& layout, std::span<uint32_t> rows,
             std::span<uint8_t> placed)
      : level_(graph.level(0)), layout_(layout), rows_(rows), placed_(placed) {}

  absl::Status Run(uint32_t entry_row, const Context& context) {
    Place(entry_row);
    for (uint32_t looked_at = 0; num_placed_ < layout_.num_rows;) {
      if (num_placed_ - looked_at >= kRowsBetweenLooks) {
        VECDB_RETURN_IF_ERROR(context.Check());
        looked_at = num_placed_;
      }
      if (!PageIsFull()) FillPage();
      if (num_placed_ < layout_.num_rows) PlaceNext();
    }
    return absl::OkStatus();
  }

 private:
  bool PageIsFull() const { return num_placed_ % layout_.nodes_per_page == 0; }

  void Place(uint32_t row) {
    placed_[row] = 1;
    rows_[num_placed_++] = row;
  }

  // The page under way takes what its rows link to, the first ones first.
  void FillPage() {
    uint32_t at = (num_placed_ - 1) / layout_.nodes_per_page * layout_.nodes_per_page;
    for (; at < num_placed_ && !PageIsFull(); ++at) {
      const uint32_t* const links = level_.of(rows_[at]);
      for (size_t i = 0; i < level_.degree && links[i] != kNoRow && !PageIsFull(); ++i) {
        if (placed_[links[i]] == 0) Place(links[i]);
      }
    }
  }

  // Places the first row that one placed before links to, or one that no link leads to.
  void PlaceNext() {
    for (; followed_ < num_placed_; ++followed_) {
      const uint32_t* const links = level_.of(rows_[followed_]);
      for (size_t i = 0; i < level_.degree && links[i] != kNoRow; ++i) {
        if (placed_[links[i]] == 0) return Place(links[i]);
      }
    }
    while (placed_[next_unreached_] != 0) ++next_unreached_;
    Place(next_unreached_);
  }

  const HnswLevel level_;
  const DiskannLayout layout_;
  const std::span<uint32_t> rows_;
  const std::span<uint8_t> placed_;
  uint32_t num_placed_ = 0;
  uint32_t followed_ = 0;  // all links of the places before are placed
  uint32_t next_unreached_ = 0;
};

}  // namespace

absl::StatusOr<base::LargeBuffer> OrderRows(const HnswGraph& graph, const DiskannLayout& layout,
                                            const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(
      base::LargeBuffer rows,
      base::LargeBuffer::Make(uint64_t{layout.num_rows} * sizeof(uint32_t), host,
                              "the order of rows in pages", MemoryUse::kIndexes));
  VECDB_ASSIGN_OR_RETURN(
      base::LargeBuffer placed,
      base::LargeBuffer::Make(layout.num_rows, host, "marks of rows in pages", MemoryUse::kBuilds));
  if (layout.num_rows == 0) return rows;
  std::memset(placed.data(), 0, placed.size());
  RowOrderer orderer(graph, layout, rows.as<uint32_t>(), placed.as<uint8_t>());
  VECDB_RETURN_IF_ERROR(orderer.Run(graph.entry_row, context));
  return rows;
}

absl::StatusOr<base::LargeBuffer> PlacesOf(const base::LargeBuffer& rows, const Host& host) {
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer places,
                         base::LargeBuffer::Make(rows.size(), host, "the places of rows in pages",
                                                 MemoryUse::kIndexes));
  const std::span<const uint32_t> in_order = rows.as<const uint32_t>();
  for (uint32_t place = 0; place < in_order.size(); ++place) {
    places.as<uint32_t>()[in_order[place]] = place;
  }
  return places;
}

}  // namespace vecdb::index
