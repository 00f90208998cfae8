#include <algorithm>
#include <array>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "vecdb/executor.h"

namespace vecdb {
namespace {

constexpr size_t kPriorities = 3;

class ThreadPool final : public Executor {
 public:
  // Apart from the constructor: when a thread cannot be made, the destructor ends the others.
  void Start(int num_threads) {
    threads_.reserve(static_cast<size_t>(num_threads));
    for (int i = 0; i < num_threads; ++i) threads_.emplace_back([this] { Work(); });
  }

  ~ThreadPool() override {
    {
      base::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    wake_.NotifyAll();
    for (std::thread& thread : threads_) thread.join();
  }

  void Schedule(Priority priority, std::function<void()> task) override {
    {
      base::MutexLock lock(&mutex_);
      if (stopping_) return;
      queues_[static_cast<size_t>(priority)].push_back(std::move(task));
    }
    wake_.NotifyOne();
  }

  int num_threads() const override { return static_cast<int>(threads_.size()); }

 private:
  void Work() {
    while (std::function<void()> task = Next()) task();
  }

  // The most urgent task, or none when the pool stops.
  std::function<void()> Next() {
    base::MutexLock lock(&mutex_);
    while (true) {
      if (stopping_) return nullptr;
      for (auto& queue : queues_) {
        if (queue.empty()) continue;
        std::function<void()> task = std::move(queue.front());
        queue.pop_front();
        return task;
      }
      wake_.Wait(&mutex_);
    }
  }

  base::Mutex mutex_;  // guards the queues; a leaf: nothing is called while it is held
  base::CondVar wake_;
  std::array<std::deque<std::function<void()>>, kPriorities> queues_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Executor> MakeThreadPool(int num_threads) {
  auto pool = std::make_unique<ThreadPool>();
  pool->Start(std::clamp(num_threads, 1, 1024));
  return pool;
}

}  // namespace vecdb
