#include "base/large_buffer.h"

#include <sys/mman.h>

#include <new>

#include "base/str_format.h"

namespace vecdb::base {
namespace {

constexpr size_t kAlignment = 64;
constexpr uint64_t kHugePageBytes = 2ULL << 20;
// From here on blocks come from the system one by one, so that freeing one gives it back.
constexpr uint64_t kMapBytes = 256 << 10;
constexpr uint64_t kLargestPageBytes = 64 << 10;  // of any system, but for huge ones
constexpr uint64_t kMaxBytes = 1ULL << 46;        // far from where sums of sizes overflow

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

// Anonymous memory whose start is aligned to a huge page; nullptr when the system has none. What
// fills no huge page lies in small ones, so that little more is taken than was reserved.
void* MapHuge(uint64_t bytes) {
  const uint64_t length = RoundUp(bytes, kLargestPageBytes);
  const uint64_t reserved = length + kHugePageBytes;
  void* map = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return nullptr;
  auto* start = static_cast<std::byte*>(map);
  const uint64_t head = RoundUp(reinterpret_cast<uintptr_t>(start), kHugePageBytes) -
                        reinterpret_cast<uintptr_t>(start);
  if (head > 0) munmap(start, head);
  if (head < kHugePageBytes) munmap(start + head + length, kHugePageBytes - head);
  madvise(start + head, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
  return start + head;
}

void* MapPages(uint64_t bytes) {
  void* map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return map == MAP_FAILED ? nullptr : map;
}

void* AllocateDefault(uint64_t bytes) {
  if (bytes >= kHugePageBytes) return MapHuge(bytes);
  if (bytes >= kMapBytes) return MapPages(bytes);
  return ::operator new(bytes, std::align_val_t(kAlignment), std::nothrow);
}

void FreeDefault(void* data, uint64_t bytes) {
  if (bytes >= kHugePageBytes) {
    munmap(data, RoundUp(bytes, kLargestPageBytes));
  } else if (bytes >= kMapBytes) {
    munmap(data, bytes);
  } else {
    ::operator delete(data, std::align_val_t(kAlignment));
  }
}

// A resource of the host's signals failure by std::bad_alloc.
void* AllocateFrom(std::pmr::memory_resource* resource, uint64_t bytes) {
  try {
    return resource->allocate(bytes, kAlignment);
  } catch (...) {
    return nullptr;
  }
}

}  // namespace

absl::StatusOr<LargeBuffer> LargeBuffer::Make(uint64_t bytes, const Host& host,
                                              std::string_view what, MemoryUse use) {
  LargeBuffer buffer;
  if (bytes == 0) return buffer;
  if (bytes > kMaxBytes) {
    return absl::ResourceExhaustedError(
        base::StrFormat("%s: %d bytes are more than any machine has", what, bytes));
  }
  if (host.budget != nullptr) {
    if (absl::Status status = host.budget->Reserve(bytes, what, use); !status.ok()) return status;
  }
  void* data = host.memory != nullptr ? AllocateFrom(host.memory, bytes) : AllocateDefault(bytes);
  if (data == nullptr) {
    if (host.budget != nullptr) host.budget->Release(bytes, use);
    return absl::ResourceExhaustedError(
        base::StrFormat("%s: the system refused %d bytes of memory", what, bytes));
  }
  buffer.data_ = static_cast<std::byte*>(data);
  buffer.size_ = bytes;
  buffer.resource_ = host.memory;
  buffer.budget_ = host.budget;
  buffer.use_ = use;
  return buffer;
}

LargeBuffer LargeBuffer::OfMap(std::shared_ptr<const MappedBytes> map, uint64_t offset,
                               uint64_t bytes) {
  LargeBuffer buffer;
  const auto part = map->bytes().subspan(static_cast<size_t>(offset), static_cast<size_t>(bytes));
  buffer.data_ = const_cast<std::byte*>(part.data());  // in a page that nobody can write to
  buffer.size_ = bytes;
  buffer.map_ = std::move(map);
  return buffer;
}

void LargeBuffer::Prefault() {
#ifdef MADV_POPULATE_WRITE
  if (resource_ == nullptr && map_ == nullptr && size_ >= kMapBytes)
    madvise(data_, size_, MADV_POPULATE_WRITE);
#endif
}

LargeBuffer::~LargeBuffer() {
  if (data_ == nullptr || map_ != nullptr) return;
  if (resource_ != nullptr) {
    resource_->deallocate(data_, size_, kAlignment);
  } else {
    FreeDefault(data_, size_);
  }
  if (budget_ != nullptr) budget_->Release(size_, use_);
}

}  // namespace vecdb::base
