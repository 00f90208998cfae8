// Metrics are collected and events told while everything goes on. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "api/metrics_testing.h"

namespace vecdb::support {
namespace {

constexpr int kRounds = 12;
constexpr size_t kRowsPerRound = 50;

// Begins and ends of each kind of work.
class EventCounter final : public EventListener {
 public:
  void OnFlushBegin(const FlushEvent&) override { ++flushes_begun; }
  void OnFlushEnd(const FlushEvent& event) override {
    ++flushes_ended;
    rows_flushed += event.num_rows;
  }
  void OnCompactionBegin(const CompactionEvent&) override { ++compactions_begun; }
  void OnCompactionEnd(const CompactionEvent&) override { ++compactions_ended; }
  void OnError(const ErrorEvent& event) override { ADD_FAILURE() << event.status; }

  std::atomic<uint64_t> flushes_begun = 0;
  std::atomic<uint64_t> flushes_ended = 0;
  std::atomic<uint64_t> rows_flushed = 0;
  std::atomic<uint64_t> compactions_begun = 0;
  std::atomic<uint64_t> compactions_ended = 0;
};

TEST(MetricsRaceTest, CollectingBesideWritesSearchesAndCompactions) {
  const auto events = std::make_shared<EventCounter>();
  auto opened =
      Database::Open({.store = MakeMemoryObjectStore(), .num_threads = 2, .listener = events});
  ASSERT_OK(opened);
  const auto db = *std::move(opened);
  const Schema schema = TaggedSchema();
  const auto c = *db->CreateCollection("c", schema);
  ASSERT_OK(c->CreateIndex("v", Flat()));
  std::atomic<bool> done = false;
  std::atomic<uint64_t> searches = 0;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    double rows = 0;
    while (!done) {
      const double now = Metrics(*db).Of("vecdb_rows_inserted_total");
      EXPECT_GE(now, rows);
      rows = now;
      EXPECT_FALSE(db->MetricsText().empty());
    }
  });
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      const std::vector<float> query = {1, 2, 3, 0};
      while (!done) {
        EXPECT_OK(c->Search({.vectors = query, .filter = "tag == \"t\""}));
        ++searches;
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_OK(c->Insert(TaggedRows(schema, Ids(round * 1000, kRowsPerRound), "t")));
    EXPECT_OK(c->Flush());
    const auto id = c->Compact();
    EXPECT_OK(id);
    EXPECT_OK(c->WaitForCompaction(*id));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  const Metrics metrics(*db);
  EXPECT_EQ(metrics.Of("vecdb_rows_inserted_total"), kRounds * kRowsPerRound);
  EXPECT_EQ(metrics.Calls("search"), searches);
  EXPECT_EQ(metrics.Calls("flush"), kRounds);
  ASSERT_OK(db->Close());
  EXPECT_EQ(events->flushes_begun, events->flushes_ended);
  EXPECT_EQ(events->compactions_begun, events->compactions_ended);
  EXPECT_EQ(events->rows_flushed, kRounds * kRowsPerRound);
}

}  // namespace
}  // namespace vecdb::support
