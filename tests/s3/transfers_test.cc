#include "s3/transfers.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>

#include "absl/time/clock.h"
#include "support/fake_s3.h"
#include "support/store_testing.h"
#include "support/test_executors.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::FakeS3;

// Takes one connection and answers every request by two writes, as Ceph's gateway does: headers,
// then a body so short that the system keeps it back until the headers have been acknowledged.
class TwoWritesServer {
 public:
  TwoWritesServer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, any, size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, any, &size), 0);
    endpoint_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }

  // To be called when the client has closed its connection, or never had one.
  ~TwoWritesServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  const std::string& endpoint() const { return endpoint_; }

 private:
  static void Write(int client, std::string_view bytes) {
    EXPECT_EQ(send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  void Serve() const {
    const int client = accept(listener_, nullptr, nullptr);
    std::string request;
    char bytes[4096];
    for (ssize_t count = 1; count > 0;) {
      count = recv(client, bytes, sizeof(bytes), 0);
      if (count > 0) request.append(bytes, static_cast<size_t>(count));
      if (!request.ends_with("\r\n\r\n")) continue;
      request.clear();
      Write(client, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
      Write(client, "text");
    }
    if (client >= 0) close(client);
  }

  const int listener_;
  std::string endpoint_;
  std::thread thread_;
};

class TransfersTest : public ::testing::Test {
 protected:
  std::shared_ptr<Transfers> Make(const S3Options& options, Executor* executor = nullptr) {
    auto transfers = Transfers::Make(options, executor);
    EXPECT_OK(transfers);
    return *transfers;
  }

  std::shared_ptr<Transfer> Get(const std::string& key, size_t max_body_bytes = 100) {
    auto issued = std::make_shared<IssuedCredentials>();
    issued->credentials = options_.credentials->Get({}).value();
    auto transfer = Transfer::Make({.method = Method::kGet,
                                    .url = endpoint_ + "/bucket/" + key,
                                    .max_body_bytes = max_body_bytes},
                                   options_, issued);
    EXPECT_OK(transfer);
    return *transfer;
  }

  static absl::Status WaitFor(Transfers& transfers, const Transfer& transfer,
                              const Context& context = {}) {
    return transfers.Wait([&] { return transfer.is_done(); }, Transfers::Time::max(), context);
  }

  FakeS3 server_;
  std::string endpoint_ = server_.endpoint();
  S3Options options_ = support::OptionsFor(server_);
};

TEST_F(TransfersTest, ManyThreadsShareOneDriver) {
  server_.Put("o", "text");
  options_.max_connections = 3;
  const auto transfers = Make(options_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto transfer = Get("o");
        transfers->Start(transfer);
        EXPECT_OK(WaitFor(*transfers, *transfer));
        EXPECT_EQ(transfer->attempt().answer.status, 200);
        EXPECT_EQ(transfer->attempt().answer.body, "text");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(TransfersTest, CancelAndDeadlineEndTheWaitInTime) {
  server_.Put("o", "text");
  server_.Add({.status = 0, .times = 2, .delay_ms = 400});
  const auto transfers = Make(options_);
  for (const bool is_cancel : {false, true}) {
    const auto transfer = Get("o");
    transfers->Start(transfer);
    Context context = Context::WithTimeout(absl::Milliseconds(is_cancel ? 10'000 : 30));
    context.cancel = CancelToken::Make();
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      if (is_cancel) context.cancel.Cancel();
    });
    const absl::Time begin = absl::Now();
    EXPECT_EQ(CodeOf(WaitFor(*transfers, *transfer, context)),
              is_cancel ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded);
    transfers->Stop(*transfer);
    EXPECT_LT(absl::Now() - begin, absl::Milliseconds(300));
    EXPECT_TRUE(transfer->is_done());
    EXPECT_TRUE(transfer->attempt().was_sent);
    canceller.join();
  }
}

TEST_F(TransfersTest, StoppedBeforeItBeganIsDone) {
  const auto transfers = Make(options_);
  const auto transfer = Get("o");
  transfers->Start(transfer);
  transfers->Stop(*transfer);
  EXPECT_TRUE(transfer->is_done());
  EXPECT_FALSE(transfer->attempt().was_sent);
}

TEST_F(TransfersTest, SilenceIsGivenUp) {
  server_.Add({.status = 0, .delay_ms = 400});
  options_.stall_timeout = absl::Milliseconds(50);
  const auto transfers = Make(options_);
  const auto transfer = Get("o");
  transfers->Start(transfer);
  EXPECT_OK(WaitFor(*transfers, *transfer));
  EXPECT_TRUE(transfer->attempt().has_stalled);
}

TEST_F(TransfersTest, BodiesEndAtTheirLimit) {
  server_.Put("o", std::string(100, 'x'));
  server_.Put("p", std::string(101, 'x'));
  const auto transfers = Make(options_);
  for (const char* key : {"o", "p"}) {
    const auto transfer = Get(key);
    transfers->Start(transfer);
    EXPECT_OK(WaitFor(*transfers, *transfer));
    EXPECT_EQ(transfer->attempt().has_overflowed, std::string(key) == "p");
    EXPECT_LE(transfer->attempt().answer.body.size(), 100u);
  }
}

TEST_F(TransfersTest, ExecutorDrivesWhatNobodyWaitsForAndNoMore) {
  server_.Put("o", "text");
  support::ManualExecutor executor(1);
  const auto transfers = Make(options_, &executor);
  const auto behind = Get("o");
  transfers->Start(behind, true);
  transfers->DriveBehind();
  transfers->DriveBehind();
  EXPECT_EQ(executor.num_tasks(), 1u);
  EXPECT_FALSE(behind->is_done());
  executor.RunAll();
  EXPECT_TRUE(behind->is_done());

  // Whoever asked for this one drives it.
  const auto awaited = Get("o");
  transfers->Start(awaited);
  transfers->DriveBehind();
  executor.RunAll();
  EXPECT_FALSE(awaited->is_done());
  EXPECT_OK(WaitFor(*transfers, *awaited));
}

// Without acknowledgements of our own each answer but the first few takes 40 ms.
TEST_F(TransfersTest, ShortBodiesDoNotWaitForTheAcknowledgementOfTheirHeaders) {
  constexpr int kAnswers = 60;
  const TwoWritesServer server;
  endpoint_ = server.endpoint();
  const auto transfers = Make(options_);
  const absl::Time begin = absl::Now();
  for (int i = 0; i < kAnswers; ++i) {
    const auto transfer = Get("o");
    transfers->Start(transfer);
    ASSERT_OK(WaitFor(*transfers, *transfer));
    ASSERT_EQ(transfer->attempt().answer.body, "text");
  }
  EXPECT_LT(absl::Now() - begin, kAnswers * absl::Milliseconds(20));
}

}  // namespace
}  // namespace vecdb::s3
