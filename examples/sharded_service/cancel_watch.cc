#include "sharded_service/cancel_watch.h"

#include <chrono>

namespace sharded_service {

CancelWatch::Watched::Watched(CancelWatch* watch, const grpc::ServerContext* call) : watch_(watch) {
  const std::lock_guard lock(watch_->mutex_);
  place_ = watch_->calls_.emplace(watch_->calls_.end(), call, token_);
}

CancelWatch::Watched::~Watched() {
  const std::lock_guard lock(watch_->mutex_);
  watch_->calls_.erase(place_);
}

void CancelWatch::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [call, token] : calls_) {
        if (call->IsCancelled()) token.Cancel();
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace sharded_service
