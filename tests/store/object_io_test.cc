#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "support/fault_object_store.h"
#include "support/file_io.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::support {
namespace {

class ObjectIoTest : public ::testing::Test {
 protected:
  const std::shared_ptr<ObjectStore> base_ = MakeMemoryObjectStore();
  const std::shared_ptr<FaultInjector> injector_ = std::make_shared<FaultInjector>();
  const std::unique_ptr<ObjectStore> fault_ = std::make_unique<FaultObjectStore>(base_, injector_);
  ObjectStore& store_ = *fault_;
  const ObjectPath path_ = PathOf("a/o");
};

TEST_F(ObjectIoTest, PutThenGetGivesTheBytesBack) {
  ASSERT_OK(PutObject(store_, path_, std::string_view("te\0xt", 5)));
  EXPECT_EQ(*GetObject(store_, path_, kNoLimit), std::string("te\0xt", 5));
  ASSERT_OK(PutObject(store_, PathOf("a/p"), BytesOf("bytes")));
  EXPECT_EQ(*GetObject(store_, PathOf("a/p"), kNoLimit), "bytes");
}

TEST_F(ObjectIoTest, LargerThanTheLimitIsDataLossWithBothSizes) {
  ASSERT_OK(PutObject(store_, path_, "0123456789"));
  EXPECT_EQ(*GetObject(store_, path_, 10), "0123456789");
  const absl::Status status = GetObject(store_, path_, 9).status();
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "object 'a/o' has 10 bytes, at most 9 are expected");
}

TEST_F(ObjectIoTest, EveryFailingCallIsReported) {
  for (const char* call : {"Create", "Append", "Finish"}) {
    for (const FaultMode mode : {FaultMode::kFailBefore, FaultMode::kFailAfter}) {
      ASSERT_OK(base_->Delete(path_));
      injector_->Arm({.call = call, .mode = mode, .error = absl::UnavailableError("injected")});
      EXPECT_EQ(CodeOf(PutObject(store_, path_, "text")), absl::StatusCode::kUnavailable) << call;
      const bool applied = mode == FaultMode::kFailAfter && call == std::string("Finish");
      EXPECT_EQ(base_->Open(path_).ok(), applied) << call;
    }
  }
  ASSERT_OK(base_->Delete(path_));
  injector_->Disarm();
  ASSERT_OK(PutObject(store_, path_, "text"));
  for (const char* call : {"Open", "ReadAt"}) {
    injector_->Arm({.call = call, .error = absl::UnavailableError("injected")});
    EXPECT_EQ(CodeOf(GetObject(store_, path_, kNoLimit)), absl::StatusCode::kUnavailable) << call;
  }
}

TEST_F(ObjectIoTest, ShortAppendLeavesNoObject) {
  injector_->Arm({.call = "Append", .mode = FaultMode::kShortAppend});
  EXPECT_EQ(CodeOf(PutObject(store_, path_, "text")), absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOf(base_->Open(path_)), absl::StatusCode::kNotFound);
}

TEST_F(ObjectIoTest, DeleteListAndLockFailAsInjectedToo) {
  for (const char* call : {"Delete", "List", "Lock"}) {
    injector_->Arm({.call = call, .error = absl::UnavailableError("injected")});
    const absl::StatusCode codes[] = {CodeOf(store_.Delete(path_)), CodeOf(store_.List(path_)),
                                      CodeOf(store_.Lock())};
    EXPECT_EQ(std::count(std::begin(codes), std::end(codes), absl::StatusCode::kUnavailable), 1)
        << call;
  }
}

}  // namespace
}  // namespace vecdb::support
