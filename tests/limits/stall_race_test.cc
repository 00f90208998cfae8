// Writers that are held up at the same time.
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
    base::MutexLock lock(&mutex_);
    ++num_stalls_;
    changed_.NotifyAll();
  }
  void OnFlushEnd(const FlushEvent& event) override {
    base::MutexLock lock(&mutex_);
    EXPECT_OK(event.status);
    ++num_flushes_;
  }

  void AwaitStalls(int count) {
    base::MutexLock lock(&mutex_);
    while (num_stalls_ < count) changed_.Wait(&mutex_);
  }
  int num_flushes() const {
    base::MutexLock lock(&mutex_);
    return num_flushes_;
  }

 private:
  mutable base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  int num_stalls_ ABSL_GUARDED_BY(mutex_) = 0;
  int num_flushes_ ABSL_GUARDED_BY(mutex_) = 0;
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

}  // namespace
}  // namespace vecdb::support
