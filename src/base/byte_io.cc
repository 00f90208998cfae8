#include "base/byte_io.h"

namespace vecdb::base {

std::span<const std::byte> ByteReader::GetBytes(uint64_t count) {
  if (count > bytes_.size()) {
    ok_ = false;
    bytes_ = {};
    return {};
  }
  const auto head = bytes_.first(static_cast<size_t>(count));
  bytes_ = bytes_.subspan(static_cast<size_t>(count));
  return head;
}

void ByteReader::Copy(void* out, size_t size) {
  const auto raw = GetBytes(size);
  if (raw.size() == size) std::memcpy(out, raw.data(), size);
}

}  // namespace vecdb::base
