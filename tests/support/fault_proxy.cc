#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace vecdb::support {
namespace {

// Closes itself.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  int get() const { return descriptor_; }

  // "" at the end of the stream, or when it is broken.
  std::string Read() const {
    std::string bytes(64 << 10, '\0');
    const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return bytes;
  }

  void Write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }

  // Closes with a reset instead of an end.
  void Reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_;
};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SendAtOnce(const Socket& socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

size_t ContentLength(const std::string& head) {
  const std::string lower = absl::AsciiStrToLower(head);
  const size_t at = lower.find("\r\ncontent-length:");
  return at == std::string::npos ? 0 : std::stoul(lower.substr(at + 17));
}

// A whole request; "" when the client has gone.
std::string ReadRequest(const Socket& client) {
  std::string request;
  size_t head_end = std::string::npos;
  while ((head_end = request.find("\r\n\r\n")) == std::string::npos) {
    const std::string more = client.Read();
    if (more.empty()) return "";
    request += more;
  }
  const size_t size = head_end + 4 + ContentLength(request.substr(0, head_end));
  while (request.size() < size) {
    const std::string more = client.Read();
    if (more.empty()) return "";
    request += more;
  }
  return request;
}

// What the server answers to a request that is the last of its connection.
std::string Ask(int server_port, std::string request) {
  Socket server(socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = Loopback(server_port);
  if (connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return "";
  }
  SendAtOnce(server);
  request.insert(request.find("\r\n") + 2, "Connection: close\r\n");
  server.Write(request);
  std::string answer;
  for (std::string more = server.Read(); !more.empty(); more = server.Read()) answer += more;
  return answer;
}

std::string OwnAnswer(std::string_view status) {
  return absl::StrFormat("HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                         std::string(status));
}

void WaitMillis(int millis) { std::this_thread::sleep_for(std::chrono::milliseconds(millis)); }

}  // namespace

class FaultProxy::Listener {
 public:
  Listener(int server_port, std::function<ProxyFault(size_t)> plan)
      : server_port_(server_port),
        plan_(std::move(plan)),
        socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = Loopback(0);
    bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    listen(socket_.get(), 128);
    socklen_t size = sizeof(address);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { Accept(); });
  }

  ~Listener() {
    shutdown(socket_.get(), SHUT_RDWR);
    accepting_.join();
    for (std::thread& thread : serving_) thread.join();
  }

  int port() const { return port_; }
  size_t num_requests() const { return num_requests_.load(); }

 private:
  void Accept() {
    while (true) {
      Socket client(accept(socket_.get(), nullptr, nullptr));
      if (client.get() < 0) return;
      SendAtOnce(client);
      // A client that keeps silent must not keep the test.
      const timeval limit{.tv_sec = 5, .tv_usec = 0};
      setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
      serving_.emplace_back([this, client = std::move(client)]() mutable { Serve(client); });
    }
  }

  void Serve(Socket& client) {
    std::string request = ReadRequest(client);
    if (request.empty()) return;
    const ProxyFault fault = plan_(num_requests_.fetch_add(1));
    if (fault == ProxyFault::kResetBefore) return client.Reset();
    if (fault == ProxyFault::kUnavailable) return client.Write(OwnAnswer("503 Unavailable"));
    if (fault == ProxyFault::kThrottle) return client.Write(OwnAnswer("429 Too Many Requests"));
    if (fault == ProxyFault::kDelay) WaitMillis(20);
    const std::string answer = Ask(server_port_, std::move(request));
    if (fault == ProxyFault::kResetAfter) return client.Reset();
    if (fault == ProxyFault::kBadGateway) return client.Write(OwnAnswer("502 Bad Gateway"));
    const bool half = fault == ProxyFault::kTruncate;
    client.Write(half ? answer.substr(0, answer.size() / 2) : answer);
    if (fault == ProxyFault::kSlowClose) WaitMillis(20);
  }

  const int server_port_;
  const std::function<ProxyFault(size_t)> plan_;
  const Socket socket_;
  int port_ = 0;
  std::atomic<size_t> num_requests_ = 0;
  std::thread accepting_;
  std::vector<std::thread> serving_;  // of accepting_, until that is joined
};

FaultProxy::FaultProxy(int server_port, std::function<ProxyFault(size_t nth)> plan)
    : listener_(std::make_unique<Listener>(server_port, std::move(plan))) {}
FaultProxy::~FaultProxy() = default;

int FaultProxy::port() const { return listener_->port(); }

std::string FaultProxy::endpoint() const { return absl::StrFormat("http://127.0.0.1:%d", port()); }

size_t FaultProxy::num_requests() const { return listener_->num_requests(); }

}  // namespace vecdb::support
