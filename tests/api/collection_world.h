#ifndef VECDB_TESTS_API_COLLECTION_WORLD_H_
#define VECDB_TESTS_API_COLLECTION_WORLD_H_

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "api/api_testing.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"

namespace vecdb::support {

/// A database with a collection "c", whose store, journal and memory can be made to fail.
class World {
 public:
  World() {
    db.options.store = std::make_shared<FaultObjectStore>(store, store_faults);
    db.options.journal_directory = std::make_shared<FaultFileSystem>(logs, log_faults);
    db.options.host.budget = &budget;
    c = *db->CreateCollection("c", schema);
  }
  ~World() {
    store_faults->Disarm();
    log_faults->Disarm();
  }

  RowBatch Rows(const std::vector<int64_t>& ids) const { return TaggedRows(schema, ids, "t"); }

  void FailStore(const char* call, const char* path) {
    store_faults->Arm({.call = call,
                       .path_contains = path,
                       .sticky = true,
                       .error = absl::UnavailableError("away")});
  }
  /// Lets the next sync of the journal fail; a file must be there.
  void FailJournal() {
    EXPECT_OK(c->Upsert(Rows({1})));
    log_faults->Arm({.call = "Sync", .path_contains = ".log", .sticky = true});
  }
  /// Takes all memory.
  void Squeeze() { EXPECT_OK(budget.Reserve(budget.limit_bytes() - budget.used_bytes(), "test")); }
  /// Damages every object whose name ends so.
  void Damage(std::string_view end) {
    for (const std::string& path : ObjectsWith(*store, "")) {
      if (!path.ends_with(end)) continue;
      ReplaceObject(*store, path, "damaged");
    }
  }
  /// A collection of 1100 flushed rows, and "v" indexed.
  void FlushIndexed(const IndexSpec& spec) {
    EXPECT_OK(c->Upsert(Rows(Ids(0, 1100))));
    EXPECT_OK(c->CreateIndex("v", spec));
    EXPECT_OK(c->Flush());
  }
  void Crash() {
    db.Crash();
    c = *db->OpenCollection("c");
  }
  absl::Status Search(SearchRequest request, const Context& context = {}) const {
    static constexpr float kQuery[] = {1, 1, 1, 1};
    if (request.vectors.empty()) request.vectors = kQuery;
    return c->Search(request, context).status();
  }

  const Schema schema = TaggedSchema();
  const std::shared_ptr<FaultInjector> store_faults = std::make_shared<FaultInjector>();
  const std::shared_ptr<FaultInjector> log_faults = std::make_shared<FaultInjector>();
  const std::shared_ptr<ObjectStore> store = MakeMemoryObjectStore();
  const std::shared_ptr<FileSystem> logs = MakeMemoryFileSystem();
  MemoryBudget budget{64 << 20};
  TestDatabase db;
  std::unique_ptr<Collection> c;
};

/// A reader beside the writer of a World, with the collection open.
class Reader {
 public:
  explicit Reader(World& world) : db(world.store) {
    db.options.read_only = true;
    c = *db->OpenCollection("c");
  }
  TestDatabase db;
  std::unique_ptr<Collection> c;
};

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_COLLECTION_WORLD_H_
