// Readers and a gateway as processes, held against a search of the database itself.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sharded_service.grpc.pb.h"
#include "sharded_service/answer_codec.h"
#include "sharded_service/grpc_status.h"
#include "sharded_service/sample.h"
#include "sharded_service/test/process.h"

namespace sharded_service {
namespace {

constexpr int64_t kRows = 3000;
constexpr std::chrono::seconds kPatience(60);  // on a machine that is busy

// Shards 0 and 1 are with the readers a and b, 2 and 3 with c alone.
class ShardedServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sharded_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto database = vecdb::Database::Open({.path = folder_});
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    auto points = CreateSample(*database_, 4, kRows);
    ASSERT_TRUE(points.ok()) << points.status();
    points_ = *std::move(points);
    ASSERT_TRUE(points_->Load().ok());
    a_.emplace(ReaderOf("0,1"));
    b_.emplace(ReaderOf("0,1"));
    c_.emplace(ReaderOf("2,3"));
  }

  void TearDown() override {
    for (auto* process : {&gateway_, &a_, &b_, &c_}) process->reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::vector<std::string> ReaderOf(const std::string& shards) const {
    return {SHARDED_READER, "--path", folder_, "--shards", shards, "--refresh-ms", "20"};
  }

  void StartGateway(const std::string& deadline_ms, const std::string& hedge_ms) {
    gateway_.emplace(std::vector<std::string>{
        SHARDED_GATEWAY, "--map", "0,1=" + a_->address() + "," + b_->address(), "--map",
        "2,3=" + c_->address(), "--deadline-ms", deadline_ms, "--hedge-ms", hedge_ms});
    stub_ = Gateway::NewStub(
        grpc::CreateChannel(gateway_->address(), grpc::InsecureChannelCredentials()));
  }

  absl::StatusOr<GatewayAnswer> Ask(const Query& query, bool allow_partial = false) {
    GatewayRequest request;
    *request.mutable_query() = query;
    request.set_allow_partial(allow_partial);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    GatewayAnswer answer;
    const absl::Status asked = FromGrpc(stub_->Search(&context, request, &answer));
    if (!asked.ok()) return asked;
    return answer;
  }

  // What the database says to the same question, of some shards.
  vecdb::SearchResult Direct(const Query& query, std::vector<int32_t> shards = {}) const {
    auto result = points_->Search(
        {.vectors = {query.vectors().data(), static_cast<size_t>(query.vectors_size())},
         .limit = query.limit(),
         .offset = query.offset(),
         .filter = query.filter(),
         .group_by = query.group_by(),
         .output_fields = {query.output_fields().begin(), query.output_fields().end()},
         .shards = std::move(shards)});
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }

  static void ExpectSame(const Answer& answer, const vecdb::SearchResult& direct) {
    const auto result = FromMessage(answer);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->shape(), direct.shape());
    EXPECT_EQ(result->rows().ToJson(), direct.rows().ToJson());
    ASSERT_EQ(result->num_queries(), direct.num_queries());
    for (size_t query = 0; query < direct.num_queries(); ++query) {
      ASSERT_EQ(result->hits(query).size(), direct.hits(query).size());
      for (size_t i = 0; i < direct.hits(query).size(); ++i) {
        EXPECT_EQ(result->hits(query)[i].score(), direct.hits(query)[i].score());
      }
    }
  }

  static Query QueryOf(int num_queries, int32_t limit) {
    Query query;
    for (int i = 0; i < num_queries * kSampleDim; ++i) {
      query.add_vectors(static_cast<float>(i % 5) / 4);
    }
    query.set_limit(limit);
    query.add_output_fields("color");
    return query;
  }

  std::string folder_;
  std::unique_ptr<vecdb::Database> database_;
  std::unique_ptr<vecdb::Collection> points_;
  std::optional<Process> a_;
  std::optional<Process> b_;
  std::optional<Process> c_;
  std::optional<Process> gateway_;
  std::unique_ptr<Gateway::Stub> stub_;
};

TEST_F(ShardedServiceTest, AnswersAreThoseOfOneSearchOfAllShards) {
  StartGateway("60000", "1000");
  std::vector<Query> queries = {QueryOf(1, 10), QueryOf(3, 1), QueryOf(2, 200), QueryOf(1, 5)};
  queries[1].set_offset(40);
  queries[2].set_filter("number < 100 and color != \"grey\"");
  queries[3].set_group_by("color");
  queries.push_back(QueryOf(2, 10));
  queries.back().set_filter("number == -1");
  for (const Query& query : queries) {
    SCOPED_TRACE(query.ShortDebugString());
    const auto answer = Ask(query);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ExpectSame(answer->answer(), Direct(query));
    ASSERT_EQ(answer->shards_size(), 4);
    for (const ShardReport& shard : answer->shards()) EXPECT_TRUE(shard.answered());
  }
}

TEST_F(ShardedServiceTest, StoppedReaderIsHedgedByItsReplica) {
  StartGateway("60000", "50");
  a_->Signal(SIGSTOP);
  const Query query = QueryOf(1, 20);
  const auto answer = Ask(query);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ExpectSame(answer->answer(), Direct(query));
  for (const ShardReport& shard : answer->shards()) {
    EXPECT_TRUE(shard.answered());
    if (shard.shard() > 1) continue;
    EXPECT_TRUE(shard.hedged());
    EXPECT_EQ(shard.reader(), b_->address());
  }
  a_->Signal(SIGCONT);
}

TEST_F(ShardedServiceTest, KilledReaderIsReplacedByItsReplica) {
  StartGateway("60000", "60000");
  a_->Kill();
  const Query query = QueryOf(1, 20);
  const auto answer = Ask(query);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ExpectSame(answer->answer(), Direct(query));
}

TEST_F(ShardedServiceTest, ShardsOfAKilledReaderWithoutAReplicaAreNamedAsMissing) {
  StartGateway("60000", "1000");
  c_->Kill();
  const Query query = QueryOf(1, 20);
  const auto refused = Ask(query);
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
  const std::string message(refused.status().message());
  EXPECT_NE(message.find("shards 2, 3 are missing"), std::string::npos) << message;
  EXPECT_NE(message.find(c_->address()), std::string::npos) << message;

  const auto partial = Ask(query, /*allow_partial=*/true);
  ASSERT_TRUE(partial.ok()) << partial.status();
  EXPECT_TRUE(partial->answer().partial());
  ExpectSame(partial->answer(), Direct(query, {0, 1}));
  for (const ShardReport& shard : partial->shards()) {
    EXPECT_EQ(shard.answered(), shard.shard() < 2);
    EXPECT_EQ(shard.error().empty(), shard.answered());
  }
}

TEST_F(ShardedServiceTest, StoppedReaderWithoutAReplicaIsNamedAtTheDeadline) {
  StartGateway("500", "60000");
  c_->Signal(SIGSTOP);
  const auto late = Ask(QueryOf(1, 20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.status())) << late.status();
  const std::string message(late.status().message());
  EXPECT_NE(message.find("shards 2, 3 are missing"), std::string::npos) << message;
  c_->Signal(SIGCONT);
}

TEST_F(ShardedServiceTest, WrongQuestionsComeBackAsReadersFindThem) {
  StartGateway("60000", "60000");
  Query query = QueryOf(1, 20);
  query.set_filter("no_such_field > 1");
  EXPECT_TRUE(absl::IsInvalidArgument(Ask(query).status())) << Ask(query).status();
  query = QueryOf(1, 0);
  EXPECT_TRUE(absl::IsInvalidArgument(Ask(query, true).status()));
  query = QueryOf(1, 1);
  query.add_output_fields("no_such_field");
  EXPECT_TRUE(absl::IsNotFound(Ask(query, true).status()));
}

TEST_F(ShardedServiceTest, ReadersFollowTheWriter) {
  StartGateway("60000", "1000");
  ASSERT_TRUE(points_->Insert(SampleRows(kRows, kRows + 100)).ok());
  ASSERT_TRUE(points_->Flush().ok());
  Query query = QueryOf(1, 200);
  query.set_filter("id >= " + std::to_string(kRows));
  const auto end = std::chrono::steady_clock::now() + kPatience;
  auto answer = Ask(query);
  while (answer.ok() && answer->answer().scores_size() < 100 &&
         std::chrono::steady_clock::now() < end) {
    answer = Ask(query);
  }
  ASSERT_TRUE(answer.ok()) << answer.status();
  ExpectSame(answer->answer(), Direct(query));
}

TEST_F(ShardedServiceTest, ProgramsEndWhenTheyAreAskedTo) {
  StartGateway("60000", "1000");
  ASSERT_TRUE(Ask(QueryOf(1, 1)).ok());
  EXPECT_EQ(gateway_->Stop(), 0);
  EXPECT_EQ(a_->Stop(), 0);
}

}  // namespace
}  // namespace sharded_service
