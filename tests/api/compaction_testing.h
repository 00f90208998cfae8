#ifndef VECDB_TESTS_API_COMPACTION_TESTING_H_
#define VECDB_TESTS_API_COMPACTION_TESTING_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"
#include "support/oracle.h"

namespace vecdb::support {

inline constexpr int64_t kCompactionHour = 3'600'000;

/// A collection whose segments are compacted when a test says so, with a model of its rows.
class CompactionTest : public ::testing::Test {
 protected:
  CompactionTest() {
    db_.options.store = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(clock_), faults_);
    db_.options.journal_directory = std::make_shared<FaultFileSystem>(
        MakeMemoryFileSystem(), std::make_shared<FaultInjector>());
    db_.options.host.clock = &clock_;
    Create({.num_shards = 2, .auto_compaction = false});
  }
  ~CompactionTest() override { faults_->Disarm(); }

  void Create(const CollectionOptions& options) {
    if (db_->HasCollection("c")) {
      EXPECT_OK(db_->DropCollection("c"));
    }
    c_ = *db_->CreateCollection("c", schema_, options);
    rows_ = Oracle(schema_);
  }
  void Upsert(const std::vector<int64_t>& ids, const std::string& tag,
              const WriteOptions& options = {}) {
    const RowBatch rows = TaggedRows(schema_, ids, tag);
    EXPECT_OK(c_->Upsert(rows, options));
    rows_.Put(rows);
  }
  void Delete(const std::vector<int64_t>& ids) {
    EXPECT_OK(c_->Delete(ids));
    for (const int64_t id : ids) rows_.Delete(id);
  }
  void Flush() { EXPECT_OK(c_->Flush()); }
  // Flushes with rows, replaced rows and deleted ones in each of `count` segments per shard.
  void Fill(int count, size_t rows_per_flush = 40) {
    const auto step = static_cast<int64_t>(rows_per_flush);
    for (int64_t i = 0; i < count; ++i) {
      Upsert(Ids(i * step - step / 4, rows_per_flush), absl::StrCat("fill ", i));
      Delete({i * step + 1, i * step + 2});
      Flush();
    }
    clock_.Advance(1);  // what was deleted is of the past now
  }
  absl::Status Compact(const CompactOptions& options = {}) {
    const auto id = c_->Compact(options);
    if (!id.ok()) return id.status();
    return c_->WaitForCompaction(*id);
  }
  void Reopen() {
    c_.reset();
    db_.Reopen();
    c_ = *db_->OpenCollection("c");
  }
  void Crash() {
    c_.reset();
    db_.Crash();
    c_ = *db_->OpenCollection("c");
  }
  std::vector<SegmentDescription> Segments() const { return *c_->Segments(); }
  size_t NumSegments() const { return Segments().size(); }
  void ExpectRows() const {
    ExpectSameRows(rows_, *c_);
    if (!c_->HasIndex("v") || c_->LoadState() != LoadState::kLoaded) return;
    ExpectSameSearch(rows_, *c_, {.field = "v", .vectors = {1, 2, 0, 3, 0, 0, 0, 0}, .limit = 25});
  }
  // Calls `hook` from the call of the store that is the nth from now on; true when it came.
  bool DuringCall(int nth, const std::function<void()>& hook, const std::function<void()>& body,
                  const std::string& call = "", const std::string& path = "") {
    bool came = false;
    faults_->Arm(
        {.call = call, .path_contains = path, .nth = nth, .mode = FaultMode::kSlow, .on_slow = [&] {
           came = true;
           faults_->Disarm();
           hook();
         }});
    body();
    faults_->Disarm();
    return came;
  }

  // The calls of the store that `body` makes, by number from 1; of the same in a row the first.
  std::vector<int> CallsOf(const std::function<void()>& body) {
    faults_->Disarm();
    body();
    const std::vector<std::string> calls = faults_->calls();
    std::vector<int> steps;
    for (size_t i = 0; i < calls.size(); ++i) {
      const bool is_same = i > 0 && calls[i] == calls[i - 1];
      if (!is_same) steps.push_back(static_cast<int>(i) + 1);
    }
    return steps;
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
  Oracle rows_{schema_};
};

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_COMPACTION_TESTING_H_
