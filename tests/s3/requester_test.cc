// Requests through a proxy that lets things go wrong.
#include "s3/requester.h"

#include <gtest/gtest.h>

#include "s3/chaos.h"
#include "s3/commit_race.h"
#include "support/fake_s3.h"
#include "support/object_store_contract.h"
#include "support/seeded_random.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::FakeS3;
using support::FaultProxy;
using support::PathOf;
using support::ProxyFault;

// The contract, while a third of all requests goes wrong.
struct ChaosObjects {
  std::shared_ptr<ObjectStore> Open() {
    S3Options options = support::OptionsFor(server);
    options.endpoint = proxy.endpoint();
    return OpenS3ObjectStore(options).value();
  }

  FakeS3 server;
  FaultProxy proxy{server.port(), Chaos(support::TestSeed("s3_chaos"), 3)};
};

}  // namespace
}  // namespace vecdb::s3

namespace vecdb::support {
INSTANTIATE_TYPED_TEST_SUITE_P(FakeS3Chaos, ObjectStoreContract, s3::ChaosObjects);
}  // namespace vecdb::support

namespace vecdb::s3 {
namespace {

class RequesterTest : public ::testing::Test {
 protected:
  // A store behind a proxy that lets the request go wrong of which `fault_` is asked for.
  std::shared_ptr<S3ObjectStore> OpenBehind(const FaultProxy& proxy) {
    S3Options options = support::OptionsFor(server_);
    options.endpoint = proxy.endpoint();
    auto store = OpenS3ObjectStore(options);
    EXPECT_OK(store);
    return *store;
  }

  FakeS3 server_;
};

TEST_F(RequesterTest, EachFaultOfEachRequestIsOvercome) {
  for (const ProxyFault fault : support::kAllProxyFaults) {
    std::atomic<bool> is_armed = false;
    const FaultProxy proxy(server_.port(), [&](size_t) {
      return is_armed.exchange(false) ? fault : ProxyFault::kNone;
    });
    const auto store = OpenBehind(proxy);
    const auto arm = [&] { is_armed = true; };
    SCOPED_TRACE(static_cast<int>(fault));
    arm();
    EXPECT_OK(PutObject(*store, PathOf("o"), "text"));
    arm();
    EXPECT_EQ(CodeOf(PutObject(*store, PathOf("o"), "other")), absl::StatusCode::kAlreadyExists);
    arm();
    EXPECT_EQ(*GetObject(*store, PathOf("o"), 100), "text");
    arm();
    EXPECT_EQ(CodeOf(store->Open(PathOf("p"))), absl::StatusCode::kNotFound);
    arm();
    EXPECT_EQ(store->List(PathOf("f"))->size(), 0u);
    arm();
    EXPECT_OK(store->Delete(PathOf("o")));
    arm();
    const std::vector<ObjectPath> paths = {PathOf("o")};
    EXPECT_OK(store->DeleteAll(paths));
  }
}

TEST_F(RequesterTest, LargeObjectsSurviveChaos) {
  const uint64_t seed = support::TestSeed("s3_chaos_large");
  SCOPED_TRACE(seed);
  const FaultProxy proxy(server_.port(), Chaos(seed, 3));
  const auto store = OpenBehind(proxy);
  const std::string text(22 << 20, 'x');
  ASSERT_OK(PutObject(*store, PathOf("o"), text));
  const auto read = GetObject(*store, PathOf("o"), support::kNoLimit);
  ASSERT_OK(read);
  EXPECT_TRUE(*read == text);
  EXPECT_EQ(server_.num_uploads(), 0u);
}

TEST_F(RequesterTest, OfRacingCommitsOneWinsAndNoneLies) {
  for (const size_t num_writers : {size_t{2}, size_t{4}}) {
    const uint64_t seed = support::TestSeed("s3_race") + num_writers;
    SCOPED_TRACE(seed);
    const FaultProxy proxy(server_.port(), Chaos(seed, 4));
    std::vector<std::shared_ptr<ObjectStore>> stores;
    for (size_t i = 0; i < num_writers; ++i) stores.push_back(OpenBehind(proxy));
    const RaceCounts counts = RaceForCommits(stores, "race-" + std::to_string(num_writers), 25);
    EXPECT_EQ(counts.won, 25);
    EXPECT_EQ(counts.unknown, 0);
  }
}

TEST_F(RequesterTest, WaitsGrowAndStayBelowTheirLimit) {
  // 30 tries of up to 2, 4, 8, 16, 20, 20 ... ms: without growth they would take 60 ms at most.
  server_.Put("a/prefix/o", "x");
  const auto store = OpenS3ObjectStore(support::OptionsFor(server_));
  ASSERT_OK(store);
  server_.Add({.method = "GET", .status = 500, .times = 30});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_OK((*store)->Open(PathOf("o")));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, std::chrono::milliseconds(100));
  EXPECT_LT(took, std::chrono::seconds(5));
}

// Row S3.
TEST_F(RequesterTest, NoMessageHoldsASecret) {
  const std::string secret = "canary-secret-4711";
  const std::string token = "canary-token-4712";
  const std::string key = "CANARYKEY4713";
  server_.Configure({.access_key = key, .session_token = token, .echoes_in_request_id = true});
  S3Options options = support::OptionsFor(server_);
  options.credentials = StaticS3Credentials(
      {.access_key_id = key, .secret_access_key = Secret(secret), .session_token = Secret(token)});
  options.retry_for = absl::Milliseconds(2);
  const auto store = OpenS3ObjectStore(options);
  ASSERT_OK(store);
  std::string said;
  int failures = 0;
  const auto note = [&](const absl::Status& status) {
    failures += status.ok() ? 0 : 1;
    said += status.ToString() + "\n";
  };
  for (const int status : {200, 301, 307, 400, 401, 403, 404, 409, 412, 416, 429, 500, 501, 503}) {
    for (const char* code : {"", "AccessDenied", "SignatureDoesNotMatch", "canary-token-4712"}) {
      server_.Add({.status = status, .code = code, .times = 1'000'000});
      note(PutObject(**store, PathOf("o"), "x", Context::WithTimeout(absl::Milliseconds(20))));
      note((*store)->Open(PathOf("o"), Context::WithTimeout(absl::Milliseconds(20))).status());
      note((*store)->List(PathOf("o"), Context::WithTimeout(absl::Milliseconds(20))).status());
      const std::vector<ObjectPath> paths = {PathOf("o")};
      note((*store)->DeleteAll(paths, Context::WithTimeout(absl::Milliseconds(20))));
      server_.ForgetFaults();
    }
  }
  said += MetricsText((*store)->CollectMetrics());
  EXPECT_GE(failures, 190);
  for (const std::string& mark : {secret, token, key, std::string("canary"), std::string("4712")}) {
    EXPECT_EQ(said.find(mark), std::string::npos) << mark << said;
  }
}

}  // namespace
}  // namespace vecdb::s3
