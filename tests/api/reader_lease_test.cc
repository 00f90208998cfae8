// Readers beside a writer that collects garbage: with a lease, and without.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "store/forwarding_store.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

constexpr int64_t kShortGrace = 1000;
constexpr int64_t kLongLease = 600'000;

// What a bucket does: a reader that is open finds an object gone once it was deleted.
class ForgetfulStore final : public store::ForwardingStore {
 public:
  explicit ForgetfulStore(std::shared_ptr<ObjectStore> base)
      : ForwardingStore(base), base_(std::move(base)) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    auto reader = ForwardingStore::Open(path, context);
    if (!reader.ok()) return reader.status();
    return std::make_unique<Reader>(base_, path, *std::move(reader));
  }

 private:
  class Reader final : public ObjectReader {
   public:
    Reader(std::shared_ptr<ObjectStore> store, ObjectPath path, std::unique_ptr<ObjectReader> base)
        : store_(std::move(store)), path_(std::move(path)), base_(std::move(base)) {}
    uint64_t size() const override { return base_->size(); }
    absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                        const Context& context) const override {
      if (const auto there = store_->Open(path_, context); !there.ok()) return there.status();
      return base_->ReadAt(offset, out, context);
    }

   private:
    const std::shared_ptr<ObjectStore> store_;
    const ObjectPath path_;
    const std::unique_ptr<ObjectReader> base_;
  };

  const std::shared_ptr<ObjectStore> base_;
};

class ReaderLeaseTest : public ::testing::TestWithParam<bool> {
 protected:
  ReaderLeaseTest() {
    writer_.options.store = store_;
    writer_.options.gc_grace_ms = kShortGrace;
    reader_.options.store = std::make_shared<ForgetfulStore>(store_);
    reader_.options.read_only = true;
    if (has_lease()) reader_.options.reader_lease_ms = kLongLease;
    for (TestDatabase* db : {&writer_, &reader_}) db->options.host.clock = &clock_;
    written_ =
        *writer_->CreateCollection("c", schema_, {.consistency = ConsistencyLevel::kEventually});
    EXPECT_OK(written_->CreateIndex("v", Flat()));
    Change();
    read_ = *reader_->OpenCollection("c");
    EXPECT_OK(read_->Load());
  }
  static bool has_lease() { return GetParam(); }

  // Another state, none of whose segments is one of before.
  void Change() {
    clock_.Advance(10);
    Put(*written_, &oracle_, Ids(0, 50), absl::StrCat("t", num_changes_++));
    Put(*written_, &oracle_, {100 + num_changes_}, "t");
    EXPECT_OK(written_->Flush());
    const auto id = written_->Compact({});
    EXPECT_OK(id);
    EXPECT_OK(written_->WaitForCompaction(*id));
  }
  void Collect() {
    const auto report = writer_->CollectGarbage();
    ASSERT_OK(report);
    EXPECT_EQ(report->delete_errors, 0u);
  }
  // Values of rows come first: what is known of a state in memory, as how many rows it has, is
  // known as long as that state is shown.
  void ReadAll(const Oracle& oracle) {
    const auto rows = read_->Get(Ids(0, 200), {});
    ASSERT_OK(rows);
    EXPECT_TRUE(RowsOf(schema_, *rows) == oracle);
    ExpectSameRows(oracle, *read_);
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  TestDatabase writer_;
  TestDatabase reader_;
  std::unique_ptr<Collection> written_;
  std::unique_ptr<Collection> read_;
  const std::vector<float> query_ = {1, 2, 3, 0};
  Oracle oracle_{schema_};
  int num_changes_ = 0;
};

INSTANTIATE_TEST_SUITE_P(WithAndWithout, ReaderLeaseTest, ::testing::Bool());

// The reader sleeps for longer than the grace period, and reads then.
TEST_P(ReaderLeaseTest, SleeperReadsWhatItHasOrWhatIsNewAndNeverAnythingElse) {
  const Oracle before = oracle_;
  for (int i = 0; i < 3; ++i) {
    Change();
    clock_.Advance(10 * kShortGrace);
    Collect();
  }
  ReadAll(has_lease() ? before : oracle_);
  ExpectSameSearch(has_lease() ? before : oracle_, *read_, {.field = "v", .vectors = {1, 2, 3, 0}});
  ASSERT_OK(read_->Refresh());
  ReadAll(oracle_);
}

TEST_P(ReaderLeaseTest, SnapshotIsHeldByTheLeaseOrRefusedClearly) {
  const Oracle before = oracle_;
  const auto snapshot = *read_->PinSnapshot();
  for (int i = 0; i < 3; ++i) {
    Change();
    ASSERT_OK(read_->Refresh());
    clock_.Advance(kLongLease / 2 - 1000);
    Collect();
  }
  const auto rows = read_->Get(Ids(0, 200), {}, snapshot);
  if (has_lease()) {
    ASSERT_OK(rows);
    EXPECT_TRUE(RowsOf(schema_, *rows) == before);
  } else {
    EXPECT_EQ(CodeOf(rows), Code::kUnavailable) << rows.status();
    EXPECT_TRUE(Says(rows, "reader_lease_ms"));
  }
}

TEST_P(ReaderLeaseTest, IteratorIsHeldByTheLeaseOrRefusedClearly) {
  const Oracle before = oracle_;
  const std::vector<std::string> fields = {"id", "tag", "v"};
  const auto rows = *read_->OpenQueryIterator({.output_fields = fields}, {.batch_size = 100});
  const auto hits = *read_->OpenSearchIterator(
      {.field = "v", .vectors = query_, .output_fields = fields}, {.batch_size = 100});
  for (int i = 0; i < 3; ++i) {
    Change();
    ASSERT_OK(read_->Refresh());
    clock_.Advance(kLongLease / 2 - 1000);
    Collect();
  }
  const auto page = rows->Next();
  const auto found = hits->Next();
  if (has_lease()) {
    ASSERT_OK(page);
    EXPECT_TRUE(RowsOf(schema_, *page) == before);
    ASSERT_OK(found);
    EXPECT_EQ(found->hits(0).size(), before.size());
  } else {
    for (const absl::Status& status : {page.status(), found.status()}) {
      EXPECT_EQ(status.code(), Code::kUnavailable) << status;
      EXPECT_TRUE(Says(status, "open a newer one"));
    }
  }
  // One that is opened by a reader whose state was collected has the newest.
  Change();
  clock_.Advance(10 * kShortGrace);
  Collect();
  const auto anew = read_->OpenQueryIterator({}, {.batch_size = 100});
  ASSERT_OK(anew);
}

// What is wrong with a request is not taken for a state that was collected.
TEST_P(ReaderLeaseTest, UnknownFieldIsNamedWithAnOldSnapshotToo) {
  const auto snapshot = *read_->PinSnapshot();
  Change();
  ASSERT_OK(read_->Refresh());
  const std::vector<std::string> fields = {"no_such_field"};
  const auto got = read_->Get(Ids(0, 1), fields, snapshot);
  EXPECT_EQ(CodeOf(got), Code::kNotFound) << got.status();
  EXPECT_TRUE(Says(got, "no_such_field"));
  const auto found =
      read_->Search({.field = "no_such_field", .vectors = query_, .consistency = snapshot});
  EXPECT_EQ(CodeOf(found), Code::kNotFound) << found.status();
}

// A lease that runs out holds nothing any more.
TEST_P(ReaderLeaseTest, SleepBeyondTheLeaseIsAsWithoutOne) {
  Change();
  clock_.Advance(kLongLease + 2 * kShortGrace);
  Collect();
  ReadAll(oracle_);
  clock_.Advance(kLongLease + 2 * kShortGrace);
  ASSERT_OK(reader_->Close());
  Collect();
  EXPECT_TRUE(ObjectsWith(*store_, "/readers/").empty());
}

TEST_P(ReaderLeaseTest, WhatIsNotHeldAnyMoreIsCollected) {
  for (int i = 0; i < 4; ++i) {
    Change();
    ASSERT_OK(read_->Refresh());
    clock_.Advance(kLongLease / 2);
    ASSERT_OK(read_->Refresh());
    clock_.Advance(2 * kShortGrace);
    Collect();
  }
  // The lease of now was put before the last state was read.
  const size_t manifests = ObjectsWith(*store_, "/manifest/0").size();
  EXPECT_LE(manifests, 6u);
  ReadAll(oracle_);
  EXPECT_EQ(ObjectsWith(*store_, "/readers/").size(), has_lease() ? 1u : 0u);
  ASSERT_OK(reader_->Close());
  EXPECT_TRUE(ObjectsWith(*store_, "/readers/").empty());
  clock_.Advance(2 * kShortGrace);
  Collect();
  EXPECT_EQ(ObjectsWith(*store_, "/manifest/0").size(), 1u);
}

TEST_P(ReaderLeaseTest, FailedOpeningLeavesNoLease) {
  if (!has_lease()) return;
  TestDatabase other(nullptr);
  const auto faults = std::make_shared<FaultInjector>();
  other.options = reader_.options;
  other.options.store = std::make_shared<FaultObjectStore>(store_, faults);
  ASSERT_OK(other.TryOpen());
  faults->Arm({.call = "List",
               .path_contains = "/manifest",
               .sticky = true,
               .error = absl::UnavailableError("away")});
  EXPECT_EQ(CodeOf(other->OpenCollection("c")), Code::kUnavailable);
  EXPECT_EQ(ObjectsWith(*store_, "/readers/").size(), 1u);
  faults->Disarm();
  EXPECT_OK(other->OpenCollection("c"));
  EXPECT_EQ(ObjectsWith(*store_, "/readers/").size(), 2u);
}

// A store that refuses writes takes no lease.
TEST_P(ReaderLeaseTest, StoreThatTakesNoWritesIsToldAtOnce) {
  if (!has_lease()) return;
  const auto faults = std::make_shared<FaultInjector>();
  reader_.options.store = std::make_shared<FaultObjectStore>(store_, faults);
  reader_.Crash();
  faults->Arm({.call = "Create", .sticky = true, .error = absl::PermissionDeniedError("no")});
  EXPECT_EQ(CodeOf(reader_->OpenCollection("c")), Code::kPermissionDenied);
}

}  // namespace
}  // namespace vecdb::support
