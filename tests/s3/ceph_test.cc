// Against a real server: tests/support/ceph_rgw.sh run DIR vecdb_ceph_test.
#include <gtest/gtest.h>

#include <cstdlib>

#include "s3/ceph_settings.h"
#include "s3/chaos.h"
#include "s3/commit_race.h"
#include "support/fault_proxy.h"
#include "support/object_store_contract.h"
#include "support/seeded_random.h"
#include "support/test_database.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::FaultProxy;
using support::PathOf;

int CephPort() {
  const std::string endpoint = CephOptions().endpoint;
  return std::atoi(endpoint.substr(endpoint.rfind(':') + 1).c_str());
}

std::shared_ptr<S3ObjectStore> OpenCeph(const S3Options& options) {
  auto store = OpenS3ObjectStore(options);
  EXPECT_OK(store);
  return *store;
}

struct CephObjects {
  std::shared_ptr<ObjectStore> Open() { return OpenCeph(CephOptions()); }
};

struct CephChaosObjects {
  std::shared_ptr<ObjectStore> Open() {
    S3Options options = CephOptions();
    options.endpoint = proxy.endpoint();
    return OpenCeph(options);
  }

  FaultProxy proxy{CephPort(), Chaos(support::TestSeed("ceph_chaos"), 4)};
};

}  // namespace
}  // namespace vecdb::s3

namespace vecdb::support {
INSTANTIATE_TYPED_TEST_SUITE_P(Ceph, ObjectStoreContract, s3::CephObjects);
INSTANTIATE_TYPED_TEST_SUITE_P(CephChaos, ObjectStoreContract, s3::CephChaosObjects);
}  // namespace vecdb::support

namespace vecdb::s3 {
namespace {

TEST(CephTest, LargeObjectComesBackAndItsNameStaysTaken) {
  const auto store = OpenCeph(CephOptions());
  std::string text(17 << 20, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 + i / 997);
  ASSERT_OK(PutObject(*store, PathOf("a/large=1"), text));
  EXPECT_EQ(CodeOf(PutObject(*store, PathOf("a/large=1"), text)), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(PutObject(*store, PathOf("a/large=1"), "x")), absl::StatusCode::kAlreadyExists);
  const auto read = GetObject(*store, PathOf("a/large=1"), support::kNoLimit);
  ASSERT_OK(read);
  EXPECT_TRUE(*read == text);
  const auto listed = store->List(PathOf("a"));
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ((*listed)[0].size_bytes, text.size());
}

TEST(CephTest, ManyAreListedByPagesAndDeletedAtOnce) {
  const auto store = OpenCeph(CephOptions());
  std::vector<ObjectPath> paths;
  for (int i = 0; i < 1005; ++i) paths.push_back(PathOf("f/" + std::to_string(i)));
  for (const ObjectPath& path : paths) ASSERT_OK(PutObject(*store, path, "x"));
  EXPECT_EQ(store->List(PathOf("f"))->size(), paths.size());
  EXPECT_OK(store->DeleteAll(paths));
  EXPECT_TRUE(store->List(PathOf("f"))->empty());
}

TEST(CephTest, DatabaseLivesInABucketThroughChaos) {
  const uint64_t seed = support::TestSeed("ceph_database");
  SCOPED_TRACE(seed);
  const FaultProxy proxy(CephPort(), Chaos(seed, 10));
  S3Options options = CephOptions();
  options.endpoint = proxy.endpoint();
  const Schema schema = support::TaggedSchema();
  support::TestDatabase database(OpenCeph(options));
  const auto docs = database->CreateCollection("docs", schema);
  ASSERT_OK(docs);
  ASSERT_OK((*docs)->CreateIndex("v", support::Hnsw()));
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK((*docs)->Insert(support::TaggedRows(schema, support::Ids(i * 500, 500), "t")));
    ASSERT_OK((*docs)->Flush());
  }
  database.Crash();
  const auto again = database->OpenCollection("docs");
  ASSERT_OK(again);
  ASSERT_OK((*again)->Load());
  EXPECT_EQ(*(*again)->Count(), 2000u);
  const auto found =
      (*again)->Search({.field = "v", .vectors = support::GridVector(1234, 4), .limit = 3});
  ASSERT_OK(found);
  EXPECT_EQ(found->hits(0)[0].score(), 0);
}

TEST(CephTest, WrongKeysAndBucketsAreNamed) {
  S3Options options = CephOptions();
  options.bucket = "not-there";
  EXPECT_EQ(CodeOf(OpenS3ObjectStore(options)), absl::StatusCode::kFailedPrecondition);
  options = CephOptions();
  options.credentials = StaticS3Credentials({.access_key_id = CephSetting("VECDB_S3_ACCESS_KEY"),
                                             .secret_access_key = Secret("canary-secret")});
  const absl::Status wrong = OpenS3ObjectStore(options).status();
  EXPECT_EQ(CodeOf(wrong), absl::StatusCode::kPermissionDenied);
  EXPECT_NE(std::string(wrong.message()).find("SignatureDoesNotMatch"), std::string::npos) << wrong;
  EXPECT_EQ(std::string(wrong.message()).find("canary"), std::string::npos) << wrong;
}

TEST(CephTest, OfRacingCommitsOneWinsAndNoneLies) {
  const int rounds = support::ScaledCount(500);
  for (const size_t num_writers : {size_t{2}, size_t{4}}) {
    const S3Options options = CephOptions();
    std::vector<std::shared_ptr<ObjectStore>> stores;
    for (size_t i = 0; i < num_writers; ++i) stores.push_back(OpenCeph(options));
    const RaceCounts counts = RaceForCommits(stores, "race", rounds);
    EXPECT_EQ(counts.won, rounds);
    EXPECT_EQ(counts.lost, rounds * static_cast<int>(num_writers - 1));
    EXPECT_EQ(counts.unknown, 0);
  }
}

TEST(CephTest, OfRacingCommitsThroughChaosAtMostOneWinsAndNoneLies) {
  const uint64_t seed = support::TestSeed("ceph_race");
  SCOPED_TRACE(seed);
  const FaultProxy proxy(CephPort(), Chaos(seed, 5));
  S3Options options = CephOptions();
  options.endpoint = proxy.endpoint();
  std::vector<std::shared_ptr<ObjectStore>> stores;
  for (size_t i = 0; i < 3; ++i) stores.push_back(OpenCeph(options));
  const int rounds = support::ScaledCount(100);
  const RaceCounts counts = RaceForCommits(stores, "race", rounds);
  EXPECT_GE(counts.won, rounds - counts.unknown);
}

}  // namespace
}  // namespace vecdb::s3
