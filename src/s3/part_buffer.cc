#include "s3/part_buffer.h"

#include <cstring>
#include <utility>

#include "base/status_macros.h"

namespace vecdb::s3 {
namespace {

constexpr uint64_t kSmallBytes = 64 << 10;

}  // namespace

absl::Status PartBuffer::Append(std::span<const std::byte> bytes, uint64_t part_bytes) {
  if (bytes.empty()) return absl::OkStatus();
  const uint64_t wanted = size_ + bytes.size();
  if (wanted > buffer_.size()) {
    const uint64_t room = wanted <= kSmallBytes ? kSmallBytes : part_bytes;
    VECDB_ASSIGN_OR_RETURN(base::LargeBuffer larger,
                           base::LargeBuffer::Make(room, {}, "a part of an object"));
    if (size_ > 0) std::memcpy(larger.data(), buffer_.data(), size_);
    buffer_ = std::move(larger);
  }
  std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
  size_ = wanted;
  return absl::OkStatus();
}

}  // namespace vecdb::s3
