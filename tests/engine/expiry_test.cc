#include "engine/expiry.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/read_point.h"

namespace vecdb::engine {
namespace {

using support::Ids;

TEST(ExpiryTest, RowsAreAliveForTheirTimeToTheMillisecond) {
  constexpr CollectionOptions kTenSeconds{.ttl_seconds = 10};
  constexpr int64_t kWritten = 1'700'000'000'000;
  const uint64_t first = TimestampAt(kWritten);
  const uint64_t last = TimestampAt(kWritten + 1) - 1;  // of the same millisecond
  EXPECT_LE(AliveFrom(kTenSeconds, kWritten + 9'999), first);
  EXPECT_GT(AliveFrom(kTenSeconds, kWritten + 10'000), last);
  EXPECT_EQ(AliveFrom(kTenSeconds, 0), 0u);
  EXPECT_EQ(AliveFrom({}, kWritten), 0u);
  EXPECT_FALSE(RowsExpire({}));
}

class ExpiryPlacesTest : public CoreFixture {};

TEST_F(ExpiryPlacesTest, PlacesAreComparedSegmentBySegment) {
  Writer writer(core_.get());
  ASSERT_OK(writer.Insert(Rows(Ids(0, 5)), false, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer, {}));
  ASSERT_OK(writer.Insert(Rows(Ids(5, 5)), false, {}, {}));
  const Snapshot snapshot = core_->Read();
  ASSERT_EQ(snapshot.view->segments.size(), 2u);
  const uint64_t flushed = snapshot.view->segments[0].sealed->info().max_timestamp;
  const KeyPlaces places = {query::RowPlace{1, 0}, std::nullopt, query::RowPlace{0, 4},
                            query::RowPlace{0, 0}};
  const auto expired = [&](uint64_t alive_from) {
    return *FindExpired(*snapshot.view, places, alive_from, {});
  };
  EXPECT_EQ(expired(0), std::vector<bool>(4));
  EXPECT_EQ(expired(flushed), std::vector<bool>(4));
  EXPECT_EQ(expired(flushed + 1), (std::vector<bool>{false, false, true, true}));
  EXPECT_EQ(expired(snapshot.as_of + 1), (std::vector<bool>{true, false, true, true}));
}

}  // namespace
}  // namespace vecdb::engine
