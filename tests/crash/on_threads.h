#ifndef VECDB_CRASH_ON_THREADS_H_
#define VECDB_CRASH_ON_THREADS_H_

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "support/seeded_random.h"

namespace vecdb::support {

/// Calls `body` with 1, 2, 3 and so on, on a few threads, until it has returned false; numbers
/// that others have taken by then are done, too. A commit whose outcome is unclear waits before it
/// looks again, and others go on meanwhile.
template <typename Body>
void OnThreads(Body body) {
  constexpr int kNumThreads = 12;
  // Disks in memory come and go; without this most of the time is the kernel's, clearing pages.
  mallopt(M_MMAP_THRESHOLD, 1 << 28);
  mallopt(M_TRIM_THRESHOLD, 1 << 28);
  std::atomic<int> next = 1;
  std::atomic<bool> is_over = false;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([&] {
      while (!is_over) {
        if (!body(next++)) is_over = true;
      }
    });
  }
}

/// 1 for every step; with a VECDB_TEST_SCALE below 1 the distance of those that are taken.
inline int StepStride() { return 10 / std::min(10, ScaledCount(10)); }

}  // namespace vecdb::support

#endif  // VECDB_CRASH_ON_THREADS_H_
