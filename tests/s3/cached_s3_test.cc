// The local cache in front of a bucket.
#include <gtest/gtest.h>

#include <string>

#include "support/cache_testing.h"
#include "support/fake_s3.h"
#include "support/object_store_contract.h"
#include "vecdb/s3.h"

namespace vecdb::support {
namespace {

struct CachedS3Objects {
  std::shared_ptr<ObjectStore> Open() {
    return OpenCachedObjectStore(OpenS3ObjectStore(OptionsFor(server)).value(),
                                 {.directory = directory.path(),
                                  .store_name = "a bucket",
                                  .budget_bytes = uint64_t{64} << 20,
                                  .use = KeepAll})
        .value();
  }

  FakeS3 server;
  TempDirectory directory;
};

INSTANTIATE_TYPED_TEST_SUITE_P(CachedS3, ObjectStoreContract, CachedS3Objects);

TEST(CachedS3Test, ObjectIsFetchedInParallelRangesOnce) {
  FakeS3 server;
  const auto s3 = OpenS3ObjectStore(OptionsFor(server));
  ASSERT_OK(s3);
  const std::string text = RandomText(1, size_t{18} << 20);
  ASSERT_OK(PutObject(**s3, PathOf("segments/s/o"), text));
  const TempDirectory directory;
  const auto store = OpenCachedObjectStore(
      *s3,
      {.directory = directory.path(), .store_name = "a bucket", .budget_bytes = uint64_t{1} << 30});
  ASSERT_OK(store);
  server.ForgetRequests();
  EXPECT_TRUE(TextOf(**store, "segments/s/o") == text);
  // One to open it, and all ranges are those of one read.
  EXPECT_EQ((*store)->usage().fetch_reads, 1U);
  const size_t requests = server.requests().size();
  EXPECT_EQ(requests,
            1 + (text.size() + OptionsFor(server).part_bytes - 1) / OptionsFor(server).part_bytes);
  EXPECT_TRUE(TextOf(**store, "segments/s/o") == text);
  EXPECT_EQ(server.requests().size(), requests);
}

}  // namespace
}  // namespace vecdb::support
