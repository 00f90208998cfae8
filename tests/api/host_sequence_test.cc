// Hosts that have a log of their own, and write again from it after a crash.
#include <gtest/gtest.h>

#include "api/api_testing.h"

namespace vecdb::support {
namespace {

class HostSequenceTest : public ::testing::TestWithParam<JournalPlace> {
 protected:
  HostSequenceTest() {
    db_.options.journal_directory = MakeMemoryFileSystem();
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 2, .journal = GetParam()});
  }

  bool has_journal() const { return GetParam() != JournalPlace::kNone; }

  void Crash() {
    db_.Crash();
    collection_ = *db_->OpenCollection("c");
  }

  // The host's log: position n upserts the key n % 5, and every fourth deletes that key.
  WriteResult Apply(uint64_t position) {
    const auto key = static_cast<int64_t>(position % 5);
    const WriteOptions options{.host_sequence = position};
    const bool deletes = position % 4 == 3;
    const auto result =
        deletes ? collection_->Delete({key}, options)
                : collection_->Upsert(
                      TaggedRows(schema_, {key}, absl::StrCat("position ", position)), options);
    EXPECT_OK(result);
    return result.value_or(WriteResult());
  }

  Oracle StateAt(uint64_t position) const {
    Oracle oracle(schema_);
    for (uint64_t i = 1; i <= position; ++i) {
      const auto key = static_cast<int64_t>(i % 5);
      if (i % 4 == 3) {
        oracle.Delete(key);
      } else {
        oracle.Put(TaggedRows(schema_, {key}, absl::StrCat("position ", i)));
      }
    }
    return oracle;
  }

  const Schema schema_ = TaggedSchema();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
};

INSTANTIATE_TEST_SUITE_P(Places, HostSequenceTest,
                         ::testing::Values(JournalPlace::kDirectory, JournalPlace::kObjectStore,
                                           JournalPlace::kNone));

TEST_P(HostSequenceTest, ReplayedWritesChangeNothing) {
  for (uint64_t position = 1; position <= 8; ++position) {
    EXPECT_FALSE(Apply(position).already_applied);
  }
  for (uint64_t position = 1; position <= 8; ++position) {
    const WriteResult again = Apply(position);
    EXPECT_TRUE(again.already_applied);
    EXPECT_EQ(again.insert_count + again.upsert_count + again.delete_count, 0u);
  }
  ExpectSameRows(StateAt(8), *collection_);
  EXPECT_FALSE(Apply(20).already_applied);  // positions may leave some out
  EXPECT_TRUE(Apply(19).already_applied);
}

TEST_P(HostSequenceTest, InsertOfAReplayedRowIsNoDuplicate) {
  const RowBatch rows = TaggedRows(schema_, {1}, "t");
  ASSERT_OK(collection_->Insert(rows, WriteOptions{.host_sequence = 5}));
  const auto again = collection_->Insert(rows, WriteOptions{.host_sequence = 5});
  ASSERT_OK(again);
  EXPECT_TRUE(again->already_applied);
  EXPECT_EQ(CodeOf(collection_->Insert(rows, WriteOptions{.host_sequence = 6})),
            Code::kAlreadyExists);
  EXPECT_FALSE(collection_->Insert(TaggedRows(schema_, {2}, "t"), WriteOptions{.host_sequence = 6})
                   ->already_applied);
}

TEST_P(HostSequenceTest, WritesWithoutAPositionAreAlwaysApplied) {
  ASSERT_FALSE(Apply(9).already_applied);
  const auto other = collection_->Upsert(TaggedRows(schema_, {100}, "t"));
  ASSERT_OK(other);
  EXPECT_FALSE(other->already_applied);
  ASSERT_OK(collection_->Flush());
  EXPECT_EQ(*collection_->DurableUpTo(), 9u);
}

TEST_P(HostSequenceTest, DurableUpToFollowsTheFlushes) {
  EXPECT_EQ(*collection_->DurableUpTo(), 0u);
  for (uint64_t position = 1; position <= 6; ++position) Apply(position);
  EXPECT_EQ(*collection_->DurableUpTo(), 0u);
  ASSERT_OK(collection_->Flush());
  EXPECT_EQ(*collection_->DurableUpTo(), 6u);
  Apply(7);
  EXPECT_EQ(*collection_->DurableUpTo(), 6u);
  Crash();
  EXPECT_EQ(*collection_->DurableUpTo(), 6u);
  db_.Reopen();
}

TEST_P(HostSequenceTest, DeletionOfNothingMovesThePosition) {
  const auto result = collection_->Delete({77}, WriteOptions{.host_sequence = 3});
  ASSERT_OK(result);
  EXPECT_FALSE(result->already_applied);
  EXPECT_TRUE(collection_->Delete({77}, WriteOptions{.host_sequence = 3})->already_applied);
  ASSERT_OK(collection_->Flush());
  EXPECT_EQ(*collection_->DurableUpTo(), 3u);
  Crash();
  EXPECT_EQ(*collection_->DurableUpTo(), 3u);
}

// A host that writes again from DurableUpTo loses nothing and doubles nothing, wherever the crash.
TEST_P(HostSequenceTest, WritingAgainFromDurableUpToGivesTheSameState) {
  constexpr uint64_t kLast = 24;
  for (uint64_t flush = 0; flush <= 12; flush += 3) {
    db_.Reopen();
    ASSERT_OK(db_->DropCollection("c"));
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 2, .journal = GetParam()});
    for (uint64_t position = 1; position <= 12; ++position) {
      Apply(position);
      if (position == flush) {
        ASSERT_OK(collection_->Flush());
      }
    }
    Crash();
    const uint64_t durable = *collection_->DurableUpTo();
    EXPECT_EQ(durable, flush);
    ExpectSameRows(StateAt(has_journal() ? 12 : flush), *collection_);
    for (uint64_t position = durable + 1; position <= kLast; ++position) {
      EXPECT_EQ(Apply(position).already_applied, has_journal() && position <= 12) << position;
    }
    ExpectSameRows(StateAt(kLast), *collection_);
    ASSERT_OK(db_->Close());
    Crash();
    EXPECT_EQ(*collection_->DurableUpTo(), kLast);
    EXPECT_TRUE(Apply(kLast).already_applied);
    ExpectSameRows(StateAt(kLast), *collection_);
  }
}

}  // namespace
}  // namespace vecdb::support
