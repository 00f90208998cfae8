// Readers beside writers, flushes, index builds, loads and closes. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/gate.h"
#include "support/fault_object_store.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr int64_t kGroups = 3;
constexpr int64_t kGroupRows = 8;

// Runs each body on a thread of its own.
class Threads {
 public:
  ~Threads() { Join(); }
  void Add(std::function<void()> body) { threads_.emplace_back(std::move(body)); }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

std::vector<int64_t> GroupIds(int64_t group) { return Ids(group * kGroupRows, kGroupRows); }

// Rows of one group lie together, far from those of the others.
std::vector<float> Center(int64_t group) {
  std::vector<float> center(4);
  center[static_cast<size_t>(group)] = 100;
  return center;
}

RowBatch GroupRows(const Schema& schema, int64_t group, int version) {
  std::vector<float> vectors;
  for (int64_t i = 0; i < kGroupRows; ++i) {
    std::vector<float> vector = Center(group);
    vector[3] = static_cast<float>((i + version) % 5) / 8;
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  RowBatch rows = TaggedRows(schema, GroupIds(group), absl::StrFormat("%d/%d", group, version));
  return rows.SetFloatVectors("v", std::move(vectors));
}

class IsolationRaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::Open({.store = store_, .num_threads = 2});
    ASSERT_OK(opened);
    db_ = *std::move(opened);
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 4});
    ASSERT_OK(collection_->CreateIndex("v", Flat()));
    for (int64_t group = 0; group < kGroups; ++group) {
      ASSERT_OK(collection_->Upsert(GroupRows(schema_, group, 0)));
    }
  }

  void WriteGroup(int64_t group, int versions) {
    for (int version = 1; version <= versions; ++version) {
      const auto result = collection_->Upsert(GroupRows(schema_, group, version));
      ASSERT_OK(result);
      EXPECT_EQ(result->delete_count, static_cast<uint64_t>(kGroupRows));
    }
  }

  // All rows of the group, of one version.
  void ExpectOneVersion(const RowBatch& rows) {
    ASSERT_EQ(rows.num_rows(), static_cast<size_t>(kGroupRows));
    std::set<std::string> tags;
    std::set<int64_t> ids;
    for (size_t row = 0; row < rows.num_rows(); ++row) {
      tags.emplace(rows.column("tag")->string(row));
      ids.insert(rows.column("id")->int64s()[row]);
    }
    EXPECT_EQ(tags.size(), 1u);
    EXPECT_EQ(ids.size(), static_cast<size_t>(kGroupRows));
  }

  void ReadGroup(int64_t group) {
    const std::vector<float> query = Center(group);
    const auto found =
        collection_->Search({.vectors = query, .limit = kGroupRows, .output_fields = {"tag"}});
    ASSERT_OK(found);
    ExpectOneVersion(found->rows());
    const auto rows = collection_->Get(GroupIds(group));
    ASSERT_OK(rows);
    ExpectOneVersion(*rows);
    EXPECT_EQ(*collection_->Count(), static_cast<uint64_t>(kGroups * kGroupRows));
  }

  // Reads until `done`, and at least once.
  void ReadGroups(int64_t first, const std::atomic<bool>& done) {
    int64_t group = first;
    do {
      ReadGroup(group++ % kGroups);
    } while (!done.load(std::memory_order_relaxed) && !HasFailure());
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> collection_;
};

TEST_F(IsolationRaceTest, UpsertShowsOldOrNewInAllShardsAtOnceWhileSegmentsAreFlushed) {
  std::atomic<bool> done{false};  // relaxed: stops the readers, and nothing else
  Threads readers;
  readers.Add([&] { ReadGroups(0, done); });
  readers.Add([&] { ReadGroups(1, done); });
  Threads writers;
  for (int64_t group = 0; group < kGroups; ++group) {
    writers.Add([&, group] { WriteGroup(group, 60); });
  }
  writers.Add([&] {
    for (int i = 0; i < 15; ++i) ASSERT_OK(collection_->Flush());
  });
  writers.Join();
  done = true;
}

// A second field is indexed, dropped, released and loaded beside searches of the first, which are
// whole or refused.
TEST_F(IsolationRaceTest, SearchIsWholeOrRefusedWhileIndexesAndLoadChange) {
  std::atomic<bool> done{false};
  Threads readers;
  readers.Add([&] {
    const std::vector<float> query = Center(1);
    do {
      const auto found =
          collection_->Search({.vectors = query, .limit = kGroupRows, .output_fields = {"tag"}});
      EXPECT_TRUE(found.ok() || absl::IsFailedPrecondition(found.status())) << found.status();
      if (found.ok()) ExpectOneVersion(found->rows());
      EXPECT_OK(collection_->Describe());
      EXPECT_OK(collection_->Segments());
    } while (!done.load(std::memory_order_relaxed));
  });
  Threads others;
  others.Add([&] { WriteGroup(1, 40); });
  others.Add([&] {
    for (int i = 0; i < 10; ++i) {
      EXPECT_OK(collection_->Release());
      EXPECT_OK(collection_->Flush());
      EXPECT_OK(collection_->Load());
    }
  });
  others.Join();
  for (int i = 0; i < 10; ++i) {
    EXPECT_OK(collection_->DropIndex("v"));
    EXPECT_OK(collection_->CreateIndex("v", i % 2 == 0 ? Hnsw() : Flat()));
  }
  done = true;
}

TEST_F(IsolationRaceTest, SearchesGoOnWhileAnIndexIsBuilt) {
  ASSERT_OK(collection_->Insert(TaggedRows(schema_, Ids(1000, 6000), "fill")));
  ASSERT_OK(collection_->Flush());
  ASSERT_OK(collection_->DropIndex("v"));
  ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
  std::atomic<bool> done{false};
  Threads readers;
  readers.Add([&] {
    const std::vector<float> query = Center(2);
    do {
      const auto found = collection_->Search({.vectors = query,
                                              .limit = kGroupRows,
                                              .params = HnswSearchParams{.ef = 200},
                                              .output_fields = {"tag"}});
      ASSERT_OK(found);
      EXPECT_EQ(found->hits(0).size(), static_cast<size_t>(kGroupRows));
    } while (!done.load(std::memory_order_relaxed));
  });
  readers.Add([&] { WriteGroup(2, 20); });
  EXPECT_OK(collection_->WaitForIndex("v"));
  EXPECT_EQ(collection_->DescribeIndex("v")->indexed_rows,
            collection_->DescribeIndex("v")->total_rows);
  done = true;
}

// Batches of new keys beside flushes, by hand and by size: every acknowledged row is there in the
// end, in memory and after a reopen, and no other.
TEST_F(IsolationRaceTest, NoRowIsLostBetweenAWriteAndAFlush) {
  constexpr int64_t kWriters = 2;
  constexpr int64_t kBatches = 150;
  const auto c = db_->CreateCollection(
      "small", schema_, {.num_shards = 3, .segment_max_bytes = 1 << 20, .seal_proportion = 0.1});
  ASSERT_OK(c);
  Oracle oracle(schema_);
  Threads threads;
  for (int64_t writer = 0; writer < kWriters; ++writer) {
    threads.Add([&, writer] {
      for (int64_t batch = 0; batch < kBatches; ++batch) {
        const auto ids = Ids((writer * kBatches + batch) * 10, 10);
        ASSERT_OK((*c)->Insert(TaggedRows(schema_, ids, "t")));
      }
    });
  }
  threads.Add([&] {
    for (int i = 0; i < 30; ++i) ASSERT_OK((*c)->Flush());
  });
  threads.Join();
  oracle.Put(TaggedRows(schema_, Ids(0, kWriters * kBatches * 10), "t"));
  ExpectSameRows(oracle, **c);
  ASSERT_OK(db_->Close());
  TestDatabase again(store_);
  ExpectSameRows(oracle, **again->OpenCollection("small"));
}

// Whoever is in a call when the database closes ends well; later ones are refused; what was
// acknowledged is in the store and nothing else.
TEST_F(IsolationRaceTest, CloseKeepsExactlyTheAcknowledgedBatches) {
  std::vector<int64_t> acknowledged(2);
  std::atomic<int> progress{0};  // relaxed: when to begin, and nothing else
  Threads threads;
  for (size_t writer = 0; writer < 2; ++writer) {
    threads.Add([&, writer] {
      const int64_t base = 1000 + static_cast<int64_t>(writer) * 1'000'000;
      while (true) {
        const auto ids = Ids(base + acknowledged[writer] * 8, 8);
        const auto result = collection_->Insert(TaggedRows(schema_, ids, "t"));
        if (!result.ok()) {
          EXPECT_TRUE(absl::IsFailedPrecondition(result.status())) << result.status();
          return;
        }
        ++acknowledged[writer];
        progress.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  threads.Add([&] {
    const std::vector<float> query = Center(0);
    while (true) {
      const auto found = collection_->Search({.vectors = query});
      const auto rows = collection_->Get(GroupIds(0));
      if (found.ok() && rows.ok()) continue;
      EXPECT_EQ(CodeOf(collection_->Count()), absl::StatusCode::kFailedPrecondition);
      return;
    }
  });
  while (progress.load(std::memory_order_relaxed) < 50) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) EXPECT_OK(collection_->Flush());
  ASSERT_OK(db_->Close());
  threads.Join();
  TestDatabase again(store_);
  const auto c = again->OpenCollection("c");
  ASSERT_OK(c);
  for (size_t writer = 0; writer < 2; ++writer) {
    const int64_t base = 1000 + static_cast<int64_t>(writer) * 1'000'000;
    const auto count = static_cast<size_t>(acknowledged[writer] * 8);
    EXPECT_EQ((*c)->Get(Ids(base, count + 100))->num_rows(), count);
  }
}

TEST_F(IsolationRaceTest, DropEndsEveryCallAndRemovesEverything) {
  ASSERT_OK(collection_->Insert(TaggedRows(schema_, Ids(1000, 3000), "fill")));
  std::atomic<int> begun{0};
  Threads threads;
  const auto until_refused = [&](const std::function<absl::Status()>& call) {
    threads.Add([&, call] {
      for (absl::Status status; status.ok() || absl::IsCancelled(status);) {
        status = call();
        begun.fetch_add(1, std::memory_order_relaxed);
        if (!status.ok()) {
          EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
        }
      }
    });
  };
  const std::vector<float> query = Center(0);
  int version = 0;
  until_refused([&] { return collection_->Search({.vectors = query}).status(); });
  until_refused([&] { return collection_->Upsert(GroupRows(schema_, 0, ++version)).status(); });
  until_refused([&] { return collection_->Flush(); });
  while (begun.load(std::memory_order_relaxed) < 20) std::this_thread::yield();
  ASSERT_OK(db_->DropCollection("c"));
  threads.Join();
  EXPECT_TRUE(store_->List(*ObjectPath::Parse("collections"))->empty());
}

// A store in which no object of a segment can be created while the test says so.
class HangingStore final : public FaultObjectStore {
 public:
  using FaultObjectStore::FaultObjectStore;

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    if (path.str().find("/segments/") == std::string::npos) {
      return FaultObjectStore::Create(path, context);
    }
    waiting = true;
    const auto pass = gate.Enter(context);
    if (!pass.ok()) return pass.status();
    return FaultObjectStore::Create(path, context);
  }

  base::Gate gate;
  std::atomic<bool> waiting{false};
};

TEST(HangingStoreRaceTest, ReadersAndWritersGoOnWhileAFlushHangs) {
  const auto store =
      std::make_shared<HangingStore>(MakeMemoryObjectStore(), std::make_shared<FaultInjector>());
  TestDatabase db(store);
  const Schema schema = TaggedSchema();
  const auto c = db->CreateCollection("c", schema, {.num_shards = 2});
  ASSERT_OK(c);
  ASSERT_OK((*c)->CreateIndex("v", Flat()));
  Oracle oracle(schema);
  const auto upsert = [&](const std::vector<int64_t>& ids, const std::string& tag) {
    const RowBatch rows = TaggedRows(schema, ids, tag);
    ASSERT_OK((*c)->Upsert(rows));
    oracle.Put(rows);
  };
  upsert(Ids(0, 30), "first");
  Threads threads;
  {
    const auto pass = store->gate.Enter({});
    store->waiting = false;
    threads.Add([&] { EXPECT_OK((*c)->Flush()); });
    while (!store->waiting) std::this_thread::yield();
    upsert(Ids(20, 30), "second");
    ExpectSameRows(oracle, **c);
    ExpectSameSearch(oracle, **c, {.field = "v", .vectors = {1, 2, 0, 1}});
    const Context soon = Context::WithTimeout(absl::Milliseconds(20));
    EXPECT_EQ(CodeOf((*c)->Flush(soon)), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(CodeOf(db->Close(Context::WithTimeout(absl::Milliseconds(20)))),
              absl::StatusCode::kDeadlineExceeded);
    upsert(Ids(40, 30), "third");
    ExpectSameRows(oracle, **c);
  }
  threads.Join();
  ExpectSameRows(oracle, **c);
  db.Reopen();
  ExpectSameRows(oracle, **db->OpenCollection("c"));
}

// Two threads close at the same time, and a third destroys handles.
TEST_F(IsolationRaceTest, CloseTwiceAtOnce) {
  Threads threads;
  for (int i = 0; i < 2; ++i) threads.Add([&] { EXPECT_OK(db_->Close()); });
  threads.Add([&] { collection_.reset(); });
}

TEST_F(IsolationRaceTest, CollectionsAreCreatedOpenedAndDroppedSideBySide) {
  Threads threads;
  for (int t = 0; t < 3; ++t) {
    threads.Add([&, t] {
      for (int i = 0; i < 8; ++i) {
        const std::string name = absl::StrFormat("c%d", (t + i) % 4);
        const auto created = db_->CreateCollection(name, schema_);
        EXPECT_TRUE(created.ok() || absl::IsAlreadyExists(created.status())) << created.status();
        const auto opened = db_->OpenCollection(name);
        EXPECT_TRUE(opened.ok() || absl::IsNotFound(opened.status())) << opened.status();
        if (opened.ok()) {
          const auto result = (*opened)->Upsert(TaggedRows(schema_, {i}, "t"));
          EXPECT_TRUE(result.ok() || absl::IsFailedPrecondition(result.status()));
        }
        const absl::Status dropped = db_->DropCollection(name);
        EXPECT_TRUE(dropped.ok() || absl::IsNotFound(dropped)) << dropped;
      }
    });
  }
  threads.Join();
  EXPECT_EQ(db_->ListCollections(), std::vector<std::string>{"c"});
}

}  // namespace
}  // namespace vecdb::support
