// Leases of a reader that is busy for longer than they run.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

constexpr int64_t kBriefLease = 1000;
constexpr int64_t kBriefGrace = 100;

class ReaderRenewalTest : public ::testing::Test {
 protected:
  ReaderRenewalTest() {
    writer_.options.store = store_;
    writer_.options.gc_grace_ms = kBriefGrace;
    reader_.options.store = std::make_shared<FaultObjectStore>(store_, faults_);
    reader_.options.read_only = true;
    reader_.options.reader_lease_ms = kBriefLease;
    for (TestDatabase* db : {&writer_, &reader_}) db->options.host.clock = &clock_;
    for (const char* name : {"c", "d"}) {
      written_.push_back(*writer_->CreateCollection(
          name, schema_, {.consistency = ConsistencyLevel::kEventually}));
      Change(*written_.back());
    }
  }
  // Another state, none of whose segments is one of before.
  void Change(Collection& collection) {
    clock_.Advance(1);
    ASSERT_OK(collection.Upsert(TaggedRows(schema_, Ids(0, 20), absl::StrCat(num_changes_))));
    ASSERT_OK(collection.Upsert(TaggedRows(schema_, {100 + num_changes_++}, "t")));
    ASSERT_OK(collection.Flush());
    const auto id = collection.Compact({});
    ASSERT_OK(id);
    ASSERT_OK(collection.WaitForCompaction(*id));
  }
  // Lets the time of more than a lease pass, in which `num_readers` collections are held.
  void OutliveALease(size_t num_readers) {
    for (int i = 0; i < 4; ++i) {
      const auto before = ObjectsWith(*store_, "/readers/");
      EXPECT_EQ(before.size(), num_readers);
      clock_.Advance(kBriefLease / 2);
      const auto all_renewed = [&] {
        const auto now = ObjectsWith(*store_, "/readers/");
        return now.size() == num_readers &&
               std::none_of(now.begin(), now.end(), [&](const std::string& name) {
                 return std::find(before.begin(), before.end(), name) != before.end();
               });
      };
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (!all_renewed()) {
        ASSERT_LT(std::chrono::steady_clock::now(), end);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }
  // `call` comes while the reader opens a segment.
  void WhileASegmentIsOpened(const std::function<void()>& call) {
    faults_->Arm(
        {.call = "Open", .path_contains = "/segments/", .mode = FaultMode::kSlow, .on_slow = call});
  }
  void CollectAll() {
    clock_.Advance(2 * kBriefGrace);
    const auto report = writer_->CollectGarbage();
    ASSERT_OK(report);
    EXPECT_EQ(report->delete_errors, 0u);
  }

  void ExpectThere(const std::vector<std::string>& objects) {
    const auto now = ObjectsWith(*store_, "/segments/");
    for (const std::string& name : objects) {
      EXPECT_TRUE(std::find(now.begin(), now.end(), name) != now.end()) << name;
    }
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  TestDatabase writer_;
  TestDatabase reader_;
  std::vector<std::unique_ptr<Collection>> written_;
  int num_changes_ = 0;
};

TEST_F(ReaderRenewalTest, RefreshThatTakesLongerThanALeaseHoldsAllCollections) {
  const auto c = *reader_->OpenCollection("c");
  const auto d = *reader_->OpenCollection("d");
  const auto held = ObjectsWith(*store_, "/segments/");
  for (const auto& collection : written_) Change(*collection);
  WhileASegmentIsOpened([&] {
    OutliveALease(2);
    CollectAll();
    ExpectThere(held);
  });
  ASSERT_OK(reader_->Refresh());
  EXPECT_GE(faults_->num_matched(), 1);
  ASSERT_OK(reader_->Close());
  EXPECT_TRUE(ObjectsWith(*store_, "/readers/").empty());
}

TEST_F(ReaderRenewalTest, OpeningThatTakesLongerThanALeaseHoldsWhatItOpens) {
  ASSERT_OK(reader_.TryOpen());
  const auto held = ObjectsWith(*store_, "/segments/");
  WhileASegmentIsOpened([&] {
    Change(*written_.front());
    OutliveALease(1);
    CollectAll();
    ExpectThere(held);
  });
  const auto c = reader_->OpenCollection("c");
  ASSERT_OK(c);
  EXPECT_EQ(*(*c)->Count(), 22u);
  EXPECT_GE(faults_->num_matched(), 1);
}

}  // namespace
}  // namespace vecdb::support
