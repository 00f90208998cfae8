// Row N2 of PROMISES.md: one allocation of the process fails, whichever it is, and the call that
// meets it answers ResourceExhausted, or does without; then everything is there and goes on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "limits/failing_new.h"
#include "limits/process_limits.h"
#include "support/seeded_random.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr uint64_t kNumAllocations = 1500;
constexpr int kRowsAtOnce = 8;
constexpr size_t kIndexedRows = 1100;  // smaller segments get no index
constexpr int kTrialsToReopen = 100;
constexpr int kFewOfSlow = 60;  // steps that build indexes

const char* current_step = "";

// An exception that nobody catches, or that leaves what must not throw.
[[noreturn]] void TellAndAbort() {
  std::fprintf(stderr, "std::terminate: %s, allocation %llu\n", current_step,
               static_cast<unsigned long long>(FailingNew::armed()));
  std::abort();
}

// Counts of one step, for all its trials.
struct Tally {
  uint64_t num_trials = 0;
  uint64_t num_failed = 0;  // allocations
  uint64_t num_refused = 0;
  uint64_t num_left_out = 0;
};

// A collection of some flushed segments and journalled rows, in a directory.
class AllocationWorld {
 public:
  explicit AllocationWorld(const IndexSpec& index, int num_threads = 0) {
    std::set_terminate(TellAndAbort);
    db_.options.store = nullptr;
    db_.options.path = directory_.path();
    db_.options.gc_grace_ms = 0;
    if (num_threads > 0) {
      db_.options.host.executor = nullptr;
      db_.options.num_threads = num_threads;
    }
    c_ = *db_->CreateCollection("c", schema_, {.load = LoadPolicy::kManual});
    EXPECT_OK(c_->CreateIndex("v", index));
    Put(Ids(200, kIndexedRows), "begin");
    EXPECT_OK(c_->Flush());
    Put(Ids(0, 200), "begin");
    EXPECT_OK(c_->Flush());
    EXPECT_OK(c_->Delete(Ids(150, 10)));
    for (const int64_t id : Ids(150, 10)) oracle_.Delete(id);
    EXPECT_OK(c_->WaitForIndex("v"));
    Put(Ids(2000, 20), "journalled");
  }

  Collection& collection() { return *c_; }
  TestDatabase& database() { return db_; }
  const Schema& schema() const { return schema_; }
  Oracle& oracle() { return oracle_; }
  const Tally& tally() const { return tally_; }

  /// Calls `trial(n)`, which makes one call armed, for the allocations that the step has: the first
  /// `num_first` of them, and half as many of those that follow.
  void ForEachAllocation(const char* step, const std::function<void(uint64_t)>& trial,
                         int num_first = 300) {
    current_step = step;
    tally_ = {};
    const auto first =
        std::min<uint64_t>(static_cast<uint64_t>(ScaledCount(num_first)), kNumAllocations);
    const uint64_t stride = std::max<uint64_t>(1, 2 * (kNumAllocations - first) / first);
    reached_ = true;
    for (uint64_t n = 1; n <= kNumAllocations && reached_; n += n < first ? 1 : stride) {
      trial(n);
      ++tally_.num_trials;
      if (tally_.num_trials % kTrialsToReopen == 0) Reopen();
      if (::testing::Test::HasFailure()) {
        std::printf("%s: allocation %llu\n", step, static_cast<unsigned long long>(n));
        return;
      }
    }
    Reopen();
    std::printf(
        "%-28s %5llu trials, %4llu allocations failed, %4llu calls refused, %llu left out\n", step,
        static_cast<unsigned long long>(tally_.num_trials),
        static_cast<unsigned long long>(tally_.num_failed),
        static_cast<unsigned long long>(tally_.num_refused),
        static_cast<unsigned long long>(tally_.num_left_out));
    std::fflush(stdout);
  }

  /// What `call` says, whose n-th allocation fails.
  absl::Status Armed(uint64_t n, const std::function<absl::Status()>& call) {
    FailingNew::Arm(n);
    absl::Status status = call();
    const FailingNew::Seen seen = FailingNew::Disarm();
    reached_ = seen.num_calls >= n;
    tally_.num_failed += seen.failed ? 1 : 0;
    tally_.num_left_out += seen.left_out ? 1 : 0;
    tally_.num_refused += status.ok() ? 0 : 1;
    EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
    EXPECT_TRUE(status.ok() || seen.failed) << status;
    return status;
  }

  RowBatch Rows(const std::vector<int64_t>& ids, const std::string& tag) const {
    return TaggedRows(schema_, ids, tag);
  }

  void Put(const std::vector<int64_t>& ids, const std::string& tag) {
    const RowBatch rows = Rows(ids, tag);
    EXPECT_OK(c_->Upsert(rows));
    oracle_.Put(rows);
  }

  /// A write that fails has done nothing, and is made again; its rows are found then.
  void Write(uint64_t n, const std::vector<int64_t>& ids, const std::function<absl::Status()>& call,
             const std::function<void()>& apply) {
    absl::Status status = Armed(n, call);
    if (!status.ok()) {
      ExpectRows(ids);
      EXPECT_OK(call());
    }
    apply();
    ExpectRows(ids);
  }

  void ExpectRows(const std::vector<int64_t>& ids) {
    const auto count = c_->Count();
    ASSERT_OK(count);
    EXPECT_EQ(*count, oracle_.size());
    const auto got = c_->Get(ids);
    ASSERT_OK(got);
    Oracle expected(schema_);
    const Oracle found = RowsOf(schema_, *got);
    for (const int64_t id : ids) {
      EXPECT_EQ(found.Has(id), oracle_.Has(id)) << id;
      if (found.Has(id) && oracle_.Has(id)) {
        EXPECT_EQ(found.rows().at(id), oracle_.rows().at(id)) << id;
      }
    }
  }

  void ExpectSearch() {
    ASSERT_OK(c_->Load());
    ExpectSoundSearch(oracle_, *c_, {.field = "v", .vectors = query_});
  }

  /// Opens what is there.
  absl::Status Open() {
    absl::Status opened = db_.database == nullptr ? db_.TryOpen() : absl::OkStatus();
    if (!opened.ok()) return opened;
    auto collection = db_->OpenCollection("c");
    if (!collection.ok()) return collection.status();
    c_ = *std::move(collection);
    return absl::OkStatus();
  }

  void Forget() {
    c_.reset();
    db_.database.reset();
  }

  /// As after a crash; garbage goes.
  void Reopen() {
    Forget();
    ASSERT_OK(Open());
    ExpectSameRows(oracle_, *c_);
    Settle();
  }

  /// Leaves little in the journal, and few segments.
  void Settle() {
    EXPECT_OK(c_->Flush());
    RunBehind();
    EXPECT_OK(db_->CollectGarbage());
  }

  /// The work that waits behind, where it is not for threads.
  void RunBehind() { db_.executor.RunAll(); }

  const std::vector<float>& query() const { return query_; }

 private:
  const TempDirectory directory_{ParentInMemory()};
  const Schema schema_ = TaggedSchema();
  const std::vector<float> query_ = {1, 2, 3, 0};
  Oracle oracle_{schema_};
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
  Tally tally_;
  bool reached_ = true;
};

// A step of the row, and the index of the collection that it is about.
struct Kind {
  const char* step;
  IndexSpec index;
};

IndexSpec SmallHnsw() {
  return {.metric = Metric::kL2, .params = HnswParams{.m = 4, .ef_construction = 16}};
}

IndexSpec SmallDiskann() {
  return {.metric = Metric::kL2, .params = DiskannParams{.max_degree = 4, .search_list_size = 8}};
}

std::vector<int64_t> SomeIds(uint64_t n) { return Ids(static_cast<int64_t>(n % 300), kRowsAtOnce); }

// ---- Open.

TEST(AllocationTest, OpenAnswersOrFails) {
  AllocationWorld world(SmallHnsw());
  world.ForEachAllocation("open", [&](uint64_t n) {
    world.Forget();
    const absl::Status opened = world.Armed(n, [&] { return world.Open(); });
    if (!opened.ok()) {
      ASSERT_OK(world.Open());
    }
    world.ExpectRows(SomeIds(n));
    world.Put(SomeIds(n), "opened");
    if (n % 10 == 0) world.Settle();
  });
}

// ---- Writes.

TEST(AllocationTest, WritesAreDoneOrNot) {
  AllocationWorld world(Flat());
  const auto tag = [](uint64_t n) { return "t" + std::to_string(n); };
  world.ForEachAllocation("upsert", [&](uint64_t n) {
    const RowBatch rows = world.Rows(SomeIds(n), tag(n));
    world.Write(
        n, SomeIds(n), [&] { return world.collection().Upsert(rows).status(); },
        [&] { world.oracle().Put(rows); });
  });
  world.ForEachAllocation("insert", [&](uint64_t n) {
    const auto ids = Ids(10'000 + static_cast<int64_t>(n) * kRowsAtOnce, kRowsAtOnce);
    const RowBatch rows = world.Rows(ids, tag(n));
    world.Write(
        n, ids, [&] { return world.collection().Insert(rows).status(); },
        [&] { world.oracle().Put(rows); });
  });
  world.ForEachAllocation("delete", [&](uint64_t n) {
    const auto ids = Ids(10'000 + static_cast<int64_t>(n) * kRowsAtOnce, 3);
    world.Write(
        n, ids, [&] { return world.collection().Delete(ids).status(); },
        [&] {
          for (const int64_t id : ids) world.oracle().Delete(id);
        });
  });
  world.ForEachAllocation("delete where", [&](uint64_t n) {
    const int64_t id = 10'003 + static_cast<int64_t>(n) * kRowsAtOnce;
    const RowFilter filter = "id == " + std::to_string(id);
    world.Write(
        n, {id}, [&] { return world.collection().DeleteWhere(filter).status(); },
        [&] { world.oracle().Delete(id); });
  });
}

TEST(AllocationTest, FirstWriteAfterFlushIsDoneOrNot) {
  AllocationWorld world(Flat());
  world.ForEachAllocation("upsert after flush", [&](uint64_t n) {
    EXPECT_OK(world.collection().Flush());
    const RowBatch rows = world.Rows(SomeIds(n), "after");
    world.Write(
        n, SomeIds(n), [&] { return world.collection().Upsert(rows).status(); },
        [&] { world.oracle().Put(rows); });
    if (n % 10 == 0) world.RunBehind();
  });
  // What is written while its rows are put in memory.
  world.ForEachAllocation("large upsert after flush", [&](uint64_t n) {
    EXPECT_OK(world.collection().Flush());
    const RowBatch rows = world.Rows(Ids(20'000, 3000), "large");
    world.Write(
        n, SomeIds(n), [&] { return world.collection().Upsert(rows).status(); },
        [&] { world.oracle().Put(rows); });
    if (n % 10 == 0) world.RunBehind();
  });
}

// ---- Searches.

void SearchAll(AllocationWorld& world, const char* step, bool filtered) {
  SearchRequest request{.field = "v", .vectors = world.query(), .output_fields = {"tag", "v"}};
  world.ForEachAllocation(step, [&](uint64_t n) {
    ASSERT_OK(world.collection().Load());
    // Another one each time: what matches it is not remembered.
    if (filtered) request.filter = R"(tag in ["begin"] and id != )" + std::to_string(1000 + n);
    const absl::Status found =
        world.Armed(n, [&] { return world.collection().Search(request).status(); });
    if (!found.ok()) {
      EXPECT_OK(world.collection().Search(request));
    }
    world.ExpectSearch();
  });
}

TEST(AllocationTest, SearchesAnswerOrFail) {
  const Kind kinds[] = {
      {"search FLAT", Flat()},
      {"search HNSW", SmallHnsw()},
      {"search IVF_FLAT", {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 4}}},
      {"search IVF_SQ8", {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 4}}},
      {"search IVF_PQ",
       {.metric = Metric::kL2, .params = IvfPqParams{.nlist = 4, .m = 2, .nbits = 4}}},
      {"search DISKANN", SmallDiskann()},
  };
  for (const Kind& kind : kinds) {
    AllocationWorld world(kind.index);
    SearchAll(world, kind.step, false);
    const std::string with_filter = std::string(kind.step) + ", filter";
    SearchAll(world, with_filter.c_str(), true);
  }
}

// ---- Flushes.

TEST(AllocationTest, FlushesAreDoneOrNot) {
  for (const Kind& kind : {Kind{"flush FLAT", Flat()}, Kind{"flush HNSW", SmallHnsw()}}) {
    AllocationWorld world(kind.index);
    ASSERT_OK(world.collection().Load());
    world.ForEachAllocation(kind.step, [&](uint64_t n) {
      world.Put(SomeIds(n), "flushed");
      const absl::Status flushed = world.Armed(n, [&] { return world.collection().Flush(); });
      world.ExpectRows(SomeIds(n));
      if (!flushed.ok()) {
        EXPECT_OK(world.collection().Flush());
      }
      world.RunBehind();
      EXPECT_OK(world.collection().WaitForIndex("v"));
      world.ExpectSearch();
    });
  }
}

TEST(AllocationTest, WorkBehindFlushesIsDoneOrAgain) {
  AllocationWorld world(SmallHnsw());
  ASSERT_OK(world.collection().Load());
  world.ForEachAllocation(
      "builds behind",
      [&](uint64_t n) {
        world.Put(Ids(200, kIndexedRows), "flushed");
        EXPECT_OK(world.collection().Flush());
        const absl::Status ran = world.Armed(n, [&] {
          world.RunBehind();
          return absl::OkStatus();
        });
        EXPECT_OK(ran);
        EXPECT_OK(world.collection().WaitForIndex("v"));
        world.ExpectSearch();
      },
      kFewOfSlow);
}

TEST(AllocationTest, CompactionsAreDoneOrNot) {
  AllocationWorld world(SmallHnsw());
  ASSERT_OK(world.collection().Load());
  world.ForEachAllocation(
      "compaction",
      [&](uint64_t n) {
        world.Put(SomeIds(n), "compacted");
        EXPECT_OK(world.collection().Flush());
        const auto compact = [&]() -> absl::Status {
          const auto begun = world.collection().Compact({.thorough = true});
          return begun.ok() ? world.collection().WaitForCompaction(*begun) : begun.status();
        };
        const absl::Status compacted = world.Armed(n, compact);
        world.ExpectSearch();
        world.ExpectRows(SomeIds(n));
        if (!compacted.ok()) {
          EXPECT_OK(compact());
        }
        world.RunBehind();
        world.ExpectSearch();
      },
      kFewOfSlow);
}

TEST(AllocationTest, IndexesAreBuiltOrNot) {
  const Kind kinds[] = {
      {"build HNSW", SmallHnsw()},
      {"build IVF_PQ",
       {.metric = Metric::kL2, .params = IvfPqParams{.nlist = 4, .m = 2, .nbits = 4}}},
      {"build DISKANN", SmallDiskann()},
  };
  for (const Kind& kind : kinds) {
    AllocationWorld world(kind.index);
    world.ForEachAllocation(
        kind.step,
        [&](uint64_t n) {
          EXPECT_OK(world.collection().DropIndex("v"));
          const absl::Status created = world.Armed(n, [&]() -> absl::Status {
            if (absl::Status status = world.collection().CreateIndex("v", kind.index);
                !status.ok()) {
              return status;
            }
            return world.collection().WaitForIndex("v");
          });
          if (!world.collection().HasIndex("v")) {
            EXPECT_FALSE(created.ok());
            EXPECT_OK(world.collection().CreateIndex("v", kind.index));
          }
          EXPECT_OK(world.collection().WaitForIndex("v"));
          world.ExpectSearch();
        },
        kFewOfSlow);
  }
}

// ---- Loads.

TEST(AllocationTest, LoadsAreDoneOrNot) {
  for (const LoadMode mode : {LoadMode::kRead, LoadMode::kMap}) {
    const char* const step = mode == LoadMode::kMap ? "load, mapped" : "load";
    AllocationWorld world(SmallHnsw());
    world.ForEachAllocation(step, [&](uint64_t n) {
      EXPECT_OK(world.collection().Release());
      const LoadOptions options{.mode = mode};
      const absl::Status loaded = world.Armed(n, [&] { return world.collection().Load(options); });
      if (!loaded.ok()) {
        EXPECT_OK(world.collection().Load(options));
      }
      world.ExpectSearch();
    });
  }
}

// ---- Readers, where several fail in a row, so that to try again does not help.

TEST(AllocationTest, RefreshesShowAllOrAreMadeAgain) {
  constexpr uint64_t kInARow = 6;
  current_step = "refresh";
  std::set_terminate(TellAndAbort);
  const auto store = MakeMemoryObjectStore();
  const Schema schema = TaggedSchema();
  TestDatabase writer(store);
  TestDatabase reader(store);
  reader.options.read_only = true;
  const auto written = *writer->CreateCollection("c", schema, {.num_shards = 2});
  const auto read = *reader->OpenCollection("c");
  uint64_t num_rows = 0;
  bool reached = true;
  for (uint64_t n = 1; n <= kNumAllocations && reached && !::testing::Test::HasFailure(); ++n) {
    // Growing segments are new, so that the view has to learn of them.
    ASSERT_OK(written->Flush());
    ASSERT_OK(read->Refresh());
    ASSERT_OK(written->Upsert(TaggedRows(schema, Ids(static_cast<int64_t>(num_rows), 8), "t")));
    const uint64_t before = num_rows;
    num_rows += 8;
    FailingNew::Arm(n, kInARow);
    const absl::Status refreshed = read->Refresh();
    const FailingNew::Seen seen = FailingNew::Disarm();
    reached = seen.num_calls >= n;
    EXPECT_TRUE(refreshed.ok() || seen.failed) << refreshed;
    const auto shown = read->Count(RowFilter("id >= 0"), ConsistencyLevel::kEventually);
    ASSERT_OK(shown);
    EXPECT_EQ(*shown, refreshed.ok() || *shown != before ? num_rows : before) << n;
    ASSERT_OK(read->Refresh());
    EXPECT_EQ(*read->Count(RowFilter("id >= 0"), ConsistencyLevel::kEventually), num_rows) << n;
    if (n % 16 == 0) {
      const auto id = written->Compact({});
      ASSERT_OK(id);
      ASSERT_OK(written->WaitForCompaction(*id));
    }
  }
}

// ---- The same with threads, where chance says which allocation it is.

TEST(AllocationTest, WithThreadsAllIsThereAndGoesOn) {
  AllocationWorld world(SmallHnsw(), /*num_threads=*/2);
  const SearchRequest request{.field = "v", .vectors = world.query(), .output_fields = {"tag"}};
  world.ForEachAllocation("all, with threads", [&](uint64_t n) {
    world.Put(SomeIds(n), "threads");
    EXPECT_OK(world.collection().Release());
    const absl::Status done = world.Armed(n, [&]() -> absl::Status {
      if (absl::Status status = world.collection().Flush(); !status.ok()) return status;
      if (absl::Status status = world.collection().Load(); !status.ok()) return status;
      return world.collection().Search(request).status();
    });
    if (!done.ok()) {
      EXPECT_OK(world.collection().Flush());
    }
    world.ExpectSearch();
    world.ExpectRows(SomeIds(n));
  });
}

}  // namespace
}  // namespace vecdb::support
