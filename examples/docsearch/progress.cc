#include "docsearch/progress.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <utility>

#include "absl/strings/str_format.h"

namespace docsearch {
namespace {

constexpr auto kTerminalInterval = std::chrono::milliseconds(200);
constexpr auto kPlainInterval = std::chrono::seconds(10);

// To the beginning of the line, and clear it.
constexpr const char* kRewind = "\r\033[K";

}  // namespace

Progress::Progress(std::string label, size_t total)
    : label_(std::move(label)),
      total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      start_(SteadyClock::now()),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Progress::~Progress() {
  thread_.request_stop();
  thread_.join();
  std::fprintf(stderr, "%s%s\n", is_terminal_ ? kRewind : "", Line().c_str());
}

void Progress::Run(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  const std::chrono::milliseconds interval = is_terminal_ ? kTerminalInterval : kPlainInterval;
  // Nobody notifies: the wait ends with the interval, or at once with the request to stop.
  while (!stopped.wait_for(lock, stop, interval, [&] { return stop.stop_requested(); })) {
    std::fprintf(stderr, "%s%s%s", is_terminal_ ? kRewind : "", Line().c_str(),
                 is_terminal_ ? "" : "\n");
  }
}

std::string Progress::Line() const {
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - start_).count();
  if (total_ == 0) return absl::StrFormat("%s: %.1f s", label_, seconds);
  const size_t done = done_.load(std::memory_order_relaxed);
  return absl::StrFormat("%s: %d %%, %.1f s", label_, 100 * done / total_, seconds);
}

}  // namespace docsearch
