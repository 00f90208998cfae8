#include "store/uring_read_queue.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "store/read_queue_testing.h"

namespace vecdb::store {
namespace {

using support::CodeOf;

constexpr size_t kUringSlots = 8;

class UringReadQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = *OpenLocalObjectStore(directory_.path());
    object_ = OpenPages(*store_, 30);
    auto queue = Make();
    if (absl::IsUnimplemented(queue.status())) GTEST_SKIP() << queue.status();
    ASSERT_OK(queue);
    queue_ = *std::move(queue);
  }

  absl::StatusOr<std::unique_ptr<ReadQueue>> Make(int descriptor = -1) {
    if (descriptor < 0) descriptor = object_->descriptor();
    return UringReadQueue::Make(descriptor, object_, kUringSlots, kPageBytes, {});
  }

  support::TempDirectory directory_;
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<const ObjectReader> object_;
  std::unique_ptr<ReadQueue> queue_;
};

TEST_F(UringReadQueueTest, ReadsPages) {
  ExpectAllPages(*queue_, kUringSlots, 30);
  ExpectAllPages(*queue_, kUringSlots, 30);
}

TEST_F(UringReadQueueTest, AFileThatWasRemovedIsReadOn) {
  std::filesystem::remove(directory_.path() + "/pages");
  ExpectAllPages(*queue_, kUringSlots, 30);
}

TEST_F(UringReadQueueTest, AFileThatHasShrunkIsDataLoss) {
  std::filesystem::resize_file(directory_.path() + "/pages", kPageBytes + 100);
  queue_->Start(0, 0);
  queue_->Start(1, kPageBytes);  // short
  queue_->Start(2, 2 * kPageBytes);
  ASSERT_OK(queue_->Submit());
  EXPECT_OK(queue_->Wait(0, {}));
  EXPECT_EQ(CodeOf(queue_->Wait(1, {})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(queue_->Wait(2, {})), absl::StatusCode::kDataLoss);
}

TEST_F(UringReadQueueTest, ReadsThatTheSystemRefusesGoTheOtherWay) {
  auto queue = Make(1 << 20);  // no such descriptor
  ASSERT_OK(queue);
  ExpectAllPages(**queue, kUringSlots, 30);
}

TEST_F(UringReadQueueTest, AReadThatNobodyWaitsForEndsBeforeItsMemoryGoes) {
  for (size_t i = 0; i < kUringSlots; ++i) queue_->Start(i, i * kPageBytes);
  ASSERT_OK(queue_->Submit());
  queue_.reset();
}

TEST_F(UringReadQueueTest, StartedReadsThatWereNotSubmittedAreForgotten) {
  queue_->Start(0, 0);
  queue_.reset();
}

}  // namespace
}  // namespace vecdb::store
