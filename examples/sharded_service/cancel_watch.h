#ifndef SHARDED_SERVICE_CANCEL_WATCH_H_
#define SHARDED_SERVICE_CANCEL_WATCH_H_

#include <grpcpp/grpcpp.h>
#include <vecdb/context.h>

#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace sharded_service {

/// Cancels the tokens of calls that their callers have given up, which a gRPC server with threads
/// of its own has to look for. One thread looks every few milliseconds. Thread-safe.
class CancelWatch {
 public:
  CancelWatch() : thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  /// Watches a call while it lives.
  class Watched {
   public:
    Watched(CancelWatch* watch, const grpc::ServerContext* call);
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    const vecdb::CancelToken& token() const { return token_; }

   private:
    CancelWatch* const watch_;
    const vecdb::CancelToken token_ = vecdb::CancelToken::Make();
    std::list<std::pair<const grpc::ServerContext*, vecdb::CancelToken>>::iterator place_;
  };

 private:
  void Run(const std::stop_token& stop);

  std::mutex mutex_;  // of calls_
  std::list<std::pair<const grpc::ServerContext*, vecdb::CancelToken>> calls_;
  std::jthread thread_;  // the last member: it ends before the others do
};

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_CANCEL_WATCH_H_
