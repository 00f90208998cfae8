// A reader of examples/sharded_service whose database is in a bucket.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sharded_service.grpc.pb.h"
#include "sharded_service/answer_codec.h"
#include "sharded_service/grpc_status.h"
#include "sharded_service/sample.h"
#include "sharded_service/test/process.h"
#include "support/fake_s3.h"
#include "support/status_testing.h"

namespace sharded_service {
namespace {

std::shared_ptr<vecdb::ObjectStore> StoreOf(const vecdb::support::FakeS3& server) {
  auto store = vecdb::OpenS3ObjectStore({.endpoint = server.endpoint(),
                                         .bucket = "bucket",
                                         .prefix = "some/place",
                                         .credentials = vecdb::EnvironmentS3Credentials()});
  EXPECT_OK(store);
  return *std::move(store);
}

TEST(ShardedBucketTest, ReaderSearchesItsShardsOfADatabaseInABucket) {
  setenv("AWS_ACCESS_KEY_ID", "FAKEACCESSKEY", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "not-checked", 1);
  const vecdb::support::FakeS3 server;
  const auto database = vecdb::Database::Open({.store = StoreOf(server)});
  ASSERT_OK(database);
  const auto points = CreateSample(**database, 2, 500);
  ASSERT_OK(points);
  ASSERT_OK((*points)->Load());

  Process reader({SHARDED_READER, "--s3-endpoint", server.endpoint(), "--s3-bucket", "bucket",
                  "--s3-prefix", "some/place", "--shards", "1"});
  const auto stub =
      Reader::NewStub(grpc::CreateChannel(reader.address(), grpc::InsecureChannelCredentials()));
  const std::vector<float> vector(kSampleDim, 0.5f);
  ReaderRequest request;
  request.mutable_query()->mutable_vectors()->Add(vector.begin(), vector.end());
  request.mutable_query()->set_limit(20);
  request.add_shards(1);
  grpc::ClientContext context;
  Answer answer;
  ASSERT_OK(FromGrpc(stub->Search(&context, request, &answer)));
  const auto found = FromMessage(answer);
  ASSERT_OK(found);
  const auto direct = (*points)->Search({.vectors = vector, .limit = 20, .shards = {1}});
  ASSERT_OK(direct);
  EXPECT_EQ(found->rows().ToJson(), direct->rows().ToJson());
  EXPECT_EQ(reader.Stop(), 0);
}

}  // namespace
}  // namespace sharded_service
