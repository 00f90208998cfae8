#include "engine/collection_handle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "engine/engine_testing.h"
#include "support/counting_object_store.h"
#include "support/fault_object_store.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class CollectionHandleTest : public CoreFixture {
 protected:
  std::shared_ptr<CollectionEngine> OpenReader() {
    return *CollectionEngine::OpenReadOnly(environment_, id_, "test", nullptr, {});
  }
  std::shared_ptr<CollectionEngine> writer_ =
      *CollectionEngine::Open(environment_, id_, "test", {}, {});
};

TEST_F(CollectionHandleTest, WriterIsNeverReplacedByRefresh) {
  CollectionHandle handle(writer_);
  ASSERT_OK(handle.Refresh({}));
  EXPECT_EQ(handle.engine(), writer_);
  EXPECT_EQ(*handle.ForRead(ConsistencyLevel::kStrong, {}), writer_);
}

TEST_F(CollectionHandleTest, ReaderIsReplacedWhenALevelAsksForMore) {
  const auto reader = OpenReader();
  CollectionHandle handle(reader);
  ASSERT_OK(writer_->Insert(Rows(Ids(0, 5)), {}, {}));
  EXPECT_EQ(*handle.ForRead(ConsistencyLevel::kEventually, {}), reader);
  EXPECT_EQ(*(*handle.ForRead(ConsistencyLevel::kEventually, {}))->Count({}, {}), 0u);
  const auto fresh = handle.ForRead(ConsistencyLevel::kStrong, {});
  ASSERT_OK(fresh);
  EXPECT_NE(*fresh, reader);
  EXPECT_EQ(*(*fresh)->Count(ConsistencyLevel::kEventually, {}), 5u);
  EXPECT_EQ(handle.engine(), *fresh);
}

// While a refresh runs, others come that need a later one: they share it.
TEST_F(CollectionHandleTest, ReadsThatWaitShareARefresh) {
  constexpr int kReads = 8;
  const auto faults = std::make_shared<support::FaultInjector>();
  const auto counted = std::make_shared<support::CountingObjectStore>(
      std::make_shared<support::FaultObjectStore>(store_, faults));
  environment_.store = counted;
  ASSERT_OK(writer_->Insert(Rows(Ids(0, 3)), {}, {}));
  CollectionHandle handle(OpenReader());
  const uint64_t opened = counted->num_requests();
  ASSERT_OK(handle.Refresh({}));
  const uint64_t of_one = counted->num_requests() - opened;

  std::vector<std::thread> threads;
  std::atomic<int> num_right = 0;
  const auto read = [&] {
    const auto engine = handle.ForRead(ConsistencyLevel::kStrong, {});
    EXPECT_OK(engine);
    if (engine.ok() && *(*engine)->Count(ConsistencyLevel::kEventually, {}) == 5u) ++num_right;
  };
  const auto begin_reads = [&] {
    // The list of the journal has been asked for: what comes now is in none of this refresh.
    ASSERT_OK(writer_->Insert(Rows(Ids(3, 2)), {}, {}));
    for (int i = 0; i < kReads; ++i) threads.emplace_back(read);
    while (handle.num_waiting_for_refresh() < kReads) std::this_thread::yield();
  };
  faults->Arm({.call = "List",
               .path_contains = "/manifest",
               .mode = support::FaultMode::kSlow,
               .on_slow = begin_reads});
  const uint64_t before = counted->num_requests();
  ASSERT_OK(handle.ForRead(ConsistencyLevel::kStrong, {}));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_right, kReads);
  EXPECT_EQ(counted->num_requests() - before, 2 * of_one + 1);  // and the object that has come
}

TEST_F(CollectionHandleTest, ReaderRefusesWrites) {
  const auto reader = OpenReader();
  EXPECT_EQ(CodeOf(reader->Insert(Rows(Ids(0, 5)), {}, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(reader->Flush({})), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::engine
