#include "limits/failing_new.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace vecdb::support {
namespace {

// Nothing is ordered by them: whoever arms waits for those it started.
std::atomic<uint64_t> failing_number = 0;  // 0: none
std::atomic<uint64_t> failing_count = 1;
std::atomic<uint64_t> num_calls = 0;
std::atomic<bool> has_failed = false;
std::atomic<bool> was_left_out = false;

// Whether nlohmann's destructor is what allocates: one of the nearest callers has its name. The
// program is linked so that its functions can be found by name.
bool IsInJsonDestructor() {
  std::array<void*, 12> callers{};
  const int count = ::backtrace(callers.data(), static_cast<int>(callers.size()));
  for (int i = 0; i < count; ++i) {
    Dl_info info{};
    if (::dladdr(callers[static_cast<size_t>(i)], &info) == 0 || info.dli_sname == nullptr)
      continue;
    if (std::strstr(info.dli_sname, "json_value7destroy") != nullptr) return true;
  }
  return false;
}

bool Fails() {
  const uint64_t number = failing_number.load(std::memory_order_relaxed);
  if (number == 0) return false;
  const uint64_t call = num_calls.fetch_add(1, std::memory_order_relaxed) + 1;
  if (call < number || call - number >= failing_count.load(std::memory_order_relaxed)) return false;
  if (IsInJsonDestructor()) {
    was_left_out = true;
    return false;
  }
  has_failed = true;
  return true;
}

void* Allocate(size_t bytes, size_t alignment) {
  if (Fails()) return nullptr;
  bytes = std::max<size_t>(bytes, 1);
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* AllocateOrThrow(size_t bytes, size_t alignment) {
  void* const memory = Allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void FailingNew::Arm(uint64_t number, uint64_t count) {
  std::array<void*, 1> caller{};
  ::backtrace(caller.data(), 1);  // whose first call loads a library
  num_calls = 0;
  has_failed = false;
  was_left_out = false;
  failing_count = count;
  failing_number = number;
}

FailingNew::Seen FailingNew::Disarm() {
  failing_number = 0;
  return {.num_calls = num_calls, .failed = has_failed, .left_out = was_left_out};
}

uint64_t FailingNew::armed() { return failing_number; }

}  // namespace vecdb::support

using vecdb::support::Allocate;
using vecdb::support::AllocateOrThrow;

constexpr size_t kUsual = alignof(std::max_align_t);

void* operator new(size_t bytes) { return AllocateOrThrow(bytes, kUsual); }
void* operator new[](size_t bytes) { return AllocateOrThrow(bytes, kUsual); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return Allocate(bytes, kUsual); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, kUsual);
}
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
