#include "store/throttled_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::store {
namespace {

using support::CodeOf;
using support::PathOf;

TEST(ThrottledStoreTest, ObjectsAreThoseOfTheStoreBelow) {
  base::Throttle throttle(uint64_t{1} << 40);
  const auto base = MakeMemoryObjectStore();
  const auto store = MakeThrottledStore(base, &throttle);
  const std::string large(3'000'000, 'x');  // several pieces
  ASSERT_OK(PutObject(*store, PathOf("a/b"), large));
  EXPECT_EQ(*GetObject(*base, PathOf("a/b"), 1 << 22), large);
  EXPECT_EQ(*GetObject(*store, PathOf("a/b"), 1 << 22), large);
  EXPECT_EQ(CodeOf(PutObject(*store, PathOf("a/b"), "y")), absl::StatusCode::kAlreadyExists);
  ASSERT_OK(store->List(PathOf("a")));
  EXPECT_EQ(store->List(PathOf("a"))->size(), 1u);
  ASSERT_OK(store->Lock());
  ASSERT_OK(store->Delete(PathOf("a/b")));
  EXPECT_EQ(CodeOf(base->Open(PathOf("a/b"))), absl::StatusCode::kNotFound);
}

TEST(ThrottledStoreTest, AppendsWait) {
  base::Throttle throttle(1'000'000);
  const auto store = MakeThrottledStore(MakeMemoryObjectStore(), &throttle);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_OK(PutObject(*store, PathOf("a"), std::string(30'000, 'x')));
  ASSERT_OK(PutObject(*store, PathOf("b"), "y"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST(ThrottledStoreTest, AnAppendThatIsStoppedLeavesNoObject) {
  base::Throttle throttle(1);
  const auto base = MakeMemoryObjectStore();
  const auto store = MakeThrottledStore(base, &throttle);
  ASSERT_OK(throttle.Pass(1'000'000, {}));
  EXPECT_EQ(
      CodeOf(PutObject(*store, PathOf("a"), "x", Context::WithTimeout(absl::Milliseconds(5)))),
      absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(base->Open(PathOf("a"))), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vecdb::store
