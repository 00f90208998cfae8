#ifndef VECDB_BENCHMARKS_COMMON_THREADS_H_
#define VECDB_BENCHMARKS_COMMON_THREADS_H_

#include <functional>
#include <thread>
#include <vector>

#include "common/clocks.h"

namespace vecdb::bench {

/// Runs `work` on so many threads at a time, of which the calling one is the first, and gives the
/// seconds until all have ended.
inline double SecondsTogether(int num_threads, const std::function<void()>& work) {
  const double start = WallSeconds();
  std::vector<std::thread> others;
  for (int i = 1; i < num_threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return WallSeconds() - start;
}

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_THREADS_H_
