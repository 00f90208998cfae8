// Bytes in the journal and rows in memory stay bounded, also while no flush succeeds.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

constexpr uint64_t kMiB = 1ULL << 20;
constexpr size_t kBatchRows = 32;
constexpr uint64_t kBatchBytes = 32 * 4096;  // and a little

// Rows of 4 KiB; the journal lies apart from a store that can fail.
class JournalLimitTest : public ::testing::Test {
 protected:
  JournalLimitTest() {
    db_.options.store = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults_);
    db_.options.journal_directory = logs_;
  }

  void Create(const CollectionOptions& options) {
    collection_ = *db_->CreateCollection("c", schema_, options);
  }

  absl::Status Insert() {
    const RowBatch rows = TaggedRows(schema_, Ids(next_, kBatchRows), "t");
    const absl::Status status = collection_->Insert(rows).status();
    if (!status.ok()) return status;
    next_ += kBatchRows;
    return status;
  }

  void FailFlushes() {
    faults_->Arm({.call = "Create",
                  .path_contains = "/segments/",
                  .sticky = true,
                  .error = absl::UnavailableError("the store is away")});
  }

  uint64_t JournalBytes() { return collection_->Describe()->journal_bytes; }
  size_t FlushedSegments() {
    size_t flushed = 0;
    const auto segments = collection_->Segments();
    EXPECT_OK(segments);
    for (const SegmentDescription& segment : *segments) {
      flushed += segment.state == SegmentState::kFlushed ? 1 : 0;
    }
    return flushed;
  }
  uint64_t GrowingBytes() {
    uint64_t bytes = 0;
    const auto segments = collection_->Segments();
    EXPECT_OK(segments);
    for (const SegmentDescription& segment : *segments) {
      if (segment.state == SegmentState::kGrowing) bytes += segment.memory_bytes;
    }
    return bytes;
  }

  const Schema schema_ = TaggedSchema(1024);
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FileSystem> logs_ = MakeMemoryFileSystem();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  int64_t next_ = 0;
};

TEST_F(JournalLimitTest, OptionHasLimitsOnBothSides) {
  const auto create = [&](uint64_t bytes) {
    return CodeOf(
        db_->CreateCollection(absl::StrCat("c", bytes), schema_, {.journal_max_bytes = bytes}));
  };
  EXPECT_EQ(create(kMiB - 1), Code::kInvalidArgument);
  EXPECT_EQ(create(kMiB), Code::kOk);
  EXPECT_EQ(create(1ULL << 40), Code::kOk);
  EXPECT_EQ(create((1ULL << 40) + 1), Code::kInvalidArgument);
}

TEST_F(JournalLimitTest, AtHalfAFlushIsStartedBehind) {
  Create({.journal_max_bytes = kMiB});
  while (JournalBytes() < kMiB / 2) {
    EXPECT_EQ(db_.executor.num_tasks(), 0u) << JournalBytes();
    ASSERT_OK(Insert());
  }
  ASSERT_OK(Insert());
  EXPECT_EQ(db_.executor.num_tasks(), 1u);
  EXPECT_EQ(FlushedSegments(), 0u);
  db_.executor.RunAll();
  EXPECT_EQ(FlushedSegments(), 1u);
  EXPECT_LT(JournalBytes(), 300u);
  EXPECT_EQ(LogFiles(*logs_).size(), 1u);
}

TEST_F(JournalLimitTest, AtThreeQuartersTheWriterFlushesItself) {
  Create({.journal_max_bytes = kMiB});
  for (int i = 0; i < 24; ++i) {  // three times the limit; the executor never runs
    ASSERT_OK(Insert());
    EXPECT_LT(JournalBytes(), kMiB / 4 * 3 + kBatchBytes + 1000);
  }
  EXPECT_GE(FlushedSegments(), 3u);
  EXPECT_EQ(*collection_->Count(), 24 * kBatchRows);
}

TEST_F(JournalLimitTest, FullJournalRefusesWritesUntilAFlushSucceeds) {
  Create({.journal_max_bytes = kMiB});
  FailFlushes();
  absl::Status status;
  for (int i = 0; i < 20 && status.ok(); ++i) status = Insert();
  EXPECT_EQ(status.code(), Code::kResourceExhausted) << status;
  EXPECT_TRUE(Says(status, "the store is away"));
  EXPECT_TRUE(Says(status, absl::StrCat("limit ", kMiB)));
  EXPECT_GE(JournalBytes(), kMiB);
  EXPECT_LT(JournalBytes(), kMiB + kBatchBytes + 1000);
  EXPECT_EQ(CodeOf(collection_->Delete({0})), Code::kResourceExhausted);
  EXPECT_EQ(*collection_->Count(), static_cast<uint64_t>(next_));
  EXPECT_EQ(CodeOf(collection_->Flush()), Code::kUnavailable);

  faults_->Disarm();
  ASSERT_OK(Insert());
  EXPECT_GE(FlushedSegments(), 1u);  // one per attempt
  EXPECT_LT(JournalBytes(), kBatchBytes + 1000);
  db_.Crash();
  collection_ = *db_->OpenCollection("c");
  EXPECT_EQ(*collection_->Count(), static_cast<uint64_t>(next_));
}

TEST_F(JournalLimitTest, WhatWasAcceptedWhileFlushesFailSurvives) {
  Create({.journal_max_bytes = kMiB});
  FailFlushes();
  while (Insert().ok()) continue;
  db_.Crash();
  faults_->Disarm();
  collection_ = *db_->OpenCollection("c");
  EXPECT_EQ(*collection_->Count(), static_cast<uint64_t>(next_));
  ASSERT_OK(Insert());
  EXPECT_LT(JournalBytes(), kBatchBytes + 1000);
}

TEST_F(JournalLimitTest, RowsInMemoryAreBoundedWhileFlushesFail) {
  for (const JournalPlace place : {JournalPlace::kNone, JournalPlace::kDirectory}) {
    db_.Reopen();
    if (db_->HasCollection("c")) {
      ASSERT_OK(db_->DropCollection("c"));
    }
    next_ = 0;
    Create({.segment_max_bytes = kMiB, .seal_proportion = 0.25, .journal = place});
    FailFlushes();
    constexpr uint64_t kLimit = 8 * kMiB / 4;
    absl::Status status;
    for (int i = 0; i < 60; ++i) {
      status = Insert();
      EXPECT_LT(GrowingBytes(), kLimit + kMiB);  // memory comes in chunks
      if (i % 2 == 0) db_.executor.RunAll();
    }
    EXPECT_EQ(status.code(), Code::kResourceExhausted) << status;
    EXPECT_TRUE(Says(status, absl::StrCat("limit ", kLimit)));
    EXPECT_GE(GrowingBytes(), kLimit);
    EXPECT_EQ(*collection_->Count(), static_cast<uint64_t>(next_));
    faults_->Disarm();
    ASSERT_OK(Insert());
    EXPECT_LT(GrowingBytes(), kLimit / 2);
    EXPECT_EQ(collection_->Get(Ids(0, static_cast<size_t>(next_)))->num_rows(),
              static_cast<size_t>(next_));
  }
}

TEST_F(JournalLimitTest, WriterThatFlushesKeepsItsDeadline) {
  Create({.journal_max_bytes = kMiB});
  while (JournalBytes() < kMiB / 4 * 3) ASSERT_OK(Insert());
  const RowBatch rows = TaggedRows(schema_, Ids(next_, 1), "t");
  EXPECT_EQ(CodeOf(collection_->Insert(rows, CancelledContext())), Code::kCancelled);
  EXPECT_EQ(CodeOf(collection_->Insert(rows, Context::WithTimeout(absl::ZeroDuration()))),
            Code::kDeadlineExceeded);
  EXPECT_EQ(*collection_->Count(), static_cast<uint64_t>(next_));
}

}  // namespace
}  // namespace vecdb::support
