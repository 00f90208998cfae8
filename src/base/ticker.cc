#include "base/ticker.h"

#include <chrono>
#include <utility>

#include "base/checksum.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"

namespace vecdb::base {

Ticker::Ticker(int64_t interval_ms, std::function<void(const Context&)> tick)
    : interval_ms_(interval_ms),
      tick_(std::move(tick)),
      random_(Xxh3(RandomId())),
      thread_(MakeThreadPool(1)) {
  thread_->Schedule(Priority::kBackground, [this] { Run(); });
}

Ticker::~Ticker() {
  cancel_.Cancel();
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stopped_.NotifyAll();
  }
  thread_.reset();
}

void Ticker::Run() {
  while (AwaitNext()) {
    OrOutOfMemory([this] { tick_({.cancel = cancel_}); }).IgnoreError();
  }
}

bool Ticker::AwaitNext() {
  const int64_t micros = interval_ms_ * 1000;
  const auto spread = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(micros / 5 + 1)));
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::microseconds(micros - micros / 10 + spread);
  MutexLock lock(&mutex_);
  while (!stop_ && std::chrono::steady_clock::now() < end) stopped_.WaitUntil(&mutex_, end);
  return !stop_;
}

}  // namespace vecdb::base
