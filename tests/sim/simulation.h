#ifndef VECDB_SIM_SIMULATION_H_
#define VECDB_SIM_SIMULATION_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/event_file_system.h"
#include "sim/row_model.h"
#include "support/fake_clock.h"
#include "support/fault_file_system.h"
#include "support/power_cut_file_system.h"
#include "support/seeded_random.h"
#include "support/sim_executor.h"
#include "support/test_database.h"

namespace vecdb::support {

/// Drives one collection step by step, in an order and with faults that one seed decides, on one
/// thread, with a clock and a disk of its own, and compares it with a model after each. Every
/// difference fails the test. For one thread.
class Simulation {
 public:
  struct Tally {
    uint64_t steps = 0;
    uint64_t crashes = 0;
    uint64_t faults = 0;  // calls of the file system that failed
  };

  explicit Simulation(uint64_t seed) : random_(seed) {
    options_.num_shards = 2;
    const uint64_t place = Below(8);
    options_.journal = place == 0  ? JournalPlace::kNone
                       : place < 3 ? JournalPlace::kObjectStore
                                   : JournalPlace::kDirectory;
    has_host_sequence_ = Below(2) == 0;
    for (int64_t key = 0; key < kNumKeys; ++key) keys_.push_back(key);
  }

  /// Opens a new database with an empty collection.
  void Begin() {
    disk_ = std::make_shared<PowerCutFileSystem>(clock_);
    PlugIn();
    OpenDatabase();
    ASSERT_NE(database_, nullptr);
    auto created = database_->CreateCollection("c", schema_, options_);
    ASSERT_OK(created);
    collection_ = *std::move(created);
  }

  /// Adds rows enough for a graph, which makes every further step dearer.
  void Fill() {
    ModelBatch batch{.number = ++num_batches_, .keys = Ids(kFirstFill, kNumFill)};
    keys_.insert(keys_.end(), batch.keys.begin(), batch.keys.end());
    Insert(batch, {.host_sequence = batch.number});
    Flush();
    ToggleIndex();
    Check();
  }

  void Step() {
    ++tally_.steps;
    Act(Below(kNumSides));
    if (!::testing::Test::HasFailure()) Check();
  }

  const Tally& tally() const { return tally_; }
  uint64_t hash() const { return events_->value(); }
  /// The last steps, for messages.
  const std::string& story() const { return story_; }

 private:
  static constexpr int64_t kNumKeys = 32;
  static constexpr int64_t kFirstFill = 1000;
  static constexpr size_t kNumFill = 1100;
  static constexpr uint64_t kNumSides = 200;  // of the dice
  static constexpr uint64_t kFirstSideOfFaults = 180;
  static constexpr uint64_t kFirstSideOfCrashes = 188;

  enum class Index { kNone, kThere, kEither };

  struct Pinned {
    std::shared_ptr<const Snapshot> snapshot{};
    ModelRows rows{};
    bool searchable = false;
  };

  uint64_t Below(uint64_t end) { return random_.Below(end); }

  void Tell(const std::string& step) {
    absl::StrAppend(&story_, " ", step);
    if (story_.size() > 2000) story_.erase(0, 1000);
    events_->Add(step);
  }

  void Act(uint64_t side) {
    if (side < 106) return Write();
    if (side < 114) return static_cast<void>(Flush());
    if (side < 134) return RunBehind();
    if (side < 154) return AdvanceClock();
    if (side < 158) return ToggleIndex();
    if (side < 166) return Pin();
    if (side < 174) return DropPinned();
    if (side < 177) return CollectGarbage();
    if (side < 179) return Verify();
    if (side < kFirstSideOfFaults) return Checkpoint();
    if (side < kFirstSideOfCrashes) return ActWithFault();
    if (side < 191) return ActUntilPowerOff();
    if (side < 193) return Crash();
    if (side < 194) return Close();
    Write();
  }

  // --- Faults. Whatever happens to a step under one, the model says what may be there.

  bool HasFired() const { return nth_fault_ > 0 && faults_->num_matched() >= nth_fault_; }

  // True when it is OK. An error needs a reason: a fault of this step, an earlier one that has
  // ended all writes, or the power.
  bool Succeeded(const absl::Status& status, const char* step) {
    Tell(status.ok() ? std::string(step)
                     : absl::StrCat(step, "!", static_cast<int>(status.code())));
    const bool refused = had_fault_ && absl::IsFailedPrecondition(status);
    EXPECT_TRUE(status.ok() || HasFired() || refused || is_stopping_) << status;
    return status.ok();
  }

  void ActWithFault() {
    constexpr FaultMode kModes[] = {FaultMode::kFailBefore, FaultMode::kFailAfter,
                                    FaultMode::kShortAppend};
    Fault fault{.nth = 1 + static_cast<int>(Below(10)), .mode = kModes[Below(std::size(kModes))]};
    if (fault.mode != FaultMode::kFailAfter && Below(2) == 0) {
      fault.error = absl::ResourceExhaustedError("injected: the disk is full");
    }
    Tell("fault:");
    faults_->Arm(fault);
    nth_fault_ = fault.nth;
    Act(Below(kFirstSideOfFaults));
    if (HasFired()) {
      ++tally_.faults;
      had_fault_ = true;
    }
    nth_fault_ = 0;
    faults_->Disarm();
  }

  void ActUntilPowerOff() {
    Tell("stopping:");
    disk_->StopAfter(1 + static_cast<int>(Below(30)));
    is_stopping_ = true;
    for (uint64_t steps = 1 + Below(3); steps > 0; --steps) Act(Below(kFirstSideOfFaults));
    Crash();
  }

  // --- Opening and closing.

  void PlugIn() {
    files_ = std::make_shared<EventFileSystem>(std::make_shared<FaultFileSystem>(disk_, faults_),
                                               events_);
  }

  void OpenDatabase() {
    auto opened = Database::Open({.file_system = files_,
                                  .host = {.executor = &executor_, .clock = &clock_},
                                  .gc_grace_ms = 5'000});
    EXPECT_OK(opened);
    if (opened.ok()) database_ = *std::move(opened);
  }

  void LetGo() {
    pinned_.clear();
    collection_.reset();
    database_.reset();
  }

  void Crash() {
    ++tally_.crashes;
    disk_->StopAfter(1);  // nothing is tidied up
    LetGo();
    ModelCrash crash = PowerComesBack(ModelCrash::kKill);
    if (Below(6) == 0) {
      Tell("again:");
      disk_->StopAfter(1 + static_cast<int>(Below(20)));
      auto opened = Database::Open({.file_system = files_,
                                    .host = {.executor = &executor_, .clock = &clock_},
                                    .gc_grace_ms = 5'000});
      if (opened.ok()) (*opened)->OpenCollection("c").IgnoreError();
      disk_->StopAfter(1);
      opened = absl::UnknownError("killed");
      crash = PowerComesBack(crash);
    }
    is_stopping_ = false;
    OpenDatabase();
    if (::testing::Test::HasFailure()) return;
    OpenAndMatch(crash);
  }

  // Gives the worst of `before` and of what happens now.
  ModelCrash PowerComesBack(ModelCrash before) {
    const uint64_t kind = Below(4);
    Tell(absl::StrCat("crash", kind));
    is_durable_ = kind != 3;
    if (kind == 3) {
      disk_->StopAfter(0);
      disk_->Restart();
      return before;
    }
    disk_ = kind == 0 ? disk_->Cut(random_.Next()) : kind == 1 ? disk_->CutAll() : disk_->KeepAll();
    PlugIn();
    return kind == 2 ? before : ModelCrash::kPowerCut;
  }

  void OpenAndMatch(ModelCrash crash) {
    auto opened = database_->OpenCollection("c");
    if (!Succeeded(opened.status(), "open")) return;
    collection_ = *std::move(opened);
    had_fault_ = false;
    if (has_host_sequence_) {
      EXPECT_GE(*collection_->DurableUpTo(), flushed_number_);
      model_.FlushedUpTo(*collection_->DurableUpTo());
    }
    const ModelRows found = Read(*collection_, keys_, {});
    EXPECT_TRUE(model_.Match(found, crash))
        << "found " << found.size() << " rows, " << (crash == ModelCrash::kKill ? "killed" : "cut");
    if (is_durable_) model_.AllDurable();
    acknowledged_number_ = flushed_number_;
    const bool has_index = collection_->HasIndex("v");
    EXPECT_TRUE(index_ == Index::kEither || has_index == (index_ == Index::kThere));
    index_ = has_index ? Index::kThere : Index::kNone;
  }

  // For a collection that takes no writes any more. Snapshots stay as they are.
  void OpenInPlace() {
    is_durable_ = false;
    OpenAndMatch(ModelCrash::kKill);
    // Loading may have failed, too.
    if (index_ == Index::kThere) {
      EXPECT_OK(collection_->Load());
    }
  }

  void Close() {
    if (had_fault_ || Below(2) == 0) Flush();
    const absl::Status closed = database_->Close();
    if (!Succeeded(closed, "close")) return Crash();
    NoteFlushed();
    LetGo();
    is_durable_ = true;
    OpenDatabase();
    if (::testing::Test::HasFailure()) return;
    OpenAndMatch(ModelCrash::kPowerCut);
  }

  // --- Steps.

  void Write() {
    ModelBatch batch{.number = ++num_batches_, .is_delete = Below(10) < 3};
    std::vector<int64_t> keys(static_cast<size_t>(kNumKeys));
    for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(i);
    random_.Shuffle(keys);
    keys.resize(1 + Below(6));
    batch.keys = std::move(keys);
    WriteOptions options{.durability =
                             static_cast<Durability>(std::min<uint64_t>(3, 1 + Below(5)))};
    if (has_host_sequence_) options.host_sequence = batch.number;
    if (batch.is_delete) {
      const RowFilter filter("id in {keys}", {{"keys", batch.keys}});
      Settle(batch,
             Below(2) == 0 ? collection_->Delete(batch.keys, options)
                           : collection_->DeleteWhere(filter, options),
             "delete");
    } else if (Below(2) == 0) {
      Insert(batch, options);
    } else {
      Settle(batch, collection_->Upsert(RowsOf(batch), options), "upsert");
    }
  }

  void Insert(const ModelBatch& batch, const WriteOptions& options) {
    const bool taken = std::any_of(batch.keys.begin(), batch.keys.end(),
                                   [&](int64_t key) { return model_.visible().contains(key); });
    const auto result = collection_->Insert(RowsOf(batch), options);
    if (!taken || !absl::IsAlreadyExists(result.status())) {
      EXPECT_TRUE(!taken || !result.ok());
      return Settle(batch, result, "insert");
    }
    Tell("taken");
  }

  RowBatch RowsOf(const ModelBatch& batch) const {
    std::vector<float> vectors;
    for (const int64_t key : batch.keys) {
      const auto vector = ModelVector(key, batch.number, kDim);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    RowBatch rows(schema_);
    rows.SetInt64("id", batch.keys);
    rows.SetVarChar("tag",
                    std::vector<std::string>(batch.keys.size(), absl::StrCat("b", batch.number)));
    rows.SetFloatVectors("v", std::move(vectors));
    return rows;
  }

  void Settle(const ModelBatch& batch, const absl::StatusOr<WriteResult>& result,
              const char* step) {
    if (Succeeded(result.status(), step)) {
      const size_t before = model_.visible().size();
      model_.Acknowledge(batch, result->durability);
      acknowledged_number_ = batch.number;
      EXPECT_EQ(before + result->insert_count + result->upsert_count - result->delete_count,
                model_.visible().size());
    } else if (absl::IsUnknown(result.status())) {
      model_.Unclear(batch);
    } else if (absl::IsFailedPrecondition(result.status()) && Below(2) == 0 && nth_fault_ == 0 &&
               !is_stopping_) {
      OpenInPlace();
    }
  }

  bool Flush() {
    const bool flushed = Succeeded(collection_->Flush(), "flush");
    if (flushed) NoteFlushed();
    return flushed;
  }

  void NoteFlushed() {
    model_.Flushed();
    flushed_number_ = acknowledged_number_;
  }

  void RunBehind() {
    Tell("behind");
    executor_.RunOne(random_);
  }

  void AdvanceClock() {
    Tell("later");
    clock_.Advance(static_cast<int64_t>(Below(60'000)));
  }

  void ToggleIndex() {
    const bool create = index_ == Index::kNone;
    const IndexSpec spec = Below(3) == 0 ? Flat() : Hnsw();
    const absl::Status status =
        create ? collection_->CreateIndex("v", spec) : collection_->DropIndex("v");
    if (index_ == Index::kEither && (absl::IsNotFound(status) || absl::IsAlreadyExists(status))) {
      return;
    }
    if (Succeeded(status, create ? "index" : "no-index")) {
      index_ = create ? Index::kThere : Index::kNone;
    } else {
      index_ = Index::kEither;
    }
  }

  void Pin() {
    auto snapshot = collection_->PinSnapshot();
    if (!Succeeded(snapshot.status(), "pin")) return;
    if (pinned_.size() >= 4) pinned_.erase(pinned_.begin());
    pinned_.push_back(
        {*snapshot, model_.visible(), collection_->LoadState() == LoadState::kLoaded});
  }

  void DropPinned() {
    if (pinned_.empty()) return;
    Tell("unpin");
    const auto at = static_cast<ptrdiff_t>(Below(pinned_.size()));
    if (nth_fault_ == 0 && !is_stopping_) CheckRows(pinned_[static_cast<size_t>(at)], keys_);
    pinned_.erase(pinned_.begin() + at);
  }

  void CollectGarbage() { Succeeded(database_->CollectGarbage().status(), "garbage"); }

  // Both steps below open every collection, and with that one that takes no writes any more anew.
  bool OpenedWritable() {
    if (!had_fault_) return true;
    if (nth_fault_ > 0 || is_stopping_) return false;
    if (!Flush()) OpenInPlace();
    return !::testing::Test::HasFailure();
  }

  void Verify() {
    if (!OpenedWritable()) return;
    const auto report = database_->Verify();
    if (!Succeeded(report.status(), "verify") || HasFired() || is_stopping_) return;
    for (const std::string& damage : report->damage) ADD_FAILURE() << damage;
  }

  void Checkpoint() {
    if (!OpenedWritable()) return;
    const auto store = MakeMemoryObjectStore(clock_);
    if (!Succeeded(database_->Checkpoint(store, ""), "checkpoint")) return;
    NoteFlushed();
    SimExecutor executor;
    const auto copy =
        Database::Open({.store = store, .host = {.executor = &executor, .clock = &clock_}});
    ASSERT_OK(copy);
    const auto collection = (*copy)->OpenCollection("c");
    ASSERT_OK(collection);
    EXPECT_EQ(Read(**collection, keys_, {}), model_.visible());
  }

  // --- Checks.

  void Check() {
    CheckRows({.rows = model_.visible(), .searchable = index_ == Index::kThere}, SomeKeys());
    if (!pinned_.empty()) CheckRows(pinned_[Below(pinned_.size())], SomeKeys());
  }

  std::vector<int64_t> SomeKeys() {
    std::vector<int64_t> some;
    for (int i = 0; i < 4; ++i) some.push_back(keys_[Below(keys_.size())]);
    std::sort(some.begin(), some.end());
    some.erase(std::unique(some.begin(), some.end()), some.end());
    return some;
  }

  void CheckRows(const Pinned& state, const std::vector<int64_t>& keys) {
    const Consistency consistency =
        state.snapshot == nullptr ? DrawConsistency() : Consistency(state.snapshot);
    EXPECT_EQ(*collection_->Count(consistency), state.rows.size());
    ModelRows expected;
    for (const int64_t key : keys) {
      const auto row = state.rows.find(key);
      if (row != state.rows.end()) expected.insert(*row);
    }
    EXPECT_EQ(Read(*collection_, keys, consistency), expected);
    if (state.searchable) CheckSearch(state.rows, consistency);
  }

  Consistency DrawConsistency() {
    const uint64_t kind = Below(6);
    if (kind == 4) return Consistency::Bounded(static_cast<int64_t>(Below(100)));
    return kind == 5 ? Consistency() : Consistency(static_cast<ConsistencyLevel>(kind));
  }

  // What is there of `keys`. A row that no batch has written is a failure.
  ModelRows Read(const Collection& collection, const std::vector<int64_t>& keys,
                 const Consistency& consistency) {
    ModelRows found;
    const auto rows = collection.Get(keys, {}, consistency);
    EXPECT_OK(rows);
    if (!rows.ok()) return found;
    for (size_t row = 0; row < rows->num_rows(); ++row) {
      const int64_t key = rows->column("id")->int64s()[row];
      const std::string tag(rows->column("tag")->string(row));
      uint64_t batch = 0;
      EXPECT_TRUE(absl::SimpleAtoi(tag.substr(1), &batch));
      const auto vector = rows->column("v")->vector(row);
      const auto expected = ModelVector(key, batch, kDim);
      EXPECT_TRUE(std::equal(vector.begin(), vector.end(), expected.begin(), expected.end()));
      EXPECT_TRUE(found.emplace(key, batch).second) << "key " << key << " twice";
      events_->Add(absl::StrCat(key, ":", batch));
    }
    return found;
  }

  static float Score(const std::vector<float>& query, int64_t key, uint64_t batch) {
    const auto vector = ModelVector(key, batch, kDim);
    float sum = 0;
    for (size_t i = 0; i < kDim; ++i) sum += (vector[i] - query[i]) * (vector[i] - query[i]);
    return sum;  // of small whole numbers: exact
  }

  // Exact up to the rows that a graph takes; beyond, only the choice of the rows is free.
  void CheckSearch(const ModelRows& rows, const Consistency& consistency) {
    const auto query = GridVector(static_cast<int64_t>(Below(1 << 20)), kDim);
    const size_t limit = 1 + Below(8);
    const auto result = collection_->Search(
        {.vectors = query, .limit = static_cast<int32_t>(limit), .consistency = consistency});
    if (had_fault_ && absl::IsFailedPrecondition(result.status())) return;  // loading failed
    ASSERT_OK(result);
    std::vector<std::pair<float, int64_t>> expected;
    for (const auto& [key, batch] : rows) expected.emplace_back(Score(query, key, batch), key);
    const size_t count = std::min(limit, expected.size());
    std::partial_sort(expected.begin(), expected.begin() + static_cast<ptrdiff_t>(count),
                      expected.end());
    expected.resize(count);
    std::vector<std::pair<float, int64_t>> found;
    for (const Hit& hit : result->hits(0)) {
      found.emplace_back(hit.score(), hit.int64_key());
      events_->Add(absl::StrCat("hit ", hit.int64_key()));
    }
    if (rows.size() < kNumFill / 2) {
      EXPECT_EQ(found, expected);
      return;
    }
    ASSERT_EQ(found.size(), count);
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    for (const auto& [score, key] : found) {
      ASSERT_TRUE(rows.contains(key));
      EXPECT_EQ(score, Score(query, key, rows.at(key)));
    }
  }

  static constexpr size_t kDim = 4;

  const Schema schema_ = TaggedSchema();
  SeededRandom random_;
  CollectionOptions options_;
  bool has_host_sequence_ = false;
  FakeClock clock_;
  SimExecutor executor_;
  const std::shared_ptr<EventHash> events_ = std::make_shared<EventHash>();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  std::shared_ptr<PowerCutFileSystem> disk_;
  std::shared_ptr<FileSystem> files_;  // of disk_, with faults and events

  std::vector<int64_t> keys_;  // all that are ever used
  RowModel model_;
  Index index_ = Index::kNone;
  uint64_t num_batches_ = 0;
  uint64_t acknowledged_number_ = 0;  // of the last batch
  uint64_t flushed_number_ = 0;       // the same, at the last flush
  std::vector<Pinned> pinned_;
  int nth_fault_ = 0;         // of the step; 0 when none is armed
  bool had_fault_ = false;    // since the collection was opened
  bool is_stopping_ = false;  // the power goes off
  bool is_durable_ = true;    // nothing was pending on the disk when the collection was opened
  std::unique_ptr<Database> database_;
  std::unique_ptr<Collection> collection_;
  std::string story_;
  Tally tally_;
};

}  // namespace vecdb::support

#endif  // VECDB_SIM_SIMULATION_H_
