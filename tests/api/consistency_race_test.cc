// Levels of consistency while a write hangs in the journal.
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_file_system.h"

namespace vecdb::support {
namespace {

// Row 1 is visible. The write of row 2 hangs in a sync until Release.
class HangingWriteTest : public ::testing::Test {
 protected:
  explicit HangingWriteTest(const CollectionOptions& options = {}) {
    db_.options.journal_directory =
        std::make_shared<FaultFileSystem>(MakeMemoryFileSystem(), faults_);
    db_.options.host.clock = &clock_;
    collection_ = *db_->CreateCollection("c", schema_, options);
    EXPECT_OK(collection_->CreateIndex("v", Flat()));
    EXPECT_OK(collection_->Insert(TaggedRows(schema_, {1}, "t")));
    faults_->Arm(
        {.call = "Sync", .path_contains = ".log", .mode = FaultMode::kSlow, .on_slow = [this] {
           hanging_.count_down();
           released_.wait();
         }});
    writer_ =
        std::thread([this] { EXPECT_OK(collection_->Insert(TaggedRows(schema_, {2}, "t"))); });
    hanging_.wait();
  }
  ~HangingWriteTest() override {
    if (writer_.joinable()) Release();
  }

  void Release() {
    released_.count_down();
    writer_.join();
  }

  Context Briefly() const { return Context::WithTimeout(absl::Milliseconds(10)); }

  void ExpectDoesNotWait(const Consistency& consistency) {
    const std::vector<float> query = {1, 1, 1, 1};
    EXPECT_EQ(*collection_->Count(consistency), 1u);
    EXPECT_EQ(collection_->Get({1, 2}, {}, consistency)->num_rows(), 1u);
    const auto result = collection_->Search({.vectors = query, .consistency = consistency});
    ASSERT_OK(result);
    EXPECT_EQ(result->hits(0).size(), 1u);
  }

  // Waits, ends at the deadline, and sees the write once it is there.
  void ExpectWaits(const Consistency& consistency) {
    const std::vector<float> query = {1, 1, 1, 1};
    EXPECT_EQ(CodeOf(collection_->Count(consistency, Briefly())), Code::kDeadlineExceeded);
    EXPECT_EQ(CodeOf(collection_->Get({1, 2}, {}, consistency, Briefly())),
              Code::kDeadlineExceeded);
    EXPECT_EQ(
        CodeOf(collection_->Search({.vectors = query, .consistency = consistency}, Briefly())),
        Code::kDeadlineExceeded);
    EXPECT_EQ(CodeOf(collection_->Count(consistency, CancelledContext())), Code::kCancelled);
    std::thread reader([&] { EXPECT_EQ(*collection_->Count(consistency), 2u); });
    Release();
    reader.join();
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  FakeClock clock_;
  std::latch hanging_{1};
  std::latch released_{1};
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  std::thread writer_;
};

class ConsistencyRaceTest : public HangingWriteTest {};

TEST_F(ConsistencyRaceTest, StrongWaitsForAWriteOnItsWay) {
  ExpectWaits(ConsistencyLevel::kStrong);
}

TEST_F(ConsistencyRaceTest, EventuallyAndSessionDoNotWait) {
  ExpectDoesNotWait(ConsistencyLevel::kEventually);
  ExpectDoesNotWait(ConsistencyLevel::kSession);
}

TEST_F(ConsistencyRaceTest, DefaultsAreBoundedByFiveSeconds) {
  ExpectDoesNotWait(Consistency());
  ExpectDoesNotWait(ConsistencyLevel::kBounded);
  clock_.Advance(5000);
  ExpectDoesNotWait(Consistency());
  clock_.Advance(1);
  EXPECT_EQ(CodeOf(collection_->Count(Briefly())), Code::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(collection_->Count(ConsistencyLevel::kBounded, Briefly())),
            Code::kDeadlineExceeded);
}

TEST_F(ConsistencyRaceTest, BoundedWaitsForWhatIsOlderThanTheBound) {
  ExpectDoesNotWait(Consistency::Bounded(200));
  clock_.Advance(100);
  ExpectDoesNotWait(Consistency::Bounded(200));
  clock_.Advance(101);
  ExpectDoesNotWait(Consistency::Bounded(300));
  ExpectWaits(Consistency::Bounded(200));
}

TEST_F(ConsistencyRaceTest, BoundedByZeroWaits) {
  clock_.Advance(1);
  ExpectWaits(Consistency::Bounded(0));
}

TEST_F(ConsistencyRaceTest, AtLeastWaitsForWritesUpToItsTime) {
  const uint64_t begun = static_cast<uint64_t>(clock_.NowMillis()) << 18;
  clock_.Advance(1);
  ExpectDoesNotWait(Consistency::AtLeast(begun - 1));
  ExpectWaits(Consistency::AtLeast(begun + 1000));
}

TEST_F(ConsistencyRaceTest, SnapshotsDoNotWaitAndStayAsTheyAre) {
  const auto snapshot = *collection_->PinSnapshot();
  ExpectDoesNotWait(snapshot);
  Release();
  ExpectDoesNotWait(snapshot);
}

// A write at a lower level does not overtake the one that hangs.
TEST_F(ConsistencyRaceTest, LaterWriteOfLowerLevelBecomesVisibleBehindIt) {
  const auto brief = collection_->Insert(TaggedRows(schema_, {3}, "t"),
                                         WriteOptions{.durability = Durability::kNone}, Briefly());
  EXPECT_EQ(CodeOf(brief), Code::kUnknown) << brief.status();
  ExpectDoesNotWait(ConsistencyLevel::kEventually);
  Release();
  EXPECT_EQ(*collection_->Count(ConsistencyLevel::kStrong), 3u);
}

TEST_F(ConsistencyRaceTest, WriterAtItsDeadlineGetsUnknownAndPoisonsNothing) {
  EXPECT_EQ(CodeOf(collection_->Insert(TaggedRows(schema_, {3}, "t"), Briefly())), Code::kUnknown);
  EXPECT_EQ(CodeOf(collection_->Insert(TaggedRows(schema_, {3}, "t"), Briefly())),
            Code::kAlreadyExists);
  Release();
  EXPECT_OK(collection_->Insert(TaggedRows(schema_, {4}, "t")));
  EXPECT_EQ(*collection_->Count(ConsistencyLevel::kStrong), 4u);
}

class StrongCollectionTest : public HangingWriteTest {
 protected:
  StrongCollectionTest() : HangingWriteTest({.consistency = ConsistencyLevel::kStrong}) {}
};

TEST_F(StrongCollectionTest, ReadsThatNameNothingWait) { ExpectWaits(Consistency()); }

TEST_F(StrongCollectionTest, ReadsThatNameALevelGetThat) {
  ExpectDoesNotWait(ConsistencyLevel::kEventually);
}

class EventualCollectionTest : public HangingWriteTest {
 protected:
  EventualCollectionTest() : HangingWriteTest({.consistency = ConsistencyLevel::kEventually}) {}
};

TEST_F(EventualCollectionTest, ReadsThatNameNothingDoNotWait) {
  clock_.Advance(3'600'000);
  ExpectDoesNotWait(Consistency());
}

class ImpatientCollectionTest : public HangingWriteTest {
 protected:
  ImpatientCollectionTest() : HangingWriteTest({.staleness_ms = 10}) {}
};

TEST_F(ImpatientCollectionTest, BoundIsThatOfTheCollection) {
  ExpectDoesNotWait(Consistency());
  clock_.Advance(11);
  ExpectWaits(Consistency());
}

}  // namespace
}  // namespace vecdb::support
