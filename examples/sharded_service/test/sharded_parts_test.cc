// The parts of the programs, each alone.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sharded_service/answer_codec.h"
#include "sharded_service/flags.h"
#include "sharded_service/gather.h"
#include "sharded_service/latency_window.h"
#include "sharded_service/shard_map.h"

namespace sharded_service {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using vecdb::DataType;

TEST(FlagsTest, ValuesAndSwitchesAreTakenApart) {
  const std::vector<const char*> arguments = {"--map", "a",       "--partial", "--map",
                                              "b",     "--limit", "7"};
  const auto flags = Flags::Parse(arguments, {"map", "limit"}, {"partial"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->All("map"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(flags->Get("map"), "b");
  EXPECT_TRUE(flags->Has("partial"));
  EXPECT_EQ(*flags->GetNumber("limit", 1), 7);
  EXPECT_EQ(*flags->GetNumber("offset", 3), 3);
  EXPECT_FALSE(flags->GetNumber("limit", 1, 8).ok());
  EXPECT_FALSE(flags->GetNumber("map", 1).ok());
}

TEST(FlagsTest, WhatIsNoFlagIsRefused) {
  for (const std::vector<const char*>& arguments :
       {std::vector<const char*>{"--mapp", "a"}, {"map"}, {"--map"}, {""}, {"--"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Flags::Parse(arguments, {"map"}).status()));
  }
}

TEST(ShardMapTest, LinesWithTheSameReadersAreOnePart) {
  const std::vector<std::string> lines = {"0=a:1,b:2", "2, 3=c:3", "1 = a:1, b:2"};
  const auto parts = ParseShardMap(lines);
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(*parts, (std::vector<Part>{{.shards = {0, 1}, .readers = {"a:1", "b:2"}},
                                       {.shards = {2, 3}, .readers = {"c:3"}}}));
}

TEST(ShardMapTest, WhatIsNoMapIsRefused) {
  for (const std::vector<std::string>& lines : {std::vector<std::string>{},
                                                {""},
                                                {"0"},
                                                {"0="},
                                                {"=a:1"},
                                                {"x=a:1"},
                                                {"-1=a:1"},
                                                {"0=host"},
                                                {"0=a:1", "0,1=b:1"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseShardMap(lines).status()));
  }
}

TEST(LatencyWindowTest, P95IsThatOfTheLastAnswers) {
  LatencyWindow window;
  for (int i = 0; i < 19; ++i) window.Add(microseconds(1));
  EXPECT_FALSE(window.P95().has_value());
  for (int i = 1; i <= 100; ++i) window.Add(microseconds(100));
  EXPECT_EQ(window.P95(), microseconds(100));
  for (int i = 1; i <= 128; ++i) window.Add(microseconds(i));
  EXPECT_EQ(window.P95(), microseconds(122));
}

TEST(AnswerCodecTest, ResultsOfEveryTypeComeBackAsTheyWere) {
  const vecdb::Schema schema{
      .fields = {{.name = "id", .type = DataType::kVarChar, .primary_key = true, .max_length = 8},
                 {.name = "b", .type = DataType::kBool},
                 {.name = "i8", .type = DataType::kInt8},
                 {.name = "i16", .type = DataType::kInt16},
                 {.name = "i32", .type = DataType::kInt32},
                 {.name = "i64", .type = DataType::kInt64},
                 {.name = "f", .type = DataType::kFloat},
                 {.name = "d", .type = DataType::kDouble},
                 {.name = "j", .type = DataType::kJson},
                 {.name = "v", .type = DataType::kFloatVector, .dim = 2}},
      .enable_dynamic_field = true};
  auto rows = vecdb::RowBatch::FromJson(
      schema, R"([{"id":"","b":true,"i8":-128,"i16":-32768,"i32":-2147483648,
                   "i64":-9223372036854775808,"f":0.1,"d":0.1,"j":{"a":[1]},"v":[0.5,-1],"x":1},
                  {"id":"two","b":false,"i8":127,"i16":32767,"i32":2147483647,
                   "i64":9223372036854775807,"f":-3e38,"d":1e300,"j":null,"v":[0,1],"y":2}])");
  ASSERT_TRUE(rows.ok()) << rows.status();
  const std::string json = rows->ToJson();
  const vecdb::ResultShape shape{
      .metric = vecdb::Metric::kCosine, .limit = 3, .offset = 1, .group_by = "i8", .group_size = 2};
  const auto result = vecdb::SearchResult::Make({.shape = shape,
                                                 .rows = *std::move(rows),
                                                 .scores = {0.5f, 0.25f},
                                                 .ends = {0, 2, 2},
                                                 .partial = true});
  ASSERT_TRUE(result.ok()) << result.status();
  const auto back = FromMessage(ToMessage(*result));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->rows().ToJson(), json);
  EXPECT_EQ(back->shape(), shape);
  EXPECT_TRUE(back->partial());
  ASSERT_EQ(back->num_queries(), 3u);
  ASSERT_EQ(back->hits(1).size(), 2u);
  EXPECT_EQ(back->hits(1)[1].score(), 0.25f);
}

TEST(AnswerCodecTest, WhatIsNoResultIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(FromMessage(Answer()).status()));
  Answer answer;
  answer.set_metric(static_cast<int32_t>(vecdb::Metric::kIp));
  Column* key = answer.add_columns();
  key->set_name("id");
  key->set_primary_key(true);
  key->set_type(static_cast<int32_t>(DataType::kInt64));
  EXPECT_TRUE(FromMessage(answer).ok());
  answer.add_scores(1);
  answer.add_ends(1);
  EXPECT_TRUE(absl::IsInvalidArgument(FromMessage(answer).status()));
  key->add_integers(5);
  EXPECT_TRUE(FromMessage(answer).ok());
  answer.add_columns()->set_type(12345);
  EXPECT_TRUE(absl::IsInvalidArgument(FromMessage(answer).status()));
}

// A reader that answers as it is told.
class FakeReader final : public Reader::Service {
 public:
  explicit FakeReader(grpc::Status status, bool waits = false)
      : status_(std::move(status)), waits_(waits) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeReader() override {
    stopping_ = true;
    server_->Shutdown();
  }

  grpc::Status Search(grpc::ServerContext* context, const ReaderRequest* request,
                      Answer* answer) override {
    ++num_calls;
    while (waits_ && !stopping_ && !context->IsCancelled()) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    if (context->IsCancelled()) ++num_cancelled;
    answer->set_limit(request->query().limit());
    return status_;
  }

  const std::string& address() const { return address_; }

  std::atomic<int> num_calls{0};
  std::atomic<int> num_cancelled{0};

 private:
  const grpc::Status status_;
  const bool waits_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

std::vector<std::unique_ptr<PartReaders>> OnePart(const std::vector<std::string>& readers) {
  std::vector<std::unique_ptr<PartReaders>> parts;
  parts.push_back(std::make_unique<PartReaders>(Part{.shards = {0, 1}, .readers = readers}));
  return parts;
}

GatherOptions Within(milliseconds time, milliseconds hedge_after) {
  return {.deadline = std::chrono::steady_clock::now() + time, .hedge_after = hedge_after};
}

Outcome Ask(const std::vector<std::unique_ptr<PartReaders>>& parts, const GatherOptions& options) {
  Query query;
  query.set_limit(7);
  return Gather(parts, query, options)[0];
}

// Until what happens in another thread has happened.
template <typename Condition>
void WaitFor(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(milliseconds(1));
}

TEST(GatherTest, SlowReaderIsHedgedAndItsCallCancelled) {
  FakeReader slow(grpc::Status::OK, /*waits=*/true);
  FakeReader quick(grpc::Status::OK);
  const auto parts = OnePart({slow.address(), quick.address()});
  Outcome outcome = Ask(parts, Within(milliseconds(60000), milliseconds(20)));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.reader, quick.address());
  EXPECT_EQ(outcome.answer.limit(), 7);
  EXPECT_TRUE(outcome.hedged);
  WaitFor([&] { return slow.num_cancelled == 1; });

  // The next search begins with the one that answered.
  outcome = Ask(parts, Within(milliseconds(60000), milliseconds(60000)));
  EXPECT_EQ(outcome.reader, quick.address());
  EXPECT_FALSE(outcome.hedged);
  EXPECT_EQ(slow.num_calls, 1);
}

TEST(GatherTest, FailedReaderIsFollowedByTheNextAtOnce) {
  FakeReader broken(grpc::Status(grpc::StatusCode::DATA_LOSS, "broken"));
  FakeReader good(grpc::Status::OK);
  const Outcome outcome = Ask(OnePart({broken.address(), "127.0.0.1:1", good.address()}),
                              Within(milliseconds(60000), milliseconds(60000)));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.reader, good.address());
  EXPECT_FALSE(outcome.hedged);
}

TEST(GatherTest, WhenAllFailTheErrorNamesTheReader) {
  FakeReader a(grpc::Status(grpc::StatusCode::DATA_LOSS, "broken"));
  FakeReader b(grpc::Status(grpc::StatusCode::INTERNAL, "confused"));
  const Outcome outcome =
      Ask(OnePart({a.address(), b.address()}), Within(milliseconds(60000), milliseconds(60000)));
  EXPECT_EQ(outcome.status, absl::InternalError(b.address() + ": confused"));
}

TEST(GatherTest, MistakeOfTheAskerIsNotRepeated) {
  FakeReader a(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "limit 0"));
  FakeReader b(grpc::Status::OK);
  const Outcome outcome =
      Ask(OnePart({a.address(), b.address()}), Within(milliseconds(60000), milliseconds(60000)));
  EXPECT_EQ(outcome.status, absl::InvalidArgumentError(a.address() + ": limit 0"));
  EXPECT_EQ(b.num_calls, 0);
}

TEST(GatherTest, DeadlineEndsAllCalls) {
  FakeReader a(grpc::Status::OK, /*waits=*/true);
  FakeReader b(grpc::Status::OK, /*waits=*/true);
  const Outcome outcome =
      Ask(OnePart({a.address(), b.address()}), Within(milliseconds(300), milliseconds(1)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(outcome.status)) << outcome.status;
  WaitFor([&] { return a.num_calls == a.num_cancelled && b.num_calls == b.num_cancelled; });
}

TEST(GatherTest, SearchThatNobodyWaitsForEnds) {
  FakeReader slow(grpc::Status::OK, /*waits=*/true);
  GatherOptions options = Within(milliseconds(60000), milliseconds(60000));
  options.is_cancelled = [&] { return slow.num_calls > 0; };
  const Outcome outcome = Ask(OnePart({slow.address()}), options);
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_LT(outcome.elapsed, milliseconds(60000));
  WaitFor([&] { return slow.num_cancelled == 1; });
}

}  // namespace
}  // namespace sharded_service
