#ifndef VECDB_TESTS_API_READER_WORLD_H_
#define VECDB_TESTS_API_READER_WORLD_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/api_testing.h"
#include "api/metrics_testing.h"
#include "base/mutex.h"

namespace vecdb::support {

/// How a reader follows, and what its writer does about garbage.
struct ReaderSetup {
  bool tail_journal = true;
  int64_t refresh_interval_ms = 50;
  int64_t reader_lease_ms = 0;
  int64_t gc_grace_ms = 0;
  std::chrono::microseconds read_pause{0};  ///< of each thread, for what else is on the machine
};

/// Where the two find each other; they may be one.
struct WorldStores {
  std::shared_ptr<ObjectStore> of_writer;
  std::shared_ptr<ObjectStore> of_reader;
};

inline WorldStores InMemory() {
  auto store = MakeMemoryObjectStore();
  return {store, store};
}

/// When batches were acknowledged, or flushed, and how long it took until a reader showed them.
/// Thread-safe.
class LagMeter {
 public:
  using Steady = std::chrono::steady_clock;

  void NoteAcknowledged(int batch) {
    base::MutexLock lock(&mutex_);
    while (static_cast<int>(times_.size()) <= batch) times_.push_back(Steady::now());
  }
  void NoteSeen(int batch) {
    const auto now = Steady::now();
    base::MutexLock lock(&mutex_);
    for (; seen_ < batch; ++seen_) {
      // One that is seen before its acknowledgement has returned is not late.
      const auto next = static_cast<size_t>(seen_ + 1);
      const bool is_known = next < times_.size();
      lags_ms_.push_back(
          is_known ? std::chrono::duration<double, std::milli>(now - times_[next]).count() : 0);
    }
  }
  /// Of those that were seen; 0 of none.
  double Quantile(double share) const {
    base::MutexLock lock(&mutex_);
    std::vector<double> sorted = lags_ms_;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.empty()) return 0;
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  }
  size_t num_seen() const {
    base::MutexLock lock(&mutex_);
    return lags_ms_.size();
  }

 private:
  mutable base::Mutex mutex_;                                      // a leaf
  std::vector<Steady::time_point> times_ ABSL_GUARDED_BY(mutex_);  // by batch
  int seen_ ABSL_GUARDED_BY(mutex_) = -1;
  std::vector<double> lags_ms_ ABSL_GUARDED_BY(mutex_);
};

/// A writer that writes, flushes, compacts and collects, and a reader that follows it by itself and
/// is read by threads all the time. Fails the test when a read fails, or shows a state that was
/// never committed: batch n gives the same ten rows its number, and adds one row.
class ReaderBesideWriter {
 public:
  explicit ReaderBesideWriter(const ReaderSetup& setup, const WorldStores& stores = InMemory())
      : setup_(setup) {
    DatabaseOptions of_writer{
        .store = stores.of_writer, .gc_grace_ms = setup.gc_grace_ms, .num_threads = 1};
    writer_ = *Database::Open(of_writer);
    written_ = *writer_->CreateCollection("c", schema_,
                                          {.num_shards = 2,
                                           .segment_max_bytes = 1 << 20,
                                           .consistency = ConsistencyLevel::kEventually});
    EXPECT_OK(written_->CreateIndex("v", Flat()));
    DatabaseOptions of_reader{.store = stores.of_reader,
                              .refresh_interval_ms = setup.refresh_interval_ms,
                              .tail_journal = setup.tail_journal,
                              .reader_lease_ms = setup.reader_lease_ms,
                              .num_threads = 1};
    reader_ = *Database::OpenReadOnly(of_reader);
    read_ = *reader_->OpenCollection("c");
    EXPECT_OK(read_->Load());
  }

  void Run(std::chrono::milliseconds duration, int num_readers) {
    std::vector<std::thread> threads;
    threads.emplace_back([this] { Write(); });
    for (int i = 0; i < num_readers; ++i) {
      threads.emplace_back([this, i] { Read(i); });
    }
    std::this_thread::sleep_for(duration);
    done_ = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_OK(written_->Flush());
    EXPECT_OK(read_->Refresh());
    EXPECT_EQ(*read_->Count(), *written_->Count());
    const Metrics metrics(*writer_);
    num_compactions_ = metrics.Of("vecdb_compactions_total", {{"status", "success"}});
    EXPECT_OK(reader_->Close());
    EXPECT_OK(writer_->Close());
  }

  const LagMeter& lag() const { return lag_; }
  int num_batches() const { return num_batches_; }
  uint64_t num_reads() const { return num_reads_; }
  /// After Run.
  double num_compactions() const { return num_compactions_; }

 private:
  void Write() {
    int last_flushed = 0;
    for (int batch = 0; !done_; ++batch) {
      std::vector<int64_t> ids = Ids(0, 10);
      ids.push_back(1000 + batch);
      EXPECT_OK(written_->Upsert(TaggedRows(schema_, ids, absl::StrCat(batch))));
      if (setup_.tail_journal) lag_.NoteAcknowledged(batch);
      num_batches_ = batch + 1;
      if (batch % 20 == 19) {
        EXPECT_OK(written_->Flush());
        if (!setup_.tail_journal) lag_.NoteAcknowledged(batch);
        last_flushed = batch;
      }
      if (batch % 50 == 49) {
        EXPECT_OK(writer_->CollectGarbage());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_LE(last_flushed, num_batches_);
  }

  void Read(int who) {
    int last = -1;
    while (!done_) {
      const auto rows = who % 2 == 0
                            ? read_->Get(Ids(0, 10), {})
                            : read_->Query({.filter = "id < 10", .output_fields = {"tag"}});
      EXPECT_OK(rows);
      if (rows.ok() && rows->num_rows() > 0) last = CheckBatch(*rows, last);
      const auto found = read_->Search(
          {.field = "v", .vectors = GridVector(last, 4), .limit = 5, .output_fields = {"tag"}});
      EXPECT_OK(found);
      ++num_reads_;
      if (setup_.read_pause.count() > 0) std::this_thread::sleep_for(setup_.read_pause);
      if (::testing::Test::HasFailure()) done_ = true;
    }
  }

  // Gives the number of the batch that the rows show.
  int CheckBatch(const RowBatch& rows, int last) {
    EXPECT_EQ(rows.num_rows(), 10u);
    const int batch = std::stoi(std::string(rows.column("tag")->string(0)));
    for (size_t row = 0; row < rows.num_rows(); ++row) {
      EXPECT_EQ(std::stoi(std::string(rows.column("tag")->string(row))), batch) << "mixed";
    }
    EXPECT_GE(batch, last) << "went back";
    lag_.NoteSeen(batch);
    return batch;
  }

  const ReaderSetup setup_;
  const Schema schema_ = TaggedSchema();
  std::unique_ptr<Database> writer_;
  std::unique_ptr<Database> reader_;
  std::unique_ptr<Collection> written_;
  std::unique_ptr<Collection> read_;
  LagMeter lag_;
  std::atomic<bool> done_ = false;
  std::atomic<int> num_batches_ = 0;
  std::atomic<uint64_t> num_reads_ = 0;
  double num_compactions_ = 0;
};

inline void Report(const char* name, const ReaderBesideWriter& world) {
  std::printf(
      "%s: %d batches, %.0f compactions, %s reads; %zu batches seen, lag p50 %.0f ms, p99 %.0f ms, "
      "at most %.0f ms\n",
      name, world.num_batches(), world.num_compactions(), absl::StrCat(world.num_reads()).c_str(),
      world.lag().num_seen(), world.lag().Quantile(0.5), world.lag().Quantile(0.99),
      world.lag().Quantile(1));
}

/// Reads through the journal, held by a lease alone; reads what is flushed, within the grace
/// period.
inline ReaderSetup TailingReader() { return {.reader_lease_ms = 30'000}; }
inline ReaderSetup FlushedReader() {
  return {.tail_journal = false, .refresh_interval_ms = 100, .gc_grace_ms = 10'000};
}

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_READER_WORLD_H_
