#ifndef VECDB_SUPPORT_FAULT_PROXY_H_
#define VECDB_SUPPORT_FAULT_PROXY_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace vecdb::support {

/// What a FaultProxy does with one request.
enum class ProxyFault {
  kNone,
  kResetBefore,  // the connection is reset, and the server has not seen the request
  kResetAfter,   // the server has answered, and the connection is reset instead
  kTruncate,     // half of the answer, then the end
  kUnavailable,  // 503 without asking the server
  kThrottle,     // 429 likewise
  kBadGateway,   // 502 after the server has done it
  kDelay,        // 20 ms before the request is passed on
  kSlowClose,    // the answer, and a connection that stays open 20 ms longer
};

inline constexpr ProxyFault kAllProxyFaults[] = {ProxyFault::kResetBefore, ProxyFault::kResetAfter,
                                                 ProxyFault::kTruncate,    ProxyFault::kUnavailable,
                                                 ProxyFault::kThrottle,    ProxyFault::kBadGateway,
                                                 ProxyFault::kDelay,       ProxyFault::kSlowClose};

/// Stands on loopback between a client and an HTTP server, and lets things go wrong. One request a
/// connection. Thread-safe.
class FaultProxy {
 public:
  /// `plan` is called for each request with the number of those before it, by any thread. Bodies
  /// are passed on when they are complete.
  FaultProxy(int server_port, std::function<ProxyFault(size_t nth)> plan);
  ~FaultProxy();

  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const;
  std::string endpoint() const;

  /// How many requests it has had.
  size_t num_requests() const;

 private:
  class Listener;
  const std::unique_ptr<Listener> listener_;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAULT_PROXY_H_
