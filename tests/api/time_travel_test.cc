// Reads at a time: AsOf and AtLeast, over a clock that moves when the test says so.
#include <gtest/gtest.h>

#include <thread>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

constexpr int kCounterBits = 18;
constexpr int64_t kHour = 3'600'000;
constexpr int64_t kDay = 24 * kHour;

class TimeTravelTest : public ::testing::Test {
 protected:
  TimeTravelTest() : db_(MakeMemoryObjectStore(clock_)) {
    db_.options.host.clock = &clock_;
    Create({.num_shards = 2, .retention_ms = kHour});
  }

  void Create(const CollectionOptions& options) {
    if (db_->HasCollection("c")) {
      EXPECT_OK(db_->DropCollection("c"));
    }
    collection_ = *db_->CreateCollection("c", schema_, options);
  }
  uint64_t TimestampIn(int64_t millis) const {
    return static_cast<uint64_t>(clock_.NowMillis() + millis) << kCounterBits;
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
};

TEST_F(TimeTravelTest, AsOfGivesExactlyTheStateOfThen) {
  struct State {
    uint64_t timestamp;
    Oracle rows;
  };
  const uint64_t seed = TestSeed("AsOfGivesExactlyTheStateOfThen");
  SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", seed));
  SeededRandom random(seed);
  ASSERT_OK(collection_->CreateIndex("v", Flat()));
  Oracle now(schema_);
  std::vector<State> states;
  for (int step = 0; step < 40; ++step) {
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < 12; ++id) {
      if (random.OneIn(3)) ids.push_back(id);
    }
    if (ids.empty()) continue;
    absl::StatusOr<WriteResult> write;
    if (random.OneIn(3)) {
      write = collection_->Delete(ids);
      for (const int64_t id : ids) now.Delete(id);
    } else {
      const RowBatch rows = TaggedRows(schema_, ids, absl::StrCat("step ", step));
      write = collection_->Upsert(rows);
      now.Put(rows);
    }
    ASSERT_OK(write);
    states.push_back({write->timestamp, now});
    if (random.OneIn(2)) clock_.Advance(static_cast<int64_t>(random.Below(50)));
    if (random.OneIn(4)) {
      ASSERT_OK(collection_->Flush());
    }
    if (random.OneIn(8)) {
      random.OneIn(2) ? db_.Reopen() : db_.Crash();
      collection_ = *db_->OpenCollection("c");
    }
    if (random.OneIn(4)) {
      ASSERT_OK(db_->CollectGarbage());
    }
  }
  clock_.Advance(1);
  const std::vector<float> query = {1, 2, 3, 0};
  for (size_t i = 0; i < states.size(); ++i) {
    SCOPED_TRACE(i);
    // At the write, and just before the next one.
    const uint64_t end = i + 1 < states.size() ? states[i + 1].timestamp - 1 : TimestampIn(-1);
    for (const uint64_t timestamp : {states[i].timestamp, end}) {
      const Consistency then = Consistency::AsOf(timestamp);
      const Oracle& rows = states[i].rows;
      EXPECT_EQ(*collection_->Count(then), rows.size());
      EXPECT_TRUE(RowsOf(schema_, *collection_->Get(Ids(0, 12), {}, then)) == rows);
      const auto result = collection_->Search({.vectors = query, .limit = 20, .consistency = then});
      ASSERT_OK(result);
      EXPECT_EQ(HitsOf(*result, schema_), rows.Search("v", Metric::kL2, query, 20));
    }
  }
  const Consistency before = Consistency::AsOf(states.front().timestamp - 1);
  EXPECT_EQ(*collection_->Count(before), 0u);
}

TEST_F(TimeTravelTest, RetentionEndsOnTheMillisecond) {
  const auto write = collection_->Insert(TaggedRows(schema_, {1}, "t"));
  ASSERT_OK(write);
  clock_.Advance(kHour);
  EXPECT_EQ(*collection_->Count(Consistency::AsOf(write->timestamp)), 1u);
  clock_.Advance(1);
  const auto late = collection_->Count(Consistency::AsOf(write->timestamp));
  EXPECT_EQ(CodeOf(late), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(late, "retention_ms"));
}

TEST_F(TimeTravelTest, WithoutRetentionThereIsNoGoingBack) {
  Create({});
  const auto write = collection_->Insert(TaggedRows(schema_, {1}, "t"));
  clock_.Advance(1);
  const Consistency then = Consistency::AsOf(write->timestamp);
  EXPECT_EQ(CodeOf(collection_->Count(then)), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(collection_->Get({1}, {}, then)), Code::kFailedPrecondition);
}

TEST_F(TimeTravelTest, AsOfATimeThatHasNotComeIsInvalid) {
  EXPECT_EQ(CodeOf(collection_->Count(Consistency::AsOf(TimestampIn(1)))), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(collection_->Count(Consistency::AsOf(~uint64_t{0}))), Code::kInvalidArgument);
}

// Writes of the same millisecond could still come, so the read waits for the next.
TEST_F(TimeTravelTest, AsOfNowWaitsForTheEndOfTheMillisecond) {
  ASSERT_OK(collection_->Insert(TaggedRows(schema_, {1}, "t")));
  const Consistency now = Consistency::AsOf(TimestampIn(0) + 100);
  EXPECT_EQ(CodeOf(collection_->Count(now, Context::WithTimeout(absl::Milliseconds(5)))),
            Code::kDeadlineExceeded);
  clock_.Advance(1);
  EXPECT_EQ(*collection_->Count(now), 1u);
  EXPECT_OK(collection_->Insert(TaggedRows(schema_, {2}, "later")));
  EXPECT_EQ(*collection_->Count(now), 1u);
}

TEST_F(TimeTravelTest, RetentionHasLimitsOnBothSides) {
  const auto create = [&](const CollectionOptions& options) {
    if (db_->HasCollection("d")) {
      EXPECT_OK(db_->DropCollection("d"));
    }
    return CodeOf(db_->CreateCollection("d", schema_, options));
  };
  constexpr int64_t kTenYears = 10LL * 366 * kDay;
  EXPECT_EQ(create({.retention_ms = -1}), Code::kInvalidArgument);
  EXPECT_EQ(create({.retention_ms = kTenYears}), Code::kOk);
  EXPECT_EQ(create({.retention_ms = kTenYears + 1}), Code::kInvalidArgument);
  EXPECT_EQ(create({.staleness_ms = -1}), Code::kInvalidArgument);
  EXPECT_EQ(create({.staleness_ms = 0}), Code::kOk);
  EXPECT_EQ(create({.staleness_ms = kDay}), Code::kOk);
  EXPECT_EQ(create({.staleness_ms = kDay + 1}), Code::kInvalidArgument);
  EXPECT_EQ(create({.consistency = static_cast<ConsistencyLevel>(-1)}), Code::kInvalidArgument);
  EXPECT_EQ(create({.consistency = static_cast<ConsistencyLevel>(4)}), Code::kInvalidArgument);
}

TEST_F(TimeTravelTest, AtLeastAnEarlierTimeShowsWhatIsThere) {
  const auto write = collection_->Insert(TaggedRows(schema_, {1}, "t"));
  clock_.Advance(1);
  EXPECT_EQ(*collection_->Count(Consistency::AtLeast(write->timestamp)), 1u);
  EXPECT_EQ(*collection_->Count(Consistency::AtLeast(0)), 1u);
  EXPECT_EQ(*collection_->Count(Consistency::AtLeast(1)), 1u);
}

TEST_F(TimeTravelTest, AtLeastATimeToComeWaitsForIt) {
  const Consistency soon = Consistency::AtLeast(TimestampIn(kHour));
  EXPECT_EQ(CodeOf(collection_->Count(soon, Context::WithTimeout(absl::Milliseconds(5)))),
            Code::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(collection_->Count(soon, CancelledContext())), Code::kCancelled);
  std::thread reader([&] { EXPECT_EQ(*collection_->Count(soon), 1u); });
  EXPECT_OK(collection_->Insert(TaggedRows(schema_, {1}, "t")));  // before that time
  clock_.Advance(kHour + 1);
  reader.join();
  // No write can get a time up to then any more, whatever the clock does.
  clock_.Advance(-kHour);
  const auto write = collection_->Insert(TaggedRows(schema_, {2}, "t"));
  EXPECT_GT(write->timestamp, soon.timestamp());
}

TEST_F(TimeTravelTest, AtLeastMoreThanADayAheadIsInvalid) {
  const Context brief = Context::WithTimeout(absl::Milliseconds(5));
  EXPECT_EQ(CodeOf(collection_->Count(Consistency::AtLeast(TimestampIn(kDay)), brief)),
            Code::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(collection_->Count(Consistency::AtLeast(TimestampIn(kDay + 1)))),
            Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(collection_->Count(Consistency::AtLeast(~uint64_t{0}))), Code::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::support
