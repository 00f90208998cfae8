// Two minutes of readers beside a writer that writes, flushes, compacts and collects: no failed
// read, no state that was never committed, and how far the readers are behind.
#include <gtest/gtest.h>

#include "api/reader_world.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

// A minute each.
std::chrono::milliseconds Duration() { return std::chrono::milliseconds(ScaledCount(60'000)); }

TEST(ReaderWorldSlowTest, TailingReaderIsAtMostASecondBehind) {
  ReaderBesideWriter world(TailingReader());
  world.Run(Duration(), 3);
  Report("tailing", world);
  EXPECT_GT(world.lag().num_seen(), 100u);
  EXPECT_LE(world.lag().Quantile(0.99), 1000);
}

TEST(ReaderWorldSlowTest, ReaderOfWhatIsFlushedIsAtMostASecondMoreThanItsIntervalBehind) {
  const ReaderSetup setup = FlushedReader();
  ReaderBesideWriter world(setup);
  world.Run(Duration(), 3);
  Report("flushed", world);
  EXPECT_GT(world.lag().num_seen(), 100u);
  EXPECT_LE(world.lag().Quantile(0.99), static_cast<double>(setup.refresh_interval_ms) + 1000);
}

}  // namespace
}  // namespace vecdb::support
