// Readers that follow by themselves beside a writer that changes, compacts and collects what they
// read: a short version of reader_world_slow_test.cc.
#include <gtest/gtest.h>

#include "api/reader_world.h"

namespace vecdb::support {
namespace {

TEST(ReaderWorldRaceTest, TailingReaderNeverFailsAndNeverMixes) {
  ReaderBesideWriter world(TailingReader());
  world.Run(std::chrono::milliseconds(1000), 3);
  EXPECT_GT(world.lag().num_seen(), 0u);
  Report("tailing", world);
}

TEST(ReaderWorldRaceTest, ReaderOfWhatIsFlushedNeverFailsAndNeverMixes) {
  ReaderBesideWriter world(FlushedReader());
  world.Run(std::chrono::milliseconds(1000), 3);
  Report("flushed", world);
}

}  // namespace
}  // namespace vecdb::support
