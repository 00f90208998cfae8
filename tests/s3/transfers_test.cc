#include "s3/transfers.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "support/fake_s3.h"
#include "support/store_testing.h"
#include "support/test_executors.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::FakeS3;

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
                                    .url = server_.endpoint() + "/bucket/" + key,
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

}  // namespace
}  // namespace vecdb::s3
