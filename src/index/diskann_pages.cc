#include "index/diskann_pages.h"

#include <algorithm>
#include <vector>

#include "base/status_macros.h"
#include "index/diskann_page.h"

namespace vecdb::index {

absl::Status GraphLinks::Read(std::span<const uint32_t> rows, uint32_t* out, const Context&) const {
  const HnswLevel level = graph_.level(0);
  for (const uint32_t row : rows) out = std::copy_n(level.of(row), level.degree, out);
  return absl::OkStatus();
}

class BuiltPages::Queue final : public store::ReadQueue {
 public:
  Queue(const BuiltPages& pages, store::PageBuffers buffers)
      : pages_(pages),
        buffers_(std::move(buffers)),
        numbers_(buffers_.count()),
        links_(size_t{pages.layout_.nodes_per_page} * pages.layout_.degree) {}

  void Start(size_t slot, uint64_t offset) override {
    numbers_[slot] = static_cast<uint32_t>(offset / buffers_.bytes());
  }
  absl::Status Submit() override { return absl::OkStatus(); }
  absl::Status Wait(size_t slot, const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    const std::span<const uint32_t> rows = pages_.RowsOf(numbers_[slot]);
    VECDB_RETURN_IF_ERROR(pages_.links_->Read(rows, links_.data(), context));
    ComposePage(pages_.layout_, numbers_[slot], rows, links_, pages_.view_, buffers_.at(slot));
    return absl::OkStatus();
  }
  const std::byte* buffer(size_t slot) override { return buffers_.at(slot); }

 private:
  const BuiltPages& pages_;
  store::PageBuffers buffers_;
  std::vector<uint32_t> numbers_;
  std::vector<uint32_t> links_;  // of one page
};

absl::StatusOr<std::unique_ptr<store::ReadQueue>> BuiltPages::MakeQueue(size_t slots) const {
  VECDB_ASSIGN_OR_RETURN(store::PageBuffers buffers,
                         store::PageBuffers::Make(slots, layout_.page_bytes, host_));
  return std::make_unique<Queue>(*this, std::move(buffers));
}

absl::Status BuiltPages::Renumber(std::span<const uint32_t> order) {
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer rows,
                         base::LargeBuffer::Make(rows_.size(), host_, "the order of rows in pages",
                                                 MemoryUse::kIndexes));
  uint32_t* out = rows.as<uint32_t>().data();
  for (const uint32_t page : order) {
    const std::span<const uint32_t> of_page = RowsOf(page);
    out = std::copy(of_page.begin(), of_page.end(), out);
  }
  rows_ = std::move(rows);
  return absl::OkStatus();
}

}  // namespace vecdb::index
