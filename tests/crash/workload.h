#ifndef VECDB_CRASH_WORKLOAD_H_
#define VECDB_CRASH_WORKLOAD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crash/pending_oracle.h"
#include "support/seeded_random.h"
#include "support/test_executors.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {

class PowerCutFileSystem;

/// What a collection may be after a crash.
struct CollectionModel {
  enum class Index { kNone, kThere, kEither };

  std::vector<std::string> names{};  ///< it has one of them
  bool may_be_missing = false;
  Schema schema{};
  PendingOracle rows{};
  Index index = Index::kNone;  ///< of "v"
};

using DatabaseModel = std::vector<CollectionModel>;

/// Collections that are there, by where they are in the model.
using OpenCollections = std::map<size_t, std::unique_ptr<Collection>>;

/// Opens every collection and compares names, rows and indexes with the model, which knows from
/// then on what is there. Internal when they differ.
absl::StatusOr<OpenCollections> OpenAndMatch(Database& database, DatabaseModel* model, Crash crash);

/// Drives a database, and keeps a model of what it must hold. Every call whose error nobody has
/// expected fails the test. Without threads: what runs behind runs in RunBehind. For one thread.
class Workload {
 public:
  struct Options {
    uint64_t seed = 0;
    /// True when an error is no failure of the test.
    std::function<bool()> may_fail = [] { return false; };
    /// True when nothing further is to be done.
    std::function<bool()> is_over = [] { return false; };
  };

  Workload(std::shared_ptr<FileSystem> files, Options options);

  /// Opens what is there.
  void Open();
  void Close();
  /// Ends as a process that is killed, and opens what is there.
  void Kill();
  /// Ends as a process that is killed.
  void Stop();

  void Create(const std::string& name, const CollectionOptions& options = {.num_shards = 3},
              int32_t dim = 4);
  void Rename(const std::string& from, const std::string& to);
  void Drop(const std::string& name);

  /// Rows of new keys; rows over old and new ones; deletions of some of each.
  void Insert(const std::string& name, size_t num_rows, Durability level = Durability::kSynced);
  void Upsert(const std::string& name, size_t num_rows, Durability level = Durability::kSynced);
  void Delete(const std::string& name, size_t num_rows, Durability level = Durability::kSynced);
  /// A segment of rows of new keys, built elsewhere, for a collection of one shard.
  void Ingest(const std::string& name, size_t num_rows);
  void Flush(const std::string& name);
  void CreateIndex(const std::string& name, const IndexSpec& spec);
  void DropIndex(const std::string& name);
  void WaitForIndex(const std::string& name);
  void Compact(const std::string& name);
  /// Runs what waits in the background.
  void RunBehind();

  /// One step at random with the collection `name`.
  void RandomStep(const std::string& name);

  /// Compares what is open with the model.
  void CheckOpen();

  SeededRandom& random() { return random_; }
  const DatabaseModel& model() const { return model_; }
  uint64_t num_acknowledged() const { return num_acknowledged_; }
  /// Cancels the call that runs.
  void CancelCall() { context_.cancel.Cancel(); }

 private:
  struct Target {
    CollectionModel* model = nullptr;
    Collection* collection = nullptr;
  };

  bool IsOver() const { return options_.is_over(); }
  // True when it is OK; an error is a failure unless it may be one.
  bool Succeeded(const absl::Status& status, const char* call);
  const Context& NewContext();
  Target Find(const std::string& name);
  void Write(const std::string& name, WriteBatch batch, bool replace, Durability level);
  void NoteAnswer(const absl::StatusOr<WriteResult>& result, CollectionModel* model);
  std::vector<int64_t> OldKeys(const CollectionModel& model, size_t count);
  void AddNewKeys(size_t count, std::vector<int64_t>* keys);

  const std::shared_ptr<FileSystem> files_;
  const Options options_;
  SeededRandom random_;
  ManualExecutor executor_;
  Context context_;
  DatabaseModel model_;
  std::unique_ptr<Database> database_;
  OpenCollections open_;
  uint64_t num_batches_ = 0;
  int64_t num_keys_ = 0;
  uint64_t num_acknowledged_ = 0;
};

/// Expects that `files`, on which nothing is open, is a database as `model` says after `crash`,
/// that it takes writes, that these and what was found are there after a second power cut, and that
/// searches are exact. `seed` says which of the ways to do so is taken.
void ExpectRecovery(const std::shared_ptr<PowerCutFileSystem>& files, DatabaseModel model,
                    Crash crash, uint64_t seed);

}  // namespace vecdb::support

#endif  // VECDB_CRASH_WORKLOAD_H_
