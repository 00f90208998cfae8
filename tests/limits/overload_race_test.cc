// Row M2 of PROMISES.md: many producers at ten times what the library can do.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/resident_memory.h"
#include "limits/counting_executor.h"
#include "limits/overload.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

using std::chrono::milliseconds;

constexpr int kProducers = 64;
constexpr uint64_t kLimitBytes = 32 << 20;
// What M1 allows beside the budget, and the stacks, heaps and batches of the producers.
constexpr uint64_t kBesideBytes = kLimitBytes / 10 + (8 << 20) + kProducers * (256 << 10);
constexpr uint64_t kGrowthBytes = 12 << 20;  // from the first half of the run to its last quarter
constexpr double kLeastDone = 0.02;          // of what two producers do in the same time
constexpr double kMostCutShort = 0.05;       // flushes of writers that gave up, of all calls
// Beyond a deadline: 64 threads want two cores, which others want, too.
constexpr double kOverloadLatestMs = 3000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

// Counts flushes. Thread-safe.
class FlushCounter final : public EventListener {
 public:
  void OnFlushEnd(const FlushEvent& event) override {
    (absl::IsDeadlineExceeded(event.status) ? num_cut_short_ : num_others_) += 1;
  }

  uint64_t num_cut_short() const { return num_cut_short_; }
  uint64_t num_others() const { return num_others_; }

 private:
  std::atomic<uint64_t> num_cut_short_ = 0;  // by the deadline of a writer
  std::atomic<uint64_t> num_others_ = 0;
};

class OverloadRaceTest : public ::testing::Test {
 protected:
  void Open(Executor* executor) {
    auto opened = Database::Open({.path = directory_.path(),
                                  .host = {.executor = executor, .budget = &budget_},
                                  .gc_grace_ms = 100,
                                  .num_threads = executor == nullptr ? 2 : 0,
                                  .listener = flushes_});
    ASSERT_OK(opened);
    db_ = *std::move(opened);
    c_ = *db_->CreateCollection(
        "c", schema_,
        {.num_shards = 2, .segment_max_bytes = 8 << 20, .journal_max_bytes = 8 << 20});
    ASSERT_OK(c_->CreateIndex("v", {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 16}}));
    for (int64_t i = 0; i < kProducers; ++i) {
      producers_.push_back(std::make_unique<OverloadProducer>(c_.get(), schema_, i));
    }
  }

  OverloadProducer::Tally RunSome(size_t count, SteadyTime end, SteadyDuration timeout) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; ++i) {
      threads.emplace_back([this, i, end, timeout] { producers_[i]->Run(end, timeout); });
    }
    for (int part = 0; part < kParts; ++part) {
      const SteadyTime until = end - (end - begun_) / kParts * (kParts - 1 - part);
      while (std::chrono::steady_clock::now() < until) NoteMemory(static_cast<size_t>(part));
    }
    for (std::thread& thread : threads) thread.join();
    OverloadProducer::Tally all;
    for (size_t i = 0; i < count; ++i) all.Add(producers_[i]->TakeTally());
    return all;
  }

  void NoteMemory(size_t part) {
    const uint64_t used = budget_.used_bytes();
    const uint64_t resident = base::ResidentBytes().value_or(0);
    resident_[part] = std::max(resident_[part], resident);
    beside_[part] = std::max(beside_[part], resident - std::min(resident, used));
    std::this_thread::sleep_for(milliseconds(20));
  }

  void Overload(milliseconds duration) {
    // What it can do: two producers with all the time they want.
    const auto alone = duration / 10;
    begun_ = std::chrono::steady_clock::now();
    const auto capacity = RunSome(2, begun_ + alone, std::chrono::seconds(60));
    const double per_ms =
        static_cast<double>(std::max<uint64_t>(1, capacity.done())) / ToMillis(alone);
    // Each of the 64 has one call at a time, and is given up after this: ten times that many a
    // second.
    const auto timeout = std::chrono::duration_cast<SteadyDuration>(
        std::chrono::duration<double, std::milli>(kProducers / (10 * per_ms)));
    resident_ = {};
    beside_ = {};
    begun_ = std::chrono::steady_clock::now();
    const auto rest = duration - alone;
    const auto tally = RunSome(kProducers, begun_ + rest, timeout);
    absl::PrintF(
        "alone %.0f calls/s; then deadlines of %.1f ms, %.0f calls/s: OK %d writes and "
        "%d searches, late %d, refused %d, unknown %d\n",
        per_ms * 1000, ToMillis(timeout), static_cast<double>(tally.all()) / ToMillis(rest) * 1000,
        tally.writes, tally.searches, tally.late, tally.refused, tally.unknown);
    absl::PrintF("behind the deadline: %s\n", tally.lateness.ToString().c_str());
    absl::PrintF("flushes: %d, and %d cut short\n", flushes_->num_others(),
                 flushes_->num_cut_short());
    EXPECT_LE(static_cast<double>(flushes_->num_cut_short()),
              5 + kMostCutShort * static_cast<double>(tally.all()));
    EXPECT_LE(tally.lateness.max_ms(), kOverloadLatestMs);
    // There the run is short, and the deadlines, by what two producers do, leave 64 threads on two
    // cores next to nothing.
    if (kSanitized) return;
    const double could = per_ms * ToMillis(rest);
    EXPECT_GE(static_cast<double>(tally.done()), kLeastDone * could) << "of " << could;
    if (kLeastDone * could < 10) return;  // a short run
    EXPECT_GT(tally.writes, 0u);
    EXPECT_GT(tally.searches, 0u);
  }

  void ExpectMemoryIsFlat() {
    const vecdb::MemoryReport report = db_->MemoryReport();
    absl::PrintF("budget: limit %d peak %d KiB; resident by quarter:", kLimitBytes >> 10,
                 report.peak_bytes >> 10);
    for (const uint64_t bytes : resident_) absl::PrintF(" %d", bytes >> 10);
    absl::PrintF(" KiB, %d before; without the budget:", before_ >> 10);
    for (const uint64_t bytes : beside_) absl::PrintF(" %d", bytes >> 10);
    absl::PrintF(" KiB\n");
    EXPECT_LE(report.peak_bytes, kLimitBytes);
    if (kSanitized) return;  // which have memory of their own
    // Rows take their place in the budget; what lies beside it is to stay as it is.
    EXPECT_LE(beside_.back(), std::max(beside_[0], beside_[1]) + kGrowthBytes);
    EXPECT_LE(*std::max_element(resident_.begin(), resident_.end()),
              before_ + kLimitBytes + kBesideBytes);
  }

  void ExpectRowsAndClose() {
    for (const auto& producer : producers_) producer->ExpectRows();
    EXPECT_OK(db_->Close());
    c_.reset();
    db_.reset();
    EXPECT_EQ(budget_.used_bytes(), 0u);
  }

  void Run(Executor* executor) {
    malloc_trim(0);
    before_ = base::ResidentBytes().value_or(0);
    Open(executor);
    if (HasFatalFailure()) return;
    Overload(milliseconds(std::max(1000, ScaledCount(5000))));
    ExpectMemoryIsFlat();
    ExpectRowsAndClose();
  }

  static constexpr int kParts = 4;
  const Schema schema_ = TaggedSchema(64);
  const TempDirectory directory_;
  const std::shared_ptr<FlushCounter> flushes_ = std::make_shared<FlushCounter>();
  MemoryBudget budget_{kLimitBytes};
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> c_;
  std::vector<std::unique_ptr<OverloadProducer>> producers_;
  SteadyTime begun_;
  std::array<uint64_t, kParts> resident_{};
  std::array<uint64_t, kParts> beside_{};  // resident beyond what the budget has given out
  uint64_t before_ = 0;
};

TEST_F(OverloadRaceTest, DefaultExecutorHoldsItsLimits) { Run(nullptr); }

TEST_F(OverloadRaceTest, ExecutorOfTheHostHoldsItsLimits) {
  CountingExecutor executor(2);
  Run(&executor);
  executor.AwaitIdle();
}

}  // namespace
}  // namespace vecdb::support
