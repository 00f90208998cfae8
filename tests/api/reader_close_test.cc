// What a reader that is closed lets go of, whoever holds what of it.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/fake_clock.h"

namespace vecdb::support {
namespace {

class ReaderCloseTest : public ::testing::Test {
 protected:
  ReaderCloseTest() {
    writer_.options.store = reader_.options.store = store_;
    for (TestDatabase* db : {&writer_, &reader_}) db->options.host.clock = &clock_;
    reader_.options.read_only = true;
    reader_.options.host.budget = &budget_;
    written_ = *writer_->CreateCollection("c", schema_);
  }
  void Write(const std::vector<int64_t>& ids) {
    clock_.Advance(1);
    ASSERT_OK(written_->Upsert(TaggedRows(schema_, ids, "t")));
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  MemoryBudget budget_;
  TestDatabase writer_;
  TestDatabase reader_;
  std::unique_ptr<Collection> written_;
  const std::vector<float> query_ = {1, 2, 3, 0};
};

TEST_F(ReaderCloseTest, JournalObjectsAreNotKeptByWhoHoldsTheCollection) {
  Write(Ids(0, 100));
  const auto read = *reader_->OpenCollection("c");
  Write(Ids(100, 100));
  ASSERT_OK(read->Refresh());
  EXPECT_EQ(*read->Count(), 200u);
  EXPECT_GT(budget_.used_bytes(), 0u);
  ASSERT_OK(reader_->Close());
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

// The engine that the iterators read has been replaced by then.
TEST_F(ReaderCloseTest, IteratorsOfAnOlderStateAreClosedToo) {
  ASSERT_OK(written_->CreateIndex("v", Flat()));
  Write(Ids(0, 20));
  ASSERT_OK(written_->Flush());
  const auto read = *reader_->OpenCollection("c");
  ASSERT_OK(read->Load());
  const auto rows = *read->OpenQueryIterator({}, {.batch_size = 5});
  const auto hits = *read->OpenSearchIterator({.field = "v", .vectors = query_}, {.batch_size = 5});
  ASSERT_OK(written_->CreateIndex("tag", {.params = InvertedParams()}));
  ASSERT_OK(read->Refresh());
  EXPECT_OK(rows->Next());
  EXPECT_OK(hits->Next());
  ASSERT_OK(reader_->Close());
  EXPECT_EQ(CodeOf(rows->Next()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(hits->Next()), Code::kFailedPrecondition);
}

// An executor of the host's may never come to a task.
TEST_F(ReaderCloseTest, TasksThatWaitKeepNoMemoryOfAnOlderState) {
  reader_.options.recall_sample_every = 1;
  ASSERT_OK(written_->CreateIndex("v", Hnsw()));
  Write(Ids(0, 1200));
  ASSERT_OK(written_->Flush());
  ASSERT_OK(written_->WaitForIndex("v"));
  Write(Ids(1200, 10));
  auto read = *reader_->OpenCollection("c");
  ASSERT_OK(read->Load());
  ASSERT_OK(read->Search({.field = "v", .vectors = query_}));
  EXPECT_GT(reader_.executor.num_tasks(), 0u);
  ASSERT_OK(written_->CreateIndex("tag", {.params = InvertedParams()}));
  ASSERT_OK(read->Refresh());
  read.reset();
  ASSERT_OK(reader_->Close());
  reader_.database.reset();
  EXPECT_EQ(budget_.used_bytes(), 0u);
  EXPECT_GT(reader_.executor.num_tasks(), 0u);
}

}  // namespace
}  // namespace vecdb::support
