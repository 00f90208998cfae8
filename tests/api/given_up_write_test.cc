// Writes that have been applied, and that their caller did not wait for.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/fault_file_system.h"

namespace vecdb::support {
namespace {

class GivenUpWriteTest : public ::testing::Test {
 protected:
  GivenUpWriteTest() {
    db_.options.journal_directory =
        std::make_shared<FaultFileSystem>(MakeMemoryFileSystem(), faults_);
    c_ = *db_->CreateCollection("c", schema_);
    EXPECT_OK(c_->Insert(TaggedRows(schema_, {1}, "first")));
  }
  ~GivenUpWriteTest() override { faults_->Disarm(); }

  static Context Soon(absl::Duration left) { return Context::WithTimeout(left); }

  // A write that stands behind another one in the journal when its time is up.
  void GiveUpOnAWrite() {
    bool came = false;
    faults_->Arm({.call = "Sync", .mode = FaultMode::kSlow, .on_slow = [&] {
                    faults_->Disarm();
                    came = true;
                    const auto late = c_->Insert(TaggedRows(schema_, {3}, "given up"),
                                                 Soon(absl::Milliseconds(20)));
                    EXPECT_EQ(CodeOf(late), Code::kUnknown);
                  }});
    ASSERT_OK(c_->Insert(TaggedRows(schema_, {2}, "second")));
    ASSERT_TRUE(came);
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
};

TEST_F(GivenUpWriteTest, AStrongReadPutsItIntoTheJournalAndSeesIt) {
  GiveUpOnAWrite();
  const auto count = c_->Count(ConsistencyLevel::kStrong, Soon(absl::Seconds(20)));
  ASSERT_OK(count);
  EXPECT_EQ(*count, 3U);
}

TEST_F(GivenUpWriteTest, AWriteThatAsksForLessDoesSo) {
  GiveUpOnAWrite();
  ASSERT_OK(c_->Upsert(TaggedRows(schema_, {4}, "fourth"), {.durability = Durability::kNone},
                       Soon(absl::Seconds(20))));
  EXPECT_EQ(*c_->Count(), 4U);
}

}  // namespace
}  // namespace vecdb::support
