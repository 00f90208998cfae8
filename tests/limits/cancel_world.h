#ifndef VECDB_LIMITS_CANCEL_WORLD_H_
#define VECDB_LIMITS_CANCEL_WORLD_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limits/counting_executor.h"
#include "limits/process_limits.h"
#include "support/store_testing.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::support {

struct CancelSize {
  int64_t num_rows = 0;
  int32_t dim = 0;
  size_t batch_rows = 0;   // of one write
  size_t num_queries = 0;  // of a search of many
  IndexSpec index{};
};

/// A collection "c" in files whose rows are known, for calls that are cancelled. For one thread.
class CancelWorld {
 public:
  /// The tags of rows by key; nullopt for a row that is not there.
  using Change = std::map<int64_t, std::optional<std::string>>;

  explicit CancelWorld(const CancelSize& size) : size_(size), schema_(TaggedSchema(size.dim)) {
    schema_.fields.push_back({.name = "w", .type = DataType::kFloatVector, .dim = 4});
    options_ = {.path = directory_.path(),
                .host = {.executor = &executor_, .budget = &budget_},
                .gc_grace_ms = 0};
    db_ = *Database::Open(options_);
    c_ = *db_->CreateCollection("c", schema_,
                                {.num_shards = 2,
                                 .load = LoadPolicy::kManual,
                                 .on_duplicate_key = DuplicateKeyPolicy::kReject,
                                 .auto_compaction = false});
    const auto step = static_cast<int64_t>(size.batch_rows);
    for (int64_t first = 0; first < size.num_rows; first += step) {
      EXPECT_TRUE(Write(Ids(first, size.batch_rows), "t"));
    }
    EXPECT_OK(c_->CreateIndex("v", size.index));
    Settle();
  }

  const CancelSize& size() const { return size_; }
  const Schema& schema() const { return schema_; }
  Database& db() { return *db_; }
  Collection& c() { return *c_; }
  CountingExecutor& executor() { return executor_; }
  const DatabaseOptions& options() const { return options_; }
  uint64_t num_rows() const { return tags_.size(); }

  RowBatch Rows(const std::vector<int64_t>& ids, const std::string& tag) const {
    RowBatch rows = TaggedRows(schema_, ids, tag);
    std::vector<float> vectors;
    for (const int64_t id : ids) {
      const std::vector<float> vector = GridVector(id + 1, 4);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    rows.SetFloatVectors("w", std::move(vectors));
    return rows;
  }

  /// Upserts rows, which must succeed.
  bool Write(const std::vector<int64_t>& ids, const std::string& tag) {
    const auto written = c_->Upsert(Rows(ids, tag));
    EXPECT_OK(written);
    for (const int64_t id : ids) tags_[id] = tag;
    return written.ok();
  }

  static Change Tagged(const std::vector<int64_t>& ids, const std::optional<std::string>& tag) {
    Change change;
    for (const int64_t id : ids) change[id] = tag;
    return change;
  }

  /// Expects of a write that it has happened, has not, or either when that is unknown, and takes
  /// note of what is there. True when it has happened.
  bool Settled(const absl::Status& status, const Change& change) {
    const Change before = Known(change);
    const Change found = Found(change);
    if (status.ok()) {
      EXPECT_TRUE(found == change) << "acknowledged and not there";
    } else if (!absl::IsUnknown(status)) {
      EXPECT_TRUE(found == before) << "refused and there: " << status;
    }
    EXPECT_TRUE(found == change || found == before) << "half of a batch: " << status;
    for (const auto& [id, tag] : found) {
      if (tag.has_value()) tags_[id] = *tag;
      if (!tag.has_value()) tags_.erase(id);
    }
    ExpectCount();
    return found == change;
  }

  void ExpectCount() { EXPECT_EQ(*c_->Count(ConsistencyLevel::kStrong), tags_.size()); }

  /// Expects every row, with all its values, and no other.
  void ExpectAllRows() {
    std::map<std::string, std::vector<int64_t>> by_tag;
    for (const auto& [id, tag] : tags_) by_tag[tag].push_back(id);
    Oracle oracle(schema_);
    for (const auto& [tag, ids] : by_tag) oracle.Put(Rows(ids, tag));
    ExpectSameRows(oracle, *c_);
  }

  /// Brings back the one state that its rows have at rest: flushed, compacted, indexed, released,
  /// without caches and garbage.
  void Settle() {
    executor_.AwaitIdle();
    EXPECT_OK(c_->Flush());
    const auto compaction = c_->Compact();
    ASSERT_OK(compaction);
    EXPECT_OK(c_->WaitForCompaction(*compaction));
    EXPECT_OK(c_->WaitForIndex("v"));
    EXPECT_OK(c_->Release());
    executor_.AwaitIdle();
    EXPECT_OK(db_->CollectGarbage());
    budget_.DropCaches();
  }

  /// What it takes; at rest always the same.
  uint64_t UsedBytes() { return db_->MemoryReport().used_bytes; }

  void EnsureIndex(const IndexSpec& spec) {
    EnsureNoIndex();
    EXPECT_OK(c_->CreateIndex("w", spec));
  }
  void EnsureNoIndex() {
    if (c_->HasIndex("w")) {
      EXPECT_OK(c_->DropIndex("w"));
    }
  }

  /// Opens it again when a commit of unknown outcome has made it read-only.
  void Heal(const absl::Status& status) {
    if (absl::IsUnknown(status)) c_ = *db_->OpenCollection("c");
  }

  /// Closes as a crash would, and opens again.
  void Reopen() {
    c_.reset();
    db_.reset();
    db_ = *Database::Open(options_);
    c_ = *db_->OpenCollection("c");
  }

 private:
  Change Known(const Change& keys) const {
    Change known;
    for (const auto& [id, tag] : keys) {
      const auto row = tags_.find(id);
      known[id] = row == tags_.end() ? std::nullopt : std::optional(row->second);
    }
    return known;
  }

  Change Found(const Change& keys) {
    Change found;
    std::vector<int64_t> ids;
    for (const auto& [id, tag] : keys) {
      ids.push_back(id);
      found[id] = std::nullopt;
    }
    const auto rows = c_->Get(ids, std::vector<std::string>{"tag"}, ConsistencyLevel::kStrong);
    EXPECT_OK(rows);
    for (size_t row = 0; rows.ok() && row < rows->num_rows(); ++row) {
      found[rows->column("id")->int64s()[row]] = std::string(rows->column("tag")->string(row));
    }
    return found;
  }

  const CancelSize size_;
  Schema schema_;
  const TempDirectory directory_{ParentInMemory()};
  MemoryBudget budget_;
  CountingExecutor executor_{2};
  DatabaseOptions options_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> c_;
  std::map<int64_t, std::string> tags_;
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_CANCEL_WORLD_H_
