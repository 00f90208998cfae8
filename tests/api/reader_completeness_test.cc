// What a reader calls complete beside a writer that does something just then.
#include <gtest/gtest.h>

#include <functional>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

class ReaderCompletenessTest : public ::testing::Test {
 protected:
  ReaderCompletenessTest() {
    writer_.options.store = std::make_shared<FaultObjectStore>(store_, of_writer_);
    reader_.options.store = std::make_shared<FaultObjectStore>(store_, of_reader_);
    for (TestDatabase* db : {&writer_, &reader_}) db->options.host.clock = &clock_;
    reader_.options.read_only = true;
    written_ = *writer_->CreateCollection("c", schema_, {.retention_ms = 10'000});
  }
  void Write(const std::vector<int64_t>& ids) {
    clock_.Advance(1);
    Put(*written_, &oracle_, ids, "t");
  }
  void ReopenWriter() {
    written_.reset();
    writer_.Crash();
    written_ = *writer_->OpenCollection("c");
  }
  void CloseWriter() {
    written_.reset();
    ASSERT_OK(writer_->Close());
  }
  // A manifest whose log begins with the object of a takeover, which stays when the log is ended.
  void BeginLogWithFence() {
    Write(Ids(0, 10));
    ASSERT_OK(written_->Flush());
    ReopenWriter();
    ASSERT_OK(written_->Flush());
    Write(Ids(10, 10));
  }
  // `call` comes between the manifest that the reader reads and its list of the journal.
  void BeforeTheJournalIsListed(const std::function<void()>& call, bool always = false,
                                int nth = 1) {
    of_reader_->Arm({.call = "List",
                     .path_contains = "/journal/",
                     .nth = nth,
                     .sticky = always,
                     .mode = FaultMode::kSlow,
                     .on_slow = call});
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<FaultInjector> of_writer_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FaultInjector> of_reader_ = std::make_shared<FaultInjector>();
  TestDatabase writer_;
  TestDatabase reader_;
  std::unique_ptr<Collection> written_;
  std::unique_ptr<Collection> read_;
  Oracle oracle_{schema_};
};

// What is left of the log is an object without records, which looks like all of it.
TEST_F(ReaderCompletenessTest, LogThatIsEndedBeforeItIsListedIsNotTakenForWhole) {
  BeginLogWithFence();
  ASSERT_OK(reader_.TryOpen());
  BeforeTheJournalIsListed([&] { CloseWriter(); });
  read_ = *reader_->OpenCollection("c");
  EXPECT_GE(of_reader_->num_matched(), 1);
  EXPECT_FALSE(ObjectsWith(*store_, ".log").empty());
  ExpectSameRows(oracle_, *read_);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 20u);
}

TEST_F(ReaderCompletenessTest, RefreshDoesNotGoBackWhenTheLogIsEnded) {
  BeginLogWithFence();
  read_ = *reader_->OpenCollection("c");
  ASSERT_EQ(*read_->Count(), 20u);
  ASSERT_OK(written_->CreateIndex("v", Flat()));  // another manifest, the same log
  // The first list is for what has come behind what is known.
  BeforeTheJournalIsListed([&] { CloseWriter(); }, /*always=*/false, /*nth=*/2);
  ASSERT_OK(read_->Refresh());
  EXPECT_GE(of_reader_->num_matched(), 2);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 20u);
}

// Manifests that leave the log alone do not keep a reader from reading it.
TEST_F(ReaderCompletenessTest, ManifestsThatComeAllTheTimeAreNotInTheWay) {
  BeginLogWithFence();
  ASSERT_OK(reader_.TryOpen());
  int changes = 0;
  const auto change = [&] {
    ASSERT_OK(++changes % 2 == 1 ? written_->CreateIndex("v", Flat()) : written_->DropIndex("v"));
  };
  BeforeTheJournalIsListed(change, /*always=*/true);
  auto opened = reader_->OpenCollection("c");
  ASSERT_OK(opened);
  EXPECT_EQ(changes, 1);
  of_reader_->Disarm();
  ExpectSameRows(oracle_, **opened);
}

// A flush takes rows out of the log: what is read of it then is read again.
TEST_F(ReaderCompletenessTest, FlushBeforeTheLogIsListedIsRead) {
  BeginLogWithFence();
  ASSERT_OK(reader_.TryOpen());
  BeforeTheJournalIsListed([&] {
    ASSERT_OK(written_->Flush());
    Write(Ids(20, 10));
  });
  read_ = *reader_->OpenCollection("c");
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 30u);
  ExpectSameRows(oracle_, *read_);
}

// Its time is over for the reader before it is there.
TEST_F(ReaderCompletenessTest, WriteThatIsOnItsWayDuringARefreshIsSeenByItsTime) {
  Write({1});
  read_ = *reader_->OpenCollection("c");
  of_writer_->Arm(
      {.call = "Finish", .path_contains = ".log", .mode = FaultMode::kSlow, .on_slow = [&] {
         clock_.Advance(10);
         ASSERT_OK(read_->Refresh());
         EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 1u);
         clock_.Advance(10);
       }});
  const auto result = written_->Upsert(TaggedRows(schema_, {2}, "t"));
  ASSERT_OK(result);
  EXPECT_EQ(of_writer_->num_matched(), 1);
  EXPECT_EQ(*read_->Count(Consistency::AtLeast(result->timestamp)), 2u);
  EXPECT_EQ(*read_->Count(Consistency::AsOf(result->timestamp)), 2u);
}

}  // namespace
}  // namespace vecdb::support
