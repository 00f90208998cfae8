// Every store operation of every call that writes fails once, before or after it is applied. What
// must hold: nothing is lost in memory, a reopen finds every write that was acknowledged, and a
// definition is as it was before the call or as after it, never anything between.
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_format.h"
#include "support/fault_object_store.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

struct FaultCase {
  int nth = 0;
  FaultMode mode = FaultMode::kFailBefore;
  absl::Status error;
};

// A database whose store fails on demand.
class FaultyDatabase : public TestDatabase {
 public:
  explicit FaultyDatabase(
      std::shared_ptr<FaultInjector> injector = std::make_shared<FaultInjector>())
      : TestDatabase(std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), injector)),
        injector_(std::move(injector)) {}

  const std::shared_ptr<FaultInjector>& injector() { return injector_; }

  void Arm(const FaultCase& fault) {
    injector_->Arm({.nth = fault.nth, .mode = fault.mode, .error = fault.error});
  }
  void Disarm() { injector_->Disarm(); }

 private:
  const std::shared_ptr<FaultInjector> injector_;
};

using Calls = std::vector<std::string>;  // names of operations of the store

// Every error at every operation would take long for what it tells.
const std::pair<FaultMode, absl::Status> kFaults[] = {
    {FaultMode::kFailBefore, absl::UnknownError("injected")},
    {FaultMode::kFailAfter, absl::UnknownError("injected")},
    {FaultMode::kFailAfter, absl::UnavailableError("injected")},
    {FaultMode::kFailBefore, absl::ResourceExhaustedError("injected")}};

// Runs `attempt` with each operation of the store failing in turn, of appends in a row the first;
// it is first called with none that fails and gives all operations.
void ForEachFault(const std::function<Calls(const FaultCase&)>& attempt) {
  const Calls calls = attempt({});
  ASSERT_FALSE(calls.empty());
  for (const auto& [mode, error] : kFaults) {
    for (size_t i = 0; i < calls.size(); ++i) {
      if (i > 0 && calls[i] == "Append" && calls[i - 1] == "Append") continue;
      SCOPED_TRACE(absl::StrFormat("operation %d, %s, fails %s with %s", i + 1, calls[i],
                                   mode == FaultMode::kFailBefore ? "before" : "after",
                                   absl::StatusCodeToString(error.code())));
      attempt({.nth = static_cast<int>(i) + 1, .mode = mode, .error = error});
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// A collection with flushed rows, and changes that are in the journal alone.
class Flushing {
 public:
  explicit Flushing(bool with_index) {
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 2});
    if (with_index) {
      EXPECT_OK(collection_->CreateIndex("v", Flat()));
    }
    Upsert(Ids(0, 12), "first");
    EXPECT_OK(collection_->Flush());
    Upsert(Ids(9, 8), "second");
    EXPECT_OK(collection_->Delete({1, 10}));
    oracle_.Delete(int64_t{1});
    oracle_.Delete(int64_t{10});
    indexed_ = with_index;
  }

  FaultyDatabase& db() { return db_; }
  Collection& collection() { return *collection_; }
  const Oracle& oracle() const { return oracle_; }
  void Forget(int64_t key) { oracle_.Delete(key); }

  void ExpectNothingLostInMemory() {
    ExpectSameRows(oracle_, *collection_);
    if (indexed_) ExpectSameSearch(oracle_, *collection_, {.field = "v", .vectors = {1, 2, 0, 1}});
  }

  // What a crash now leaves.
  Oracle AfterCrash() {
    db_.Crash();
    collection_ = *db_->OpenCollection("c");
    const auto count = collection_->Count();
    const auto rows = collection_->Get(Ids(0, 40));
    EXPECT_OK(rows);
    Oracle found = rows.ok() ? RowsOf(schema_, *rows) : Oracle(schema_);
    EXPECT_EQ(*count, found.size());
    ExpectSameRows(found, *collection_);
    if (indexed_) ExpectSameSearch(found, *collection_, {.field = "v", .vectors = {1, 2, 0, 1}});
    return found;
  }

 private:
  void Upsert(const std::vector<int64_t>& ids, const std::string& tag) {
    const RowBatch batch = TaggedRows(schema_, ids, tag);
    EXPECT_OK(collection_->Upsert(batch));
    oracle_.Put(batch);
  }

  const Schema schema_ = TaggedSchema();
  FaultyDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{schema_};
  bool indexed_ = false;
};

Calls FlushWithFault(bool with_index, const FaultCase& fault) {
  Flushing test(with_index);
  test.db().Arm(fault);
  const absl::Status flushed = test.collection().Flush();
  const Calls calls = test.db().injector()->calls();
  test.db().Disarm();
  test.ExpectNothingLostInMemory();
  const absl::Status again = test.collection().Flush();
  if (!again.ok()) {
    EXPECT_TRUE(absl::IsFailedPrecondition(again)) << again;
    EXPECT_FALSE(flushed.ok());
    EXPECT_EQ(CodeOf(test.collection().Delete({3})), absl::StatusCode::kFailedPrecondition);
    test.ExpectNothingLostInMemory();
  }
  EXPECT_EQ(test.AfterCrash(), test.oracle());
  EXPECT_OK(test.collection().Upsert(TaggedRows(TaggedSchema(), {100}, "goes on")));
  EXPECT_OK(test.collection().Flush());
  return calls;
}

TEST(StoreFaultTest, FlushLosesNothing) {
  ForEachFault([](const FaultCase& fault) { return FlushWithFault(false, fault); });
}

TEST(StoreFaultTest, FlushOfALoadedCollectionLosesNothing) {
  ForEachFault([](const FaultCase& fault) { return FlushWithFault(true, fault); });
}

TEST(StoreFaultTest, CloseThatFailsCanBeTriedAgain) {
  ForEachFault([](const FaultCase& fault) {
    Flushing test(false);
    test.db().Arm(fault);
    const absl::Status closed = test.db()->Close();
    const Calls calls = test.db().injector()->calls();
    test.db().Disarm();
    // It stays open when trying again can help, and is closed when not.
    if (!closed.ok() && test.collection().Count().ok()) {
      test.ExpectNothingLostInMemory();
      EXPECT_OK(test.collection().Upsert(TaggedRows(TaggedSchema(), {3}, "between")));
      EXPECT_OK(test.collection().Delete({3}));
      test.Forget(3);
      EXPECT_OK(test.db()->Close());
    }
    EXPECT_EQ(test.AfterCrash(), test.oracle());
    return calls;
  });
}

TEST(StoreFaultTest, OpeningThatFailsChangesNothing) {
  ForEachFault([](const FaultCase& fault) {
    Flushing test(true);
    EXPECT_OK(test.collection().Flush());
    test.db().database.reset();
    test.db().Arm(fault);
    if (test.db().TryOpen().ok()) {
      const auto opened = test.db()->OpenCollection("c");
      const auto rows = opened.ok() ? (*opened)->Get(Ids(0, 40)) : opened.status();
      if (rows.ok()) {
        EXPECT_EQ(RowsOf(TaggedSchema(), *rows), test.oracle());
      }
    }
    const Calls calls = test.db().injector()->calls();
    test.db().Disarm();
    EXPECT_EQ(test.AfterCrash(), test.oracle());
    return calls;
  });
}

TEST(StoreFaultTest, IndexIsCreatedAndDroppedWholeOrNotAtAll) {
  for (const bool drop : {false, true}) {
    ForEachFault([drop](const FaultCase& fault) {
      Flushing test(drop);
      EXPECT_OK(test.collection().Flush());
      test.db().Arm(fault);
      const absl::Status status =
          drop ? test.collection().DropIndex("v") : test.collection().CreateIndex("v", Flat());
      const Calls calls = test.db().injector()->calls();
      test.db().Disarm();
      EXPECT_EQ(test.collection().HasIndex("v"), drop != status.ok());
      ExpectSameRows(test.oracle(), test.collection());
      test.db().Crash();
      const auto opened = test.db()->OpenCollection("c");
      EXPECT_OK(opened);
      if (status.ok()) {
        EXPECT_EQ((*opened)->HasIndex("v"), !drop);
      }
      ExpectSameRows(test.oracle(), **opened);
      return calls;
    });
  }
}

using Names = std::vector<std::string>;

// Does `change` to a database with the collection "a", which gives the collections `after`.
Calls ChangeWithFault(const FaultCase& fault, const std::function<absl::Status(Database&)>& change,
                      const Names& after) {
  const Schema schema = TaggedSchema();
  FaultyDatabase db;
  {
    const auto a = db->CreateCollection("a", schema);
    EXPECT_OK((*a)->Insert(TaggedRows(schema, Ids(0, 3), "t")));
    EXPECT_OK((*a)->Flush());
  }
  db.Arm(fault);
  const absl::Status status = change(*db);
  const Calls calls = db.injector()->calls();
  db.Disarm();
  if (status.ok()) {
    EXPECT_EQ(db->ListCollections(), after);
  }
  db.Crash();
  const Names found = db->ListCollections();
  EXPECT_TRUE(found == after || (!status.ok() && found == Names{"a"})) << status;
  for (const std::string& name : found) {
    const auto opened = db->OpenCollection(name);
    EXPECT_OK(opened);
    EXPECT_EQ(*(*opened)->Count(), name == "new" ? 0u : 3u);
  }
  EXPECT_OK(db->CreateCollection("goes_on", schema));
  return calls;
}

TEST(StoreFaultTest, CollectionIsCreatedWholeOrNotAtAll) {
  ForEachFault([](const FaultCase& fault) {
    return ChangeWithFault(
        fault, [](Database& db) { return db.CreateCollection("new", TaggedSchema()).status(); },
        {"a", "new"});
  });
}

TEST(StoreFaultTest, CollectionHasOneNameWhenARenameFails) {
  ForEachFault([](const FaultCase& fault) {
    return ChangeWithFault(fault, [](Database& db) { return db.RenameCollection("a", "b"); },
                           {"b"});
  });
}

TEST(StoreFaultTest, CollectionIsThereOrGoneWhenADropFails) {
  ForEachFault([](const FaultCase& fault) {
    return ChangeWithFault(fault, [](Database& db) { return db.DropCollection("a"); }, {});
  });
}

TEST(StoreFaultTest, NewDatabaseCanBeOpenedAfterAFailure) {
  ForEachFault([](const FaultCase& fault) {
    FaultyDatabase db;
    db.Arm(fault);
    db.TryOpen().IgnoreError();
    const Calls calls = db.injector()->calls();
    db.Disarm();
    db.database.reset();
    EXPECT_OK(db.TryOpen());
    EXPECT_OK(db->CreateCollection("a", TaggedSchema()));
    return calls;
  });
}

TEST(StoreFaultTest, DropTriesAgainAtTheNextOpen) {
  const Schema schema = TaggedSchema();
  FaultyDatabase db;
  const auto a = db->CreateCollection("a", schema);
  ASSERT_OK((*a)->Insert(TaggedRows(schema, Ids(0, 3), "t")));
  ASSERT_OK((*a)->Flush());
  db.injector()->Arm({.call = "Delete", .error = absl::UnavailableError("injected")});
  ASSERT_OK(db->DropCollection("a"));
  db.Disarm();
  const ObjectPath folder = *ObjectPath::Parse("collections");
  EXPECT_FALSE(db.options.store->List(folder)->empty());
  db.Crash();
  EXPECT_TRUE(db->ListCollections().empty());
  EXPECT_TRUE(db.options.store->List(folder)->empty());
}

TEST(StoreFaultTest, FullDiskIsToldAndNothingIsLost) {
  Flushing test(false);
  test.db().injector()->Arm(
      {.call = "Append", .error = absl::ResourceExhaustedError("no space left on device")});
  EXPECT_EQ(CodeOf(test.collection().Flush()), absl::StatusCode::kResourceExhausted);
  test.ExpectNothingLostInMemory();
  EXPECT_EQ(test.AfterCrash(), test.oracle());
}

}  // namespace
}  // namespace vecdb::support
