#include "store/object_flights.h"

#include <gtest/gtest.h>

#include <string>

#include "support/cache_testing.h"
#include "support/test_executors.h"

namespace vecdb::store {
namespace {

using support::CodeOf;
using support::PathOf;

// Objects of six ranges, each of which is read before the next, in calls whose time is up in the
// third.
class ObjectFlightsTest : public support::CacheTest {
 protected:
  static constexpr uint64_t kSize = 24 * kMiB;

  std::shared_ptr<ObjectFlights> Flights(Executor* executor) {
    core_ = std::make_shared<CacheCore>();
    core_->store = remote_;
    core_->counters = std::make_shared<CacheCounters>();
    core_->host.executor = executor;
    core_->ranges = {.range_bytes = 4 * kMiB, .parallel_ranges = 1};
    core_->directory =
        CacheDirectory::Open(OpenLocalFileSystem(directory_.path() + "/cache").value(), 64 * kMiB,
                             SystemClock(), core_->counters)
            .value();
    return std::make_shared<ObjectFlights>(core_);
  }

  absl::StatusOr<Arrived> Bring(ObjectFlights& flights, const Context& context = {}) {
    return flights.Bring(PathOf("o"), kKey, 64 * kMiB, Priority::kSearch, context);
  }

  void BringUntilTimeIsUp(ObjectFlights& flights) {
    const Context context = Context::WithTimeout(absl::Milliseconds(50));
    faults_->Arm({.call = "ReadAt", .nth = 3, .mode = support::FaultMode::kSlow, .on_slow = [&] {
                    while (context.Check().ok()) {
                    }
                  }});
    EXPECT_EQ(CodeOf(Bring(flights, context)), absl::StatusCode::kDeadlineExceeded);
    faults_->Disarm();
    EXPECT_TRUE(Kept().empty());
  }

  uint64_t FetchedBytes() const { return core_->counters->Usage().fetched_bytes; }

  static inline const std::string kKey = CacheKeyOf("s", PathOf("o"));
  std::shared_ptr<CacheCore> core_;
};

TEST_F(ObjectFlightsTest, FetchWhoseCallerHasNoTimeGoesOnBehind) {
  Put("o", kSize);
  support::ManualExecutor executor(1);
  const auto flights = Flights(&executor);
  BringUntilTimeIsUp(*flights);
  EXPECT_GE(FetchedBytes(), 8 * kMiB);
  executor.RunAll();
  EXPECT_EQ(Kept().size(), 1U);
  EXPECT_LE(FetchedBytes(), kSize + 4 * kMiB);  // the range that was on its way
  const auto arrived = Bring(*flights);
  ASSERT_OK(arrived);
  EXPECT_FALSE(arrived->was_fetched);
  flights->Close();
}

TEST_F(ObjectFlightsTest, NextCallerGoesOnWhereTheTaskHasNotBegun) {
  Put("o", kSize);
  support::ManualExecutor executor(1);
  const auto flights = Flights(&executor);
  BringUntilTimeIsUp(*flights);
  BringUntilTimeIsUp(*flights);
  const auto arrived = Bring(*flights);
  ASSERT_OK(arrived);
  EXPECT_NE(arrived->file, nullptr);
  EXPECT_LE(FetchedBytes(), kSize + 8 * kMiB);
  executor.RunAll();
  EXPECT_EQ(core_->counters->Usage().fetched_objects, 1U);
  flights->Close();
}

TEST_F(ObjectFlightsTest, NothingIsLeftOfWhatNobodyGoesOnWith) {
  Put("o", kSize);
  support::ManualExecutor executor(1);
  support::ManualExecutor driven(0);
  for (Executor* none : {static_cast<Executor*>(nullptr), static_cast<Executor*>(&driven)}) {
    const auto flights = Flights(none);
    BringUntilTimeIsUp(*flights);
    EXPECT_TRUE(OnTheirWay().empty());
  }
  // Of a cancelled call.
  auto flights = Flights(&executor);
  const Context context{.cancel = CancelToken::Make()};
  faults_->Arm({.call = "ReadAt", .mode = support::FaultMode::kSlow, .on_slow = [&] {
                  context.cancel.Cancel();
                }});
  EXPECT_EQ(CodeOf(Bring(*flights, context)), absl::StatusCode::kCancelled);
  EXPECT_TRUE(OnTheirWay().empty());
  // When it is deleted, or the cache is closed, before the task begins.
  BringUntilTimeIsUp(*flights);
  EXPECT_FALSE(OnTheirWay().empty());
  flights->Doom(kKey);
  EXPECT_TRUE(OnTheirWay().empty());
  BringUntilTimeIsUp(*flights);
  flights->Close();
  EXPECT_TRUE(OnTheirWay().empty());
  executor.RunAll();
  flights.reset();
  executor.RunAll();
  EXPECT_TRUE(Kept().empty());
}

TEST_F(ObjectFlightsTest, FailureBehindIsNobodysAndTheNextCallBeginsAnew) {
  const std::string text = Put("o", kSize);
  support::ManualExecutor executor(1);
  const auto flights = Flights(&executor);
  BringUntilTimeIsUp(*flights);
  faults_->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
  executor.RunAll();
  faults_->Disarm();
  EXPECT_TRUE(OnTheirWay().empty());
  const auto arrived = Bring(*flights);
  ASSERT_OK(arrived);
  EXPECT_TRUE(arrived->was_fetched);
  flights->Close();
}

}  // namespace
}  // namespace vecdb::store
