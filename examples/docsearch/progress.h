#ifndef DOCSEARCH_PROGRESS_H_
#define DOCSEARCH_PROGRESS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>

namespace docsearch {

/// Shows on stderr how far a long step has come: on a terminal one line that is rewritten,
/// elsewhere a line every ten seconds; in both a last line when the step ends, which is when the
/// object goes.
class Progress {
 public:
  /// `total` is what Update counts up to; 0 when nobody knows, then the time alone is shown.
  explicit Progress(std::string label, size_t total = 0);
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Thread-safe.
  void Update(size_t done) { done_.store(done, std::memory_order_relaxed); }

 private:
  using SteadyClock = std::chrono::steady_clock;

  void Run(const std::stop_token& stop) const;
  std::string Line() const;

  const std::string label_;
  const size_t total_;
  const bool is_terminal_;
  const SteadyClock::time_point start_;
  std::atomic<size_t> done_ = 0;
  std::jthread thread_;  // last, so that it ends before the rest goes
};

}  // namespace docsearch

#endif  // DOCSEARCH_PROGRESS_H_
