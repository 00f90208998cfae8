#ifndef SHARDED_SERVICE_SERVE_H_
#define SHARDED_SERVICE_SERVE_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"

namespace sharded_service {

/// Blocks SIGINT and SIGTERM in this thread and those that it starts; to be called before any.
void BlockStopSignals();

/// Serves at "host:port" until one of these signals comes. Port 0 takes one that is free; the line
/// "listening on host:port" says which. Unavailable when the place cannot be listened at.
absl::Status Serve(const std::string& address, grpc::Service* service);

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_SERVE_H_
