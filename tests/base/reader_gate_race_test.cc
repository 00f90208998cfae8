#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/reader_gate.h"

namespace vecdb::base {
namespace {

// Run under ThreadSanitizer. Visits overlap almost always, and the writer comes in all the same.
TEST(ReaderGateRaceTest, TheWriterIsAloneAndComesInBesideReadersWithoutEnd) {
  constexpr int kWrites = 30;
  ReaderGate gate;
  int first = 0;  // the same as `second` whenever somebody may look
  int second = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t) {
    readers.emplace_back([&] {
      while (!done) {
        const ReaderGate::Visit visit(&gate);
        for (int i = 0; i < 100; ++i) EXPECT_EQ(first, second);
      }
    });
  }
  for (int i = 0; i < kWrites; ++i) {
    const ReaderGate::Alone alone(&gate);
    ++first;
    ++second;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(first, kWrites);
}

}  // namespace
}  // namespace vecdb::base
