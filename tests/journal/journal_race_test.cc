#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "journal/journal.h"
#include "journal/journal_testing.h"
#include "support/power_cut_file_system.h"

namespace vecdb::journal {
namespace {

constexpr int kThreads = 8;
constexpr int kRecordsOfThread = 60;

// Gives records their sequences in the order in which they are appended, as the write gate of a
// collection does.
class Sequencer {
 public:
  explicit Sequencer(Journal* log) : log_(log) {}

  struct Appended {
    uint64_t sequence = 0;
    uint64_t ticket = 0;
  };
  Appended Append(size_t payload_bytes) {
    base::MutexLock lock(&mutex_);
    ++sequence_;
    return {sequence_, log_->Append(MakeRecord(sequence_, std::string(payload_bytes, 'x')))};
  }

  // Begins a new file behind all that was appended, and gives the sequence up to which the files
  // before it go.
  absl::StatusOr<uint64_t> BeginFile() {
    base::MutexLock lock(&mutex_);
    VECDB_RETURN_IF_ERROR(log_->Reach(log_->last_ticket(), Durability::kSynced, {}));
    VECDB_RETURN_IF_ERROR(log_->BeginFile({}));
    return sequence_;
  }

 private:
  Journal* const log_;
  base::Mutex mutex_;
  uint64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
};

class JournalRaceTest : public ::testing::Test {
 protected:
  const std::shared_ptr<support::PowerCutFileSystem> files_ =
      std::make_shared<support::PowerCutFileSystem>();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  const std::unique_ptr<Journal> log_ = std::make_unique<Journal>(
      MakeLocalLogPlace(std::make_shared<support::FaultFileSystem>(files_, injector_), kFolder),
      MakeIdentity(), LogSet(), 0, /*file_bytes=*/4096);
  Sequencer sequencer_{log_.get()};
};

TEST_F(JournalRaceTest, AcknowledgedRecordsAreFoundWhileFilesComeAndGo) {
  const uint64_t seed = support::TestSeed("AcknowledgedRecordsAreFoundWhileFilesComeAndGo");
  SCOPED_TRACE(seed);
  ASSERT_OK(log_->BeginFile({}));
  std::vector<std::vector<uint64_t>> written(kThreads);  // at least to kProcessCrash
  std::vector<std::vector<uint64_t>> synced(kThreads);
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      support::SeededRandom random(seed + thread);
      for (int i = 0; i < kRecordsOfThread; ++i) {
        const auto appended = sequencer_.Append(random.Below(200));
        const auto level = static_cast<Durability>(1 + random.Below(3));
        EXPECT_OK(log_->Reach(appended.ticket, level, {}));
        if (level == Durability::kSynced) {
          synced[thread].push_back(appended.sequence);
          EXPECT_GE(log_->progress().synced, appended.ticket);
        }
        if (level == Durability::kProcessCrash) written[thread].push_back(appended.sequence);
      }
      --running;
    });
  }
  uint64_t watermark = 0;
  uint64_t first_needed = 1;
  while (running > 0) {
    const auto begun = sequencer_.BeginFile();
    ASSERT_OK(begun);
    // What came before the file before this is in segments by now.
    first_needed = log_->FirstNeeded(watermark);
    log_->DeleteBelow(first_needed);
    EXPECT_GE(log_->last_number(), first_needed);
    EXPECT_GT(log_->bytes(), 0u);
    if (running > 0) watermark = *begun;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_OK(log_->error());
  const auto expect_all = [&](const std::shared_ptr<FileSystem>& image, const auto& acknowledged) {
    const std::vector<uint64_t> found =
        SequencesIn(*MakeLocalLogPlace(image, kFolder), first_needed);
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    EXPECT_TRUE(std::adjacent_find(found.begin(), found.end()) == found.end());
    for (const std::vector<uint64_t>& of_thread : acknowledged) {
      for (const uint64_t sequence : of_thread) {
        if (found.empty() || sequence < found.front()) {
          EXPECT_LE(sequence, watermark);
          continue;
        }
        EXPECT_TRUE(std::binary_search(found.begin(), found.end(), sequence)) << sequence;
      }
    }
  };
  expect_all(files_->CutAll(), synced);
  expect_all(files_->KeepAll(), synced);
  expect_all(files_->KeepAll(), written);
}

TEST_F(JournalRaceTest, OneSyncServesManyWriters) {
  std::atomic<uint64_t> live = kThreads;
  std::atomic<int> syncs = 0;
  ASSERT_OK(log_->BeginFile({}));
  // A sync lasts until every writer has a record that is not durable yet.
  const auto wait = [&] {
    ++syncs;
    while (log_->last_ticket() - log_->progress().synced < live) std::this_thread::yield();
  };
  injector_->Arm(
      {.call = "Sync", .sticky = true, .mode = support::FaultMode::kSlow, .on_slow = wait});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRecordsOfThread; ++i) {
        const auto appended = sequencer_.Append(50);
        EXPECT_OK(log_->Reach(appended.ticket, Durability::kSynced, {}));
      }
      --live;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(SequencesIn(*MakeLocalLogPlace(files_->CutAll(), kFolder)),
            Sequences(1, kThreads * kRecordsOfThread));
  EXPECT_LE(syncs, kThreads * kRecordsOfThread / 2) << "of " << kThreads * kRecordsOfThread;
}

TEST_F(JournalRaceTest, DeathReachesEveryWriter) {
  ASSERT_OK(log_->BeginFile({}));
  injector_->Arm({.call = "Sync", .nth = 20, .error = absl::ResourceExhaustedError("full")});
  std::vector<std::vector<uint64_t>> synced(kThreads);
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      absl::Status status;
      while (status.ok()) {
        const auto appended = sequencer_.Append(50);
        status = log_->Reach(appended.ticket, Durability::kSynced, {});
        if (status.ok()) synced[thread].push_back(appended.sequence);
      }
      EXPECT_EQ(CodeOf(status), kUnknown);
      EXPECT_EQ(status, log_->error());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<uint64_t> found = SequencesIn(*MakeLocalLogPlace(files_->CutAll(), kFolder));
  for (const std::vector<uint64_t>& of_thread : synced) {
    for (const uint64_t sequence : of_thread) {
      EXPECT_TRUE(std::binary_search(found.begin(), found.end(), sequence)) << sequence;
    }
  }
}

}  // namespace
}  // namespace vecdb::journal
