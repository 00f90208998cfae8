// A reader beside a writer that writes, flushes, compacts and collects, in a bucket: no failed
// read, no state that was never committed, and how far the reader is behind.
#include <gtest/gtest.h>

#include "api/reader_world.h"
#include "base/random_id.h"
#include "s3/ceph_settings.h"
#include "support/seeded_random.h"

namespace vecdb::s3 {
namespace {

using support::ReaderBesideWriter;
using support::ReaderSetup;

// A minute each by hand, with VECDB_TEST_SCALE=6.
std::chrono::milliseconds Duration() {
  return std::chrono::milliseconds(support::ScaledCount(10'000));
}

// The bar is that of a machine of its own, by hand: beside other tests it is enough to follow at
// all.
double MaxLag(double bar_ms) { return Duration() < std::chrono::minutes(1) ? 10'000 : bar_ms; }

// The server has the same processors.
ReaderSetup WithPauses(ReaderSetup setup) {
  setup.read_pause = std::chrono::milliseconds(1);
  return setup;
}

// Each has connections of its own.
support::WorldStores InBucket() {
  const std::string prefix = base::RandomId();
  return {OpenCephPrefix(prefix).value(), OpenCephPrefix(prefix).value()};
}

TEST(CephReaderTest, TailingReaderIsAtMostASecondBehind) {
  ReaderBesideWriter world(WithPauses(support::TailingReader()), InBucket());
  world.Run(Duration(), 3);
  Report("tailing", world);
  EXPECT_GT(world.lag().num_seen(), 0U);
  EXPECT_LE(world.lag().Quantile(0.99), MaxLag(1000));
}

TEST(CephReaderTest, ReaderOfWhatIsFlushedIsAtMostASecondMoreThanItsIntervalBehind) {
  const ReaderSetup setup = WithPauses(support::FlushedReader());
  ReaderBesideWriter world(setup, InBucket());
  world.Run(Duration(), 3);
  Report("flushed", world);
  EXPECT_GT(world.lag().num_seen(), 0U);
  EXPECT_LE(world.lag().Quantile(0.99),
            MaxLag(static_cast<double>(setup.refresh_interval_ms) + 1000));
}

}  // namespace
}  // namespace vecdb::s3
