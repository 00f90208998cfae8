#include "store/throttled_store.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "store/forwarding_store.h"

namespace vecdb::store {
namespace {

// The longest wait at a time is that for as many bytes.
constexpr size_t kPieceBytes = size_t{1} << 20;

class ThrottledWriter final : public ObjectWriter {
 public:
  ThrottledWriter(std::unique_ptr<ObjectWriter> base, base::Throttle* throttle)
      : base_(std::move(base)), throttle_(throttle) {}

  absl::Status Append(std::span<const std::byte> bytes, const Context& context) override {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(kPieceBytes, bytes.size()));
      VECDB_RETURN_IF_ERROR(throttle_->Pass(piece.size(), context));
      VECDB_RETURN_IF_ERROR(base_->Append(piece, context));
      bytes = bytes.subspan(piece.size());
    }
    return absl::OkStatus();
  }

  absl::Status Finish(const Context& context) override { return base_->Finish(context); }

 private:
  const std::unique_ptr<ObjectWriter> base_;
  base::Throttle* const throttle_;
};

class ThrottledStore final : public ForwardingStore {
 public:
  ThrottledStore(std::shared_ptr<ObjectStore> base, base::Throttle* throttle)
      : ForwardingStore(std::move(base)), throttle_(throttle) {}

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(auto writer, ForwardingStore::Create(path, context));
    return std::make_unique<ThrottledWriter>(std::move(writer), throttle_);
  }

 private:
  base::Throttle* const throttle_;
};

}  // namespace

std::shared_ptr<ObjectStore> MakeThrottledStore(std::shared_ptr<ObjectStore> base,
                                                base::Throttle* throttle) {
  return std::make_shared<ThrottledStore>(std::move(base), throttle);
}

}  // namespace vecdb::store
