// What a collection compacts by itself, and what Maintain does for a host without threads.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "api/compaction_testing.h"

namespace vecdb::support {
namespace {

class AutoCompactionTest : public CompactionTest {};

TEST_F(AutoCompactionTest, ACollectionCompactsItself) {
  Create({.num_shards = 2});
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  for (int i = 0; i < 40; ++i) {
    Fill(1, 10);
    Upsert(Ids(i * 10, 10), absl::StrCat("more ", i));
    Flush();
    db_.executor.RunAll();
    EXPECT_LE(NumSegments(), 24u);
  }
  EXPECT_GT(c_->Describe()->compacted_bytes, 0u);
  EXPECT_EQ(c_->Describe()->compaction_error, "");
  ExpectRows();
  Crash();
  ExpectRows();
}

TEST_F(AutoCompactionTest, WithoutAThreadFlushesKeepSegmentsFew) {
  Create({});
  for (int i = 0; i < 60; ++i) {
    Upsert({i}, absl::StrCat("flush ", i));
    Flush();
    EXPECT_LE(NumSegments(), 10u);
  }
  EXPECT_GT(db_.executor.num_tasks(), 0u);  // never run
  ExpectRows();
}

TEST_F(AutoCompactionTest, WhileCompactionsFailFlushesGoOn) {
  Create({});
  faults_->Arm({.call = "Finish",
                .path_contains = "segment.json",
                .nth = 11,
                .sticky = true,
                .error = absl::ResourceExhaustedError("disk full")});
  for (int i = 0; i < 10; ++i) {
    Upsert({i}, "t");
    Flush();
  }
  Upsert({10}, "t");
  EXPECT_EQ(CodeOf(c_->Flush()), Code::kResourceExhausted);  // its own
  EXPECT_TRUE(absl::StrContains(c_->Describe()->compaction_error, "disk full"));
  faults_->Disarm();
  EXPECT_OK(c_->Flush());  // compactions pause
  EXPECT_EQ(NumSegments(), 11u);
  clock_.Advance(kCompactionHour);
  EXPECT_OK(c_->Flush());
  EXPECT_LE(NumSegments(), 2u);
  ExpectRows();
}

TEST_F(AutoCompactionTest, WhenItIsNotToItDoesNot) {
  Fill(10, 10);
  db_.executor.RunAll();
  EXPECT_EQ(NumSegments(), 20u);
  Reopen();
  EXPECT_FALSE(c_->Describe()->options.auto_compaction);
  Flush();
  db_.executor.RunAll();
  EXPECT_EQ(NumSegments(), 20u);
}

TEST_F(AutoCompactionTest, ManyDeletesAreFlushedAndTheirRowsGo) {
  Create({});
  Upsert(Ids(0, 6000), "t");
  Flush();
  db_.executor.RunAll();
  EXPECT_EQ(Segments().front().num_rows, 6000u);
  Delete(Ids(0, 1000));
  db_.executor.RunAll();
  EXPECT_EQ(Segments().front().num_rows, 6000u);
  Delete(Ids(1000, 500));
  clock_.Advance(1);
  db_.executor.RunAll();
  EXPECT_EQ(Segments().front().num_rows, 4500u);
  ExpectRows();
}

TEST_F(AutoCompactionTest, AfterAFailureItPausesAndSaysWhy) {
  Create({});
  const auto flush_one = [&](int64_t id) {
    Upsert({id}, "t");
    Flush();
    db_.executor.RunAll();
  };
  faults_->Arm({.call = "Finish",
                .path_contains = "segment.json",
                .nth = 4,
                .sticky = true,
                .error = absl::ResourceExhaustedError("disk full")});
  flush_one(1);
  flush_one(2);
  flush_one(3);  // the merge fails
  EXPECT_TRUE(absl::StrContains(c_->Describe()->compaction_error, "disk full"));
  faults_->Disarm();
  flush_one(4);  // too early
  EXPECT_EQ(NumSegments(), 4u);
  clock_.Advance(1000);
  flush_one(5);
  EXPECT_LT(NumSegments(), 5u);
  EXPECT_EQ(c_->Describe()->compaction_error, "");
  ExpectRows();
}

TEST_F(AutoCompactionTest, WritesKeepToTheirRate) {
  db_.options.compaction_bytes_per_second = 100'000;
  Reopen();
  Fill(3);
  const auto begin = std::chrono::steady_clock::now();
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  // The last piece is not waited for.
  const auto bytes = static_cast<double>(c_->CompactionState(*id)->bytes_written);
  EXPECT_GE(took.count(), bytes / 2 / 100'000);
}

TEST_F(AutoCompactionTest, MaintainDoesWhatElseIsDueWhenAnIndexCannotBeBuilt) {
  Create({.segment_max_bytes = 1 << 20, .seal_proportion = 1});
  Upsert(Ids(0, 1100), "large");
  Flush();
  Upsert(Ids(10'000, 4000), "larger");
  Flush();
  for (int64_t i = 0; i < 3; ++i) {
    Upsert(Ids(i * 10'000 + 5'000, 5), "small");
    Flush();
  }
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  faults_->Arm({.call = "Create",
                .path_contains = ".idx",
                .error = absl::ResourceExhaustedError("disk full")});
  const auto report = c_->Maintain({.time_ms = 60'000});
  EXPECT_EQ(CodeOf(report), Code::kResourceExhausted);
  EXPECT_EQ(c_->DescribeIndex("v")->pending_rows(), 1100u);
  EXPECT_EQ(NumSegments(), 3u);
  ASSERT_OK(c_->Maintain({.time_ms = 60'000}));
  EXPECT_EQ(c_->DescribeIndex("v")->pending_rows(), 0u);
}

TEST_F(AutoCompactionTest, MaintainDoesWhatIsDueInItsTurn) {
  Create({.segment_max_bytes = 1 << 20, .seal_proportion = 0.02});
  ASSERT_OK(c_->CreateIndex("tag", {.params = InvertedParams{}}));
  for (int64_t i = 0; i < 3; ++i) {
    Upsert(Ids(i * 1100, 1100), "t");
    EXPECT_TRUE(c_->Maintain({.time_ms = 0})->flush_is_due);
    // A step at a time: a flush, and the index of its segment.
    auto report = c_->Maintain({.time_ms = 60'000, .bytes = 1});
    ASSERT_OK(report);
    EXPECT_EQ(report->num_steps, 1u);
    EXPECT_GT(report->bytes_written, 0u);
    EXPECT_FALSE(report->flush_is_due);
    EXPECT_EQ(report->num_builds_left, 1u);
    ASSERT_OK(c_->Maintain({.time_ms = 60'000, .bytes = 1}));
  }
  EXPECT_EQ(NumSegments(), 3u);
  auto report = c_->Maintain({.time_ms = 0});
  ASSERT_OK(report);
  EXPECT_EQ(report->num_steps, 0u);
  EXPECT_EQ(report->num_builds_left, 0u);
  EXPECT_EQ(report->num_compactions_left, 1u);
  clock_.Advance(kCompactionHour);
  report = c_->Maintain({.time_ms = 60'000});
  ASSERT_OK(report);
  EXPECT_EQ(report->num_steps, 2u);  // a compaction, and garbage collection
  EXPECT_EQ(report->num_compactions_left, 0u);
  EXPECT_EQ(NumSegments(), 1u);
  EXPECT_EQ(Segments().front().indexed_fields, std::vector<std::string>{"tag"});
  EXPECT_EQ(c_->Maintain()->num_steps, 0u);
  EXPECT_EQ(CodeOf(c_->Maintain({.time_ms = -1})), Code::kInvalidArgument);
  ExpectRows();
}

}  // namespace
}  // namespace vecdb::support
