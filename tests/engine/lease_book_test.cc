#include "engine/lease_book.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/fake_clock.h"
#include "support/fault_object_store.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

using support::PathOf;

constexpr int64_t kBookLease = 10'000;

class LeaseBookTest : public ::testing::Test {
 protected:
  std::shared_ptr<ReaderLease> Make(const std::string& folder) {
    auto lease =
        std::make_shared<ReaderLease>(std::make_shared<support::FaultObjectStore>(store_, faults_),
                                      PathOf(folder), kBookLease, &clock_);
    book_.Add(lease);
    return lease;
  }
  // Whether the collector sees the lease of a reader below `folder`.
  bool IsHeld(const std::string& folder) {
    return *LowestLeased(*store_, PathOf(folder), clock_.NowMillis(), 0, {}) == 1u;
  }

  support::FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<support::FaultInjector> faults_ =
      std::make_shared<support::FaultInjector>();
  LeaseBook book_;
};

TEST_F(LeaseBookTest, LeasesThatAreHeldAreRenewedByTheClock) {
  const auto one = Make("collections/a");
  auto other = Make("collections/b");
  ASSERT_OK(one->Renew({}));
  ASSERT_OK(other->Renew({}));
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(kBookLease / 2);
    book_.RenewAll({});
  }
  EXPECT_TRUE(IsHeld("collections/a"));
  EXPECT_TRUE(IsHeld("collections/b"));
  other.reset();  // gives it up
  book_.RenewAll({});
  EXPECT_FALSE(IsHeld("collections/b"));
  one->Release();
  clock_.Advance(kBookLease);
  book_.RenewAll({});
  EXPECT_FALSE(IsHeld("collections/a"));
}

TEST_F(LeaseBookTest, OneThatFailsKeepsNoneOfTheOthers) {
  const auto one = Make("collections/a");
  const auto other = Make("collections/b");
  faults_->Arm({.call = "Create",
                .path_contains = "/a/",
                .sticky = true,
                .error = absl::UnavailableError("away")});
  book_.RenewAll({});
  EXPECT_FALSE(IsHeld("collections/a"));
  EXPECT_TRUE(IsHeld("collections/b"));
  faults_->Disarm();
  book_.RenewAll(support::CancelledContext());
  EXPECT_FALSE(IsHeld("collections/a"));
  book_.RenewAll({});
  EXPECT_TRUE(IsHeld("collections/a"));
}

// The lease is given up while the next one is being put.
TEST_F(LeaseBookTest, RenewalThatComesTooLateLeavesNothing) {
  const auto lease = Make("collections/a");
  ASSERT_OK(lease->Renew({}));
  clock_.Advance(kBookLease / 2);
  faults_->Arm(
      {.call = "Finish", .mode = support::FaultMode::kSlow, .on_slow = [&] { lease->Release(); }});
  book_.RenewAll({});
  EXPECT_TRUE(store_->List(PathOf("collections/a/readers"))->empty());
}

}  // namespace
}  // namespace vecdb::engine
