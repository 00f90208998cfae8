#include "store/object_arrival.h"

#include <gtest/gtest.h>

#include <string>

#include "support/cache_testing.h"
#include "support/fault_file_system.h"

namespace vecdb::store {
namespace {

using support::CodeOf;
using support::PathOf;

class ObjectArrivalTest : public support::CacheTest {
 protected:
  std::shared_ptr<FileSystem> Files() const {
    return OpenLocalFileSystem(directory_.path() + "/cache").value();
  }
  std::shared_ptr<CacheCore> Core() { return Core(Files()); }
  std::shared_ptr<CacheCore> Core(std::shared_ptr<FileSystem> files) {
    auto core = std::make_shared<CacheCore>();
    core->store = remote_;
    core->counters = std::make_shared<CacheCounters>();
    core->directory =
        CacheDirectory::Open(std::move(files), kMiB, SystemClock(), core->counters).value();
    return core;
  }
  static std::unique_ptr<ObjectArrival> ArrivalOf(const std::shared_ptr<CacheCore>& core,
                                                  uint64_t fetch_up_to_bytes = kMiB) {
    return std::make_unique<ObjectArrival>(core, PathOf("o"), kKey, fetch_up_to_bytes);
  }
  static inline const std::string kKey = CacheKeyOf("s", PathOf("o"));
};

TEST_F(ObjectArrivalTest, IsFetchedOnceAndFoundThen) {
  Put("o", 1000);
  const auto core = Core();
  auto first = ArrivalOf(core);
  auto file = first->Run(Priority::kSearch, {});
  ASSERT_OK(file);
  EXPECT_TRUE(first->was_fetched());
  EXPECT_EQ((*file)->name().size_bytes, 1000U);
  auto second = ArrivalOf(Core());  // another process, which verifies it
  file = second->Run(Priority::kSearch, {});
  ASSERT_OK(file);
  EXPECT_NE(*file, nullptr);
  EXPECT_FALSE(second->was_fetched());
}

TEST_F(ObjectArrivalTest, ObjectsThatAreNotToBeFetchedAreLookedForOnly) {
  Put("o", 1000);
  const auto core = Core();
  auto arrival = ArrivalOf(core, 0);
  EXPECT_EQ(arrival->Run(Priority::kSearch, {}).value(), nullptr);
  EXPECT_EQ(arrival->object(), nullptr);
  arrival = ArrivalOf(core, 999);
  EXPECT_EQ(arrival->Run(Priority::kSearch, {}).value(), nullptr);
  ASSERT_NE(arrival->object(), nullptr);
  EXPECT_EQ(arrival->object()->size(), 1000U);
  EXPECT_NE(ArrivalOf(core, 1000)->Run(Priority::kSearch, {}).value(), nullptr);
  EXPECT_NE(ArrivalOf(core, 0)->Run(Priority::kSearch, {}).value(), nullptr);
}

TEST_F(ObjectArrivalTest, FetchOfAnotherProcessIsWaitedForAsLongAsTheContextAllows) {
  Put("o", 1000);
  const auto core = Core();
  const auto other = Core();
  auto lock = other->directory->LockKey(kKey);
  ASSERT_OK(lock);
  EXPECT_EQ(
      CodeOf(ArrivalOf(core)->Run(Priority::kSearch, Context::WithTimeout(absl::Milliseconds(20)))),
      absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Calls("Open"), 0);
}

TEST_F(ObjectArrivalTest, FetchOfAnotherProcessThatStandsStillIsNotWaitedForForEver) {
  Put("o", 1000);
  const auto core = Core();
  core->stall = std::chrono::milliseconds(10);
  const auto lock = Core()->directory->LockKey(kKey);
  ASSERT_OK(lock);
  EXPECT_EQ(ArrivalOf(core)->Run(Priority::kSearch, {}).value(), nullptr);
  EXPECT_EQ(core->counters->Usage().failures, 1U);
}

TEST_F(ObjectArrivalTest, DoomedObjectIsNotPublished) {
  Put("o", 1000);
  const auto core = Core();
  auto arrival = ArrivalOf(core);
  faults_->Arm(
      {.call = "ReadAt", .mode = support::FaultMode::kSlow, .on_slow = [&] { arrival->Doom(); }});
  EXPECT_EQ(arrival->Run(Priority::kSearch, {}).value(), nullptr);
  EXPECT_TRUE(Kept().empty());
  EXPECT_TRUE(OnTheirWay().empty());
  EXPECT_EQ(core->counters->Usage().failures, 0U);
}

// It is deleted between any two calls of the directory by a process that fetches it, after the
// object was opened in the store, where it stays readable: no cache answers with it afterwards.
TEST_F(ObjectArrivalTest, ObjectThatAnotherProcessDeletesMeanwhileIsNotKept) {
  const auto other = Core();
  const auto disk = std::make_shared<support::FaultInjector>();
  const auto core = Core(std::make_shared<support::FaultFileSystem>(Files(), disk));
  bool was_deleted = true;
  int num_meanwhile = 0;
  for (int nth = 1; was_deleted; ++nth) {
    SCOPED_TRACE(nth);
    Put("o", 1000);
    faults_->Disarm();
    was_deleted = false;
    disk->Arm({.nth = nth, .mode = support::FaultMode::kSlow, .on_slow = [&] {
                 was_deleted = true;
                 num_meanwhile += static_cast<int>(Calls("Open"));
                 EXPECT_OK(memory_->Delete(PathOf("o")));
                 other->directory->Remove(kKey);
               }});
    ArrivalOf(core)->Run(Priority::kSearch, {}).status().IgnoreError();
    disk->Disarm();
    if (!was_deleted) continue;
    EXPECT_TRUE(Kept().empty());
    EXPECT_TRUE(OnTheirWay().empty());
    EXPECT_EQ(core->counters->Usage().failures, 0U);
  }
  EXPECT_GT(num_meanwhile, 5);
}

TEST_F(ObjectArrivalTest, AbandonedFetchLeavesNothing) {
  Put("o", 1000);
  auto arrival = ArrivalOf(Core());
  const Context context{.cancel = CancelToken::Make()};
  faults_->Arm({.call = "ReadAt", .mode = support::FaultMode::kSlow, .on_slow = [&] {
                  context.cancel.Cancel();
                }});
  EXPECT_EQ(CodeOf(arrival->Run(Priority::kSearch, context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(OnTheirWay().size(), 2U);  // what another caller goes on with
  arrival.reset();
  EXPECT_TRUE(OnTheirWay().empty());
}

}  // namespace
}  // namespace vecdb::store
