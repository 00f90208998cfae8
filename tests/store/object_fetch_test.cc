#include "store/object_fetch.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "store/cache_file.h"
#include "support/cache_testing.h"
#include "support/test_executors.h"

namespace vecdb::store {
namespace {

using support::BytesOf;
using support::CodeOf;
using support::FaultInjector;
using support::FaultMode;
using support::PathOf;

constexpr uint64_t kFetchedBytes = 3 * kCachePieceBytes + 77;
constexpr FetchRanges kOneRange{.range_bytes = kCachePieceBytes, .parallel_ranges = 1};

class ObjectFetchTest : public ::testing::Test {
 protected:
  ObjectFetchTest() { EXPECT_OK(PutObject(*memory_, PathOf("o"), text_)); }

  // Makes file_ anew.
  std::unique_ptr<ObjectFetch> Begin(const FetchRanges& ranges, const Host& host = {}) {
    files_ = MakeMemoryFileSystem();
    file_ = files_->CreateFile("f").value();
    return std::make_unique<ObjectFetch>(remote_->Open(PathOf("o")).value(), file_.get(), ranges,
                                         host, counters_);
  }
  bool IsWhole() { return support::ReadFile(*files_, "f").value() == text_; }

  const std::string text_ = support::RandomText(3, kFetchedBytes);
  const std::shared_ptr<ObjectStore> memory_ = MakeMemoryObjectStore();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<ObjectStore> remote_ =
      std::make_shared<support::FaultObjectStore>(memory_, faults_);
  const std::shared_ptr<CacheCounters> counters_ = std::make_shared<CacheCounters>();
  std::shared_ptr<FileSystem> files_;
  std::unique_ptr<AppendFile> file_;
};

TEST_F(ObjectFetchTest, BytesAndChecksumDoNotDependOnRangesAndThreads) {
  std::set<uint64_t> checksums;
  for (int threads : {0, 2, 8}) {
    const auto pool = threads == 0 ? nullptr : MakeThreadPool(threads);
    for (uint64_t pieces : {uint64_t{1}, uint64_t{2}}) {
      for (int parallel : {1, 16}) {
        const auto fetch =
            Begin({.range_bytes = pieces * kCachePieceBytes, .parallel_ranges = parallel},
                  {.executor = pool.get()});
        ASSERT_OK(fetch->Continue(Priority::kSearch, {}));
        EXPECT_TRUE(IsWhole()) << threads << " " << pieces << " " << parallel;
        checksums.insert(fetch->checksum());
      }
    }
  }
  EXPECT_EQ(checksums.size(), 1U);
}

TEST_F(ObjectFetchTest, OneThreadAsksForAllParallelRangesAtOnce) {
  const auto fetch = Begin({.range_bytes = kCachePieceBytes, .parallel_ranges = 2});
  ASSERT_OK(fetch->Continue(Priority::kSearch, {}));
  EXPECT_EQ(counters_->Usage().fetch_reads, 2U);
  EXPECT_EQ(counters_->Usage().fetched_bytes, kFetchedBytes);
}

TEST_F(ObjectFetchTest, ExecutorThatRunsNothingIsNotWaitedFor) {
  support::ManualExecutor executor(8);
  const auto fetch =
      Begin({.range_bytes = kCachePieceBytes, .parallel_ranges = 8}, {.executor = &executor});
  ASSERT_OK(fetch->Continue(Priority::kSearch, {}));
  EXPECT_TRUE(IsWhole());
  executor.RunAll();
}

TEST_F(ObjectFetchTest, StoppedFetchGoesOnWhereItWas) {
  const auto fetch = Begin(kOneRange);
  const Context context{.cancel = CancelToken::Make()};
  faults_->Arm({.call = "ReadAt", .nth = 3, .mode = FaultMode::kSlow, .on_slow = [&] {
                  context.cancel.Cancel();
                }});
  EXPECT_EQ(CodeOf(fetch->Continue(Priority::kSearch, context)), absl::StatusCode::kCancelled);
  EXPECT_FALSE(fetch->failed_here());
  faults_->Disarm();
  ASSERT_OK(fetch->Continue(Priority::kSearch, {}));
  EXPECT_EQ(faults_->calls().size(), 2U);  // of 4 ranges, 2 were there
  EXPECT_TRUE(IsWhole());
}

TEST_F(ObjectFetchTest, ErrorOfTheStoreIsThatOfTheLowestRange) {
  const auto pool = MakeThreadPool(4);
  const auto fetch =
      Begin({.range_bytes = kCachePieceBytes, .parallel_ranges = 4}, {.executor = pool.get()});
  faults_->Arm({.call = "ReadAt", .sticky = true, .error = absl::UnavailableError("away")});
  EXPECT_EQ(CodeOf(fetch->Continue(Priority::kSearch, {})), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(fetch->failed_here());
}

TEST_F(ObjectFetchTest, ErrorsOfFileAndMemoryAreTheCaches) {
  MemoryBudget budget(kCachePieceBytes - 1);
  auto fetch = Begin(kOneRange, {.budget = &budget});
  EXPECT_EQ(CodeOf(fetch->Continue(Priority::kSearch, {})), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(fetch->failed_here());

  class FullFile : public AppendFile {
    absl::Status Append(std::span<const std::byte>) override {
      return absl::ResourceExhaustedError("full");
    }
    absl::Status Sync() override { return absl::OkStatus(); }
  } full;
  const auto pool = MakeThreadPool(4);
  for (Executor* executor : {static_cast<Executor*>(nullptr), pool.get()}) {
    ObjectFetch failing(remote_->Open(PathOf("o")).value(), &full, kOneRange,
                        {.executor = executor}, counters_);
    EXPECT_EQ(CodeOf(failing.Continue(Priority::kSearch, {})),
              absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(failing.failed_here());
  }
}

TEST_F(ObjectFetchTest, LanesWithoutMemoryLeaveTheRangesToOthers) {
  MemoryBudget budget(2 * kCachePieceBytes);
  const auto pool = MakeThreadPool(8);
  const auto fetch = Begin({.range_bytes = kCachePieceBytes, .parallel_ranges = 8},
                           {.executor = pool.get(), .budget = &budget});
  ASSERT_OK(fetch->Continue(Priority::kSearch, {}));
  EXPECT_TRUE(IsWhole());
}

}  // namespace
}  // namespace vecdb::store
