#include "engine/read_point.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/writer.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class ReadPointTest : public CoreFixture {
 protected:
  ReadPointTest() : CoreFixture({.num_shards = 2, .retention_ms = 3'600'000}) {}
  Writer writer_{core_.get()};
};

TEST_F(ReadPointTest, CountOfATimeIsThatOfTheRowsAliveThenFlushedOrNot) {
  const auto first = writer_.Insert(Rows(Ids(0, 30)), false, {}, {});
  const auto second = writer_.Delete({1, 2, 3}, {}, {});
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  const auto third = writer_.Insert(Rows(Ids(20, 20), "new"), true, {}, {});
  for (const auto& [timestamp, rows] :
       {std::pair(first->timestamp - 1, 0u), std::pair(first->timestamp, 30u),
        std::pair(second->timestamp, 27u), std::pair(third->timestamp, 37u)}) {
    Snapshot snapshot = core_->Read();
    snapshot.as_of = timestamp;
    EXPECT_EQ(*CountRows(snapshot, {}), rows) << timestamp;
    const auto read = ResolveRead(*core_, Consistency::AsOf(timestamp), {});
    ASSERT_OK(read);
    EXPECT_EQ(read->live_rows, rows);
  }
}

TEST_F(ReadPointTest, TimesOutOfReachAreRefused) {
  const int64_t now = SystemClock().NowMillis();
  const auto code = [&](const Consistency& consistency) {
    return CodeOf(ResolveRead(*core_, consistency, Context::WithTimeout(absl::Milliseconds(20))));
  };
  EXPECT_EQ(code(Consistency::AsOf(TimestampAt(now - 3'590'000))), absl::StatusCode::kOk);
  EXPECT_EQ(code(Consistency::AsOf(TimestampAt(now - 3'601'000))),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(Consistency::AsOf(TimestampAt(now + 60'000))), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Consistency::AtLeast(TimestampAt(now + 60'000))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(Consistency::AtLeast(TimestampAt(now + 86'460'000))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Consistency(std::shared_ptr<const vecdb::Snapshot>())),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ReadPointTest, StrongAsksAReadOnlyCollectionForNowAndEventuallyForNothing) {
  const uint64_t now = TimestampAt(SystemClock().NowMillis());
  EXPECT_GE(RequiredTimestamp(*core_, ConsistencyLevel::kStrong), now);
  EXPECT_EQ(RequiredTimestamp(*core_, ConsistencyLevel::kEventually), 0u);
  EXPECT_EQ(RequiredTimestamp(*core_, ConsistencyLevel::kSession), 0u);
  EXPECT_LT(RequiredTimestamp(*core_, Consistency::Bounded(60'000)), now);
  EXPECT_GE(RequiredTimestamp(*core_, Consistency::Bounded(0)), now);
  EXPECT_LT(RequiredTimestamp(*core_, {}), now);  // five seconds by default
  EXPECT_EQ(RequiredTimestamp(*core_, Consistency::AtLeast(7)), 7u);
}

}  // namespace
}  // namespace vecdb::engine
