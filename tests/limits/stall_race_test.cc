// Writers that are held up by a flush.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "support/fault_object_store.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr int kHeldUp = 8;

// Counts writers that are held up, and flushes. Thread-safe.
class StallRecorder final : public EventListener {
 public:
  void OnStallBegin(const StallEvent&) override {
    token.Cancel();
    base::MutexLock lock(&mutex_);
    ++num_stalls_;
    changed_.NotifyAll();
  }
  void OnFlushEnd(const FlushEvent& event) override {
    base::MutexLock lock(&mutex_);
    num_flushes_ += event.status.ok() ? 1 : 0;
  }

  void AwaitStalls(int count) {
    base::MutexLock lock(&mutex_);
    while (num_stalls_ < count) changed_.Wait(&mutex_);
  }
  CancelToken token;  // is cancelled by the first that is held up

  int num_flushes() const {
    base::MutexLock lock(&mutex_);
    return num_flushes_;
  }

 private:
  mutable base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  int num_stalls_ ABSL_GUARDED_BY(mutex_) = 0;
  int num_flushes_ ABSL_GUARDED_BY(mutex_) = 0;  // that came to their end
};

TEST(StallRaceTest, WritersHeldUpTogetherFlushOnce) {
  const auto recorder = std::make_shared<StallRecorder>();
  const auto faults = std::make_shared<FaultInjector>();
  TestDatabase db(std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults));
  db.options.journal_directory = MakeMemoryFileSystem();
  db.options.listener = recorder;
  constexpr uint64_t kJournalBytes = 1 << 20;
  const Schema schema = TaggedSchema(1024);
  const auto c = *db->CreateCollection("c", schema, {.journal_max_bytes = kJournalBytes});
  int64_t next = 0;
  const auto rows = [&](size_t count) {
    next += static_cast<int64_t>(count);
    return TaggedRows(schema, Ids(next - static_cast<int64_t>(count), count), "t");
  };
  while (c->Describe()->journal_bytes < kJournalBytes / 4 * 3) ASSERT_OK(c->Insert(rows(32)));
  ASSERT_EQ(recorder->num_flushes(), 0);
  faults->Arm(
      {.call = "Create", .path_contains = "/segments/", .mode = FaultMode::kSlow, .on_slow = [&] {
         recorder->AwaitStalls(kHeldUp);
       }});
  std::vector<std::thread> writers;
  for (int i = 0; i < kHeldUp; ++i) {
    writers.emplace_back([&c, batch = rows(1)] { EXPECT_OK(c->Insert(batch)); });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(recorder->num_flushes(), 1);
  EXPECT_EQ(*c->Count(), static_cast<uint64_t>(next));
}

TEST(StallRaceTest, FlushOfAWriterThatGivesUpIsDoneBehind) {
  const auto recorder = std::make_shared<StallRecorder>();
  recorder->token = CancelToken::Make();
  MemoryBudget budget(64 << 20);
  TestDatabase db;
  db.options.host.budget = &budget;
  db.options.listener = recorder;
  const Schema schema = TaggedSchema(1024);
  const auto c = *db->CreateCollection("c", schema);
  for (int64_t first = 0; first < 4000; first += 1000) {
    ASSERT_OK(c->Insert(TaggedRows(schema, Ids(first, 1000), "t")));
  }
  ASSERT_EQ(db.executor.num_tasks(), 0u);
  const uint64_t others = budget.FreeBytes() - (256 << 10);
  ASSERT_OK(budget.Reserve(others, "others"));
  const auto held_up =
      c->Insert(TaggedRows(schema, Ids(4000, 1), "t"), Context{.cancel = recorder->token});
  EXPECT_EQ(CodeOf(held_up), absl::StatusCode::kCancelled) << held_up.status();
  EXPECT_EQ(recorder->num_flushes(), 0);
  EXPECT_EQ(db.executor.num_tasks(), 1u);
  budget.Release(others);
  db.executor.RunAll();
  EXPECT_EQ(recorder->num_flushes(), 1);
  EXPECT_EQ(*c->Count(), 4000u);
}

}  // namespace
}  // namespace vecdb::support
