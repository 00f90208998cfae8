#include "index/diskann_pages.h"

#include <vector>

#include "base/status_macros.h"
#include "index/diskann_page.h"

namespace vecdb::index {

class BuiltPages::Queue final : public store::ReadQueue {
 public:
  Queue(const BuiltPages& pages, store::PageBuffers buffers)
      : pages_(pages), buffers_(std::move(buffers)), numbers_(buffers_.count()) {}

  void Start(size_t slot, uint64_t offset) override {
    numbers_[slot] = static_cast<uint32_t>(offset / buffers_.bytes());
  }
  absl::Status Submit() override { return absl::OkStatus(); }
  absl::Status Wait(size_t slot, const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    ComposePage(pages_.layout_, numbers_[slot], pages_.rows_.as<const uint32_t>(),
                pages_.graph_.level(0), pages_.view_, buffers_.at(slot));
    return absl::OkStatus();
  }
  const std::byte* buffer(size_t slot) override { return buffers_.at(slot); }

 private:
  const BuiltPages& pages_;
  store::PageBuffers buffers_;
  std::vector<uint32_t> numbers_;
};

absl::StatusOr<std::unique_ptr<store::ReadQueue>> BuiltPages::MakeQueue(size_t slots) const {
  VECDB_ASSIGN_OR_RETURN(store::PageBuffers buffers,
                         store::PageBuffers::Make(slots, layout_.page_bytes, host_));
  return std::make_unique<Queue>(*this, std::move(buffers));
}

}  // namespace vecdb::index
