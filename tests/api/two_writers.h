#ifndef VECDB_TESTS_API_TWO_WRITERS_H_
#define VECDB_TESTS_API_TWO_WRITERS_H_

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "api/api_testing.h"
#include "support/fake_clock.h"

namespace vecdb::support {

/// A writer, and a second one that takes over from it, without threads, on one clock.
class TwoWriters : public ::testing::Test {
 protected:
  static constexpr int64_t kGrace = 60'000;

  /// The first makes the collection "c". Each has its way to the same objects.
  void Start(std::shared_ptr<ObjectStore> of_first, std::shared_ptr<ObjectStore> of_second) {
    first_.options.store = std::move(of_first);
    second_.options.store = std::move(of_second);
    for (TestDatabase* db : {&first_, &second_}) {
      db->options.gc_grace_ms = kGrace;
      db->options.host.clock = &clock_;
    }
    old_ = *first_->CreateCollection("c", schema_, {.num_shards = 2});
    EXPECT_OK(old_->CreateIndex("v", Flat()));
  }

  void TakeOver() {
    auto opened = second_->OpenCollection("c");
    ASSERT_OK(opened);
    new_ = *std::move(opened);
  }

  /// The first sleeps until everything has been collected that ever may be; with `close` the second
  /// closes, and another takes over, in between.
  void ExpectSleeperIsStopped(bool close) {
    first_.Crash();
    old_ = *first_->OpenCollection("c");
    for (int64_t id = 0; id < 3; ++id) Put(*old_, &oracle_, {id}, "first");
    second_.Crash();
    TakeOver();
    uint64_t num_collected = 0;
    for (int round = 0; round < 3; ++round) {
      for (int64_t id = 10; id < 14; ++id) Put(*new_, &oracle_, {id}, "second");
      ASSERT_OK(new_->Flush());
      if (close) {
        ASSERT_OK(second_->Close());
      }
      clock_.Advance(3 * kGrace);
      if (close) {
        second_.Crash();
        TakeOver();
      }
      const auto collected = second_->CollectGarbage();
      ASSERT_OK(collected);
      num_collected += collected->versions_deleted + collected->objects_deleted;
    }
    EXPECT_GT(num_collected, 0U);
    EXPECT_FALSE(old_->Insert(TaggedRows(schema_, {100}, "lost")).ok());
    EXPECT_FALSE(old_->Flush().ok());
    second_.Crash();
    TakeOver();
    ExpectSameRows(oracle_, *new_);
    ASSERT_OK(second_->Close());
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  TestDatabase first_;
  TestDatabase second_;
  std::unique_ptr<Collection> old_;
  std::unique_ptr<Collection> new_;
  Oracle oracle_{schema_};
};

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_TWO_WRITERS_H_
