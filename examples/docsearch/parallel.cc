#include "docsearch/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace docsearch {
namespace {

// More ranges than threads, so that a thread with easy ones takes more of them.
constexpr size_t kRangesPerThread = 8;

}  // namespace

void ForRanges(size_t count, const std::function<void(size_t begin, size_t end)>& work) {
  const size_t num_threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 16);
  const size_t range = count / (num_threads * kRangesPerThread) + 1;
  std::atomic<size_t> next = 0;
  const auto take_ranges = [&] {
    for (size_t begin = next.fetch_add(range); begin < count; begin = next.fetch_add(range)) {
      work(begin, std::min(begin + range, count));
    }
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < num_threads; ++i) threads.emplace_back(take_ranges);
  take_ranges();
}

}  // namespace docsearch
