#ifndef VECDB_BENCHMARKS_COMMON_CLOCKS_H_
#define VECDB_BENCHMARKS_COMMON_CLOCKS_H_

#include <ctime>

namespace vecdb::bench {

inline double ReadClockSeconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Time that passes, whoever works.
inline double WallSeconds() { return ReadClockSeconds(CLOCK_MONOTONIC); }

/// Time that the calling thread has spent on a core.
inline double ThreadCpuSeconds() { return ReadClockSeconds(CLOCK_THREAD_CPUTIME_ID); }

/// The same, summed over all threads of the process.
inline double ProcessCpuSeconds() { return ReadClockSeconds(CLOCK_PROCESS_CPUTIME_ID); }

/// Both since it was made: of the wall, and of all threads of the process.
class Stopwatch {
 public:
  double wall_seconds() const { return WallSeconds() - wall_start_; }
  double cpu_seconds() const { return ProcessCpuSeconds() - cpu_start_; }

 private:
  double wall_start_ = WallSeconds();
  double cpu_start_ = ProcessCpuSeconds();
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_CLOCKS_H_
