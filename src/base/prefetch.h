#ifndef VECDB_BASE_PREFETCH_H_
#define VECDB_BASE_PREFETCH_H_

#include <cstddef>

namespace vecdb::base {

inline constexpr size_t kCacheLineBytes = 64;

/// Asks for the cache line of `address`. Inline assembly on x86, because gcc 12 merges and deletes
/// __builtin_prefetch; a test counts the instructions in the object code.
inline void Prefetch(const void* address) {
#if defined(__x86_64__)
  asm volatile("prefetcht0 (%0)" ::"r"(address));
#else
  __builtin_prefetch(address);
#endif
}

/// Asks for the first `lines` cache lines at `address`.
inline void PrefetchLines(const void* address, size_t lines) {
  const char* line = static_cast<const char*>(address);
  for (size_t i = 0; i < lines; ++i) Prefetch(line + i * kCacheLineBytes);
}

}  // namespace vecdb::base

#endif  // VECDB_BASE_PREFETCH_H_
