// Locks whose files are removed by those who hold them, as a cache does.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/status_testing.h"
#include "support/temp_directory.h"
#include "vecdb/file_system.h"

namespace vecdb::base {
namespace {

TEST(LocalFileSystemRaceTest, LockThatItsHoldersRemoveHasOneHolderAtATime) {
  const support::TempDirectory directory;
  std::atomic<int> num_inside = 0;
  std::atomic<int> num_together = 0;
  std::atomic<int> num_held = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto files = OpenLocalFileSystem(directory.path()).value();
      while (num_held < 2000) {
        auto lock = files->Lock("l");
        if (!lock.ok()) continue;
        if (num_inside.fetch_add(1) > 0) ++num_together;
        std::this_thread::yield();
        num_inside.fetch_sub(1);
        ++num_held;
        EXPECT_OK(files->Unlink("l"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_together, 0);
}

}  // namespace
}  // namespace vecdb::base
