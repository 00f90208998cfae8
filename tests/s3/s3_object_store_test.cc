#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>

#include "support/fake_s3.h"
#include "support/hostile_names.h"
#include "support/object_store_contract.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::s3 {
namespace {

using support::BytesOf;
using support::CodeOf;
using support::FakeS3;
using support::kNoLimit;
using support::OptionsFor;
using support::PathOf;
using support::StoreQuirk;

struct FakeS3Objects {
  std::shared_ptr<ObjectStore> Open() { return OpenS3ObjectStore(OptionsFor(server)).value(); }

  FakeS3 server;
};

// The same with a key of its own for each store, as hosts would write it.
struct VirtualHostObjects {
  std::shared_ptr<ObjectStore> Open() {
    S3Options options = OptionsFor(server);
    options.endpoint = "http://s3.example.org";
    options.connect_to = "127.0.0.1:" + std::to_string(server.port());
    options.addressing = S3Addressing::kVirtualHost;
    options.prefix = "";
    return OpenS3ObjectStore(options).value();
  }

  FakeS3 server;
};

}  // namespace
}  // namespace vecdb::s3

namespace vecdb::support {
INSTANTIATE_TYPED_TEST_SUITE_P(FakeS3, ObjectStoreContract, s3::FakeS3Objects);
INSTANTIATE_TYPED_TEST_SUITE_P(FakeS3VirtualHost, ObjectStoreContract, s3::VirtualHostObjects);
}  // namespace vecdb::support

namespace vecdb::s3 {
namespace {

class S3ObjectStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<S3ObjectStore> Open() {
    auto store = OpenS3ObjectStore(OptionsFor(server_));
    EXPECT_OK(store);
    server_.ForgetRequests();
    return *store;
  }

  absl::Status OpenStatus(const S3Options& options) { return OpenS3ObjectStore(options).status(); }

  static bool Says(const absl::Status& status, std::string_view text) {
    return std::string(status.message()).find(text) != std::string::npos;
  }

  FakeS3 server_;
};

TEST_F(S3ObjectStoreTest, ProofTakesSixRequestsAndLeavesNothing) {
  const auto store = OpenS3ObjectStore(OptionsFor(server_));
  ASSERT_OK(store);
  EXPECT_EQ(server_.requests().size(), 6u);
  EXPECT_TRUE(server_.objects().empty());
}

// Row C6, by the server itself.
TEST_F(S3ObjectStoreTest, ServersThatDoNotCreateOnlyAreRefusedForWriting) {
  for (const StoreQuirk quirk : support::kAllStoreQuirks) {
    server_.Configure({.quirk = quirk});
    S3Options options = OptionsFor(server_);
    options.retry_for = absl::ZeroDuration();
    const absl::Status refused = OpenStatus(options);
    EXPECT_EQ(CodeOf(refused), absl::StatusCode::kFailedPrecondition)
        << support::NameOf(quirk) << refused;
    options.writes = S3Writes::kRefuse;
    const auto reader = OpenS3ObjectStore(options);
    ASSERT_OK(reader) << support::NameOf(quirk);
    EXPECT_EQ(CodeOf((*reader)->Create(PathOf("o"))), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(CodeOf((*reader)->Delete(PathOf("o"))), absl::StatusCode::kPermissionDenied);
  }
}

TEST_F(S3ObjectStoreTest, SingleWriterByNameLooksBeforeItPuts) {
  server_.Configure({.quirk = StoreQuirk::kRefusesConditions});
  S3Options options = OptionsFor(server_);
  options.writes = S3Writes::kIPromiseSingleWriter;
  const auto store = OpenS3ObjectStore(options);
  ASSERT_OK(store);
  EXPECT_OK(PutObject(**store, PathOf("o"), "first"));
  EXPECT_EQ(CodeOf(PutObject(**store, PathOf("o"), "second")), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*GetObject(**store, PathOf("o"), kNoLimit), "first");
}

TEST_F(S3ObjectStoreTest, SmallObjectCostsOneRequestEachWay) {
  const auto store = Open();
  ASSERT_OK(PutObject(*store, PathOf("o"), "text"));
  EXPECT_EQ(*GetObject(*store, PathOf("o"), kNoLimit), "text");
  ASSERT_EQ(server_.requests().size(), 2u);
  EXPECT_EQ(server_.requests()[0].method, "PUT");
  EXPECT_EQ(server_.requests()[0].headers.at("if-none-match"), "*");
  EXPECT_EQ(server_.requests()[1].method, "GET");
  EXPECT_EQ(server_.objects().begin()->first, "a/prefix/o");
}

TEST_F(S3ObjectStoreTest, ListGoesThroughAllPages) {
  const auto store = Open();
  server_.Configure({.page_size = 3});
  for (int i = 0; i < 10; ++i) server_.Put("a/prefix/f/" + std::to_string(i), "x");
  server_.Put("a/prefix/f/..", "of somebody else");
  server_.Put("a/prefix/f/with blank", "of somebody else");
  server_.Put("a/prefixed/f/1", "of somebody else");
  const auto listed = store->List(PathOf("f"));
  ASSERT_OK(listed);
  EXPECT_EQ(listed->size(), 10u);
  EXPECT_EQ(server_.CountRequests("GET"), 4u);
}

TEST_F(S3ObjectStoreTest, ListThatNeverEndsIsDataLoss) {
  const auto store = Open();
  server_.Configure({.ends_never = true});
  EXPECT_EQ(CodeOf(store->List(PathOf("f"))), absl::StatusCode::kDataLoss);
}

TEST_F(S3ObjectStoreTest, ManyAreDeletedByFewRequests) {
  const auto store = Open();
  std::vector<ObjectPath> paths;
  for (int i = 0; i < 2001; ++i) {
    paths.push_back(PathOf("f/" + std::to_string(i)));
    server_.Put("a/prefix/f/" + std::to_string(i), "x");
  }
  EXPECT_OK(store->DeleteAll(paths));
  EXPECT_EQ(server_.CountRequests("POST"), 3u);
  EXPECT_TRUE(server_.objects().empty());
  EXPECT_OK(store->DeleteAll({}));
}

TEST_F(S3ObjectStoreTest, DeletionThatFailsForOneNamesIt) {
  const auto store = Open();
  server_.Put("a/prefix/undeletable", "x");
  const std::vector<ObjectPath> paths = {PathOf("o"), PathOf("undeletable")};
  const absl::Status status = store->DeleteAll(paths);
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Says(status, "'undeletable'")) << status;
}

TEST_F(S3ObjectStoreTest, WrongPlacesAndKeysAreNamedAtOpen) {
  S3Options options = OptionsFor(server_);
  options.bucket = "another";
  EXPECT_EQ(CodeOf(OpenStatus(options)), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(OpenStatus(options), "the bucket does not exist"));
  options = OptionsFor(server_);
  options.region = "eu-west-9";
  EXPECT_EQ(CodeOf(OpenStatus(options)), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(OpenStatus(options), "the bucket is in region us-east-1"));
  options = OptionsFor(server_);
  options.credentials = StaticS3Credentials(
      {.access_key_id = "ANOTHER", .secret_access_key = Secret(support::kFakeSecret)});
  EXPECT_EQ(CodeOf(OpenStatus(options)), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Says(OpenStatus(options), "InvalidAccessKeyId"));
}

TEST_F(S3ObjectStoreTest, NobodyAtTheEndpointIsUnavailableSoon) {
  S3Options options = OptionsFor(server_);
  options.endpoint = "http://127.0.0.1:1";
  options.retry_for = absl::Milliseconds(100);
  EXPECT_EQ(CodeOf(OpenStatus(options)), absl::StatusCode::kUnavailable);
}

TEST_F(S3ObjectStoreTest, ClockThatIsFarOffIsNamed) {
  server_.Configure({.clock_offset_ms = 3'600'000});
  const absl::Status status = OpenStatus(OptionsFor(server_));
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Says(status, "the clock here differs")) << status;
}

TEST_F(S3ObjectStoreTest, CertificatesAreTrustedByFileOrByName) {
  const FakeS3 server(true);
  S3Options options = OptionsFor(server);
  const absl::Status refused = OpenStatus(options);
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(refused, "is not trusted")) << refused;
  EXPECT_TRUE(server.requests().empty());

  const support::TempDirectory directory;
  options.ca_file = directory.path() + "/ca.pem";
  std::ofstream(options.ca_file) << server.certificate();
  EXPECT_OK(OpenStatus(options));

  // Another server's certificate is as good as none.
  const FakeS3 other(true);
  std::ofstream(options.ca_file) << other.certificate();
  EXPECT_EQ(CodeOf(OpenStatus(options)), absl::StatusCode::kFailedPrecondition);
  std::ofstream(options.ca_file) << "no certificate";
  EXPECT_EQ(CodeOf(OpenStatus(options)), absl::StatusCode::kFailedPrecondition);

  options.ca_file = "";
  options.i_accept_any_certificate = true;
  EXPECT_OK(OpenStatus(options));
}

// Row S1: a server may list what it likes.
TEST_F(S3ObjectStoreTest, HostileKeysAreNeverPaths) {
  const auto store = Open();
  const std::vector<std::string> names = support::HostileNames();
  size_t num_hostile = 0;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    server_.Put("a/prefix/f/" + name, "x");
    ++num_hostile;
  }
  EXPECT_GE(num_hostile, 300u);
  ASSERT_OK(PutObject(*store, PathOf("f/good"), "x"));
  const auto listed = store->List(PathOf("f"));
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ((*listed)[0].path, PathOf("f/good"));
  for (const support::FakeS3Request& request : server_.requests()) {
    EXPECT_TRUE(request.target.starts_with("/bucket/a/prefix/f/") ||
                request.target.starts_with("/bucket?"))
        << request.target;
  }
}

// A whole database, which commits, reads ranges, and collects what is no longer needed.
TEST_F(S3ObjectStoreTest, DatabaseLivesInABucket) {
  const Schema schema = support::TaggedSchema();
  support::TestDatabase database(Open());
  const auto docs = database->CreateCollection("docs", schema);
  ASSERT_OK(docs);
  ASSERT_OK((*docs)->CreateIndex("v", support::Hnsw()));
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK((*docs)->Insert(support::TaggedRows(schema, support::Ids(i * 500, 500), "t")));
    if (i < 3) {
      ASSERT_OK((*docs)->Flush());
    }
  }
  database.Crash();  // a part of the rows is in the journal alone
  const auto again = database->OpenCollection("docs");
  ASSERT_OK(again);
  ASSERT_OK((*again)->Load());
  EXPECT_EQ(*(*again)->Count(), 2000u);
  const auto found =
      (*again)->Search({.field = "v", .vectors = support::GridVector(1234, 4), .limit = 3});
  ASSERT_OK(found);
  EXPECT_EQ(found->hits(0)[0].score(), 0);
  EXPECT_FALSE(server_.objects().empty());
}

// With credentials that may not write, and at the price of what has come.
TEST_F(S3ObjectStoreTest, ReaderFollowsTheBucket) {
  const Schema schema = support::TaggedSchema();
  support::TestDatabase writer(Open());
  const auto written = writer->CreateCollection("docs", schema);
  ASSERT_OK(written);
  ASSERT_OK((*written)->Insert(support::TaggedRows(schema, support::Ids(0, 10), "t")));
  S3Options options = OptionsFor(server_);
  options.writes = S3Writes::kRefuse;
  const auto bucket = OpenS3ObjectStore(options);
  ASSERT_OK(bucket);
  support::TestDatabase reader(*bucket);
  reader.options.read_only = true;
  const auto read = reader->OpenCollection("docs");
  ASSERT_OK(read);
  EXPECT_EQ(*(*read)->Count(), 10u);
  // Lists and reads of a refresh.
  const auto refresh = [&] {
    const S3Usage before = (*bucket)->usage();
    EXPECT_OK((*read)->Refresh());
    const S3Usage after = (*bucket)->usage();
    EXPECT_EQ(after.delete_requests, 0u);
    return std::pair(after.write_requests - before.write_requests,
                     after.read_requests - before.read_requests);
  };
  using Requests = std::pair<uint64_t, uint64_t>;
  EXPECT_EQ(refresh(), Requests(2, 0));
  ASSERT_OK((*written)->Insert(support::TaggedRows(schema, support::Ids(10, 10), "t")));
  EXPECT_EQ(refresh(), Requests(2, 1));
  EXPECT_EQ(*(*read)->Count(), 20u);
  ASSERT_OK(writer->Close());  // flushes, and ends the journal
  refresh();
  EXPECT_EQ(*(*read)->Count(), 20u);
  EXPECT_EQ(refresh(), Requests(1, 0));
  for (const support::FakeS3Request& request : server_.requests()) {
    if (request.target.find("start-after") != std::string::npos) return;
  }
  FAIL() << "no list began behind a name";
}

TEST_F(S3ObjectStoreTest, LagOfListsIsFoundOutByTheProof) {
  server_.Configure({.lagging_lists = 1});
  const absl::Status status = OpenStatus(OptionsFor(server_));
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(status, "not listed")) << status;
}

TEST_F(S3ObjectStoreTest, UsageAndMetricsCountEveryRequest) {
  const auto store = Open();
  const S3Usage before = store->usage();
  ASSERT_OK(PutObject(*store, PathOf("o"), "text"));
  ASSERT_OK(GetObject(*store, PathOf("o"), kNoLimit));
  server_.Add({.method = "GET", .status = 503, .code = "SlowDown"});
  ASSERT_OK(GetObject(*store, PathOf("o"), kNoLimit));
  ASSERT_OK(store->Delete(PathOf("o")));
  const S3Usage after = store->usage();
  EXPECT_EQ(after.write_requests - before.write_requests, 1u);
  EXPECT_EQ(after.read_requests - before.read_requests, 3u);
  EXPECT_EQ(after.delete_requests - before.delete_requests, 1u);
  EXPECT_EQ(after.repeated_requests - before.repeated_requests, 1u);
  EXPECT_EQ(after.sent_bytes - before.sent_bytes, 4u);
  EXPECT_EQ(server_.requests().size(), 5u);
  EXPECT_FALSE(store->CollectMetrics().empty());
}

}  // namespace
}  // namespace vecdb::s3
