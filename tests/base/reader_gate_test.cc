#include "base/reader_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace vecdb::base {
namespace {

TEST(ReaderGateTest, ReadersAreInsideTogether) {
  ReaderGate gate;
  const ReaderGate::Visit first(&gate);
  const ReaderGate::Visit second(&gate);
}

TEST(ReaderGateTest, OpensAgainWhenTheWriterLeaves) {
  ReaderGate gate;
  for (int i = 0; i < 3; ++i) {
    { const ReaderGate::Alone alone(&gate); }
    const ReaderGate::Visit visit(&gate);
  }
}

// A gate that were shut for those who come later would never let the second visit in.
TEST(ReaderGateTest, AWriterWhoWaitsForALongVisitKeepsNobodyOut) {
  ReaderGate gate;
  std::atomic<bool> is_leaving = false;
  std::thread writer;
  {
    const ReaderGate::Visit long_visit(&gate);
    writer = std::thread([&] {
      const ReaderGate::Alone alone(&gate);
      EXPECT_TRUE(is_leaving);
    });
    for (int i = 0; i < 1000; ++i) const ReaderGate::Visit visit(&gate);
    is_leaving = true;
  }
  writer.join();
}

}  // namespace
}  // namespace vecdb::base
