// Searches of one index from several threads; for ThreadSanitizer.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "index/diskann_testing.h"
#include "support/temp_directory.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

TEST(DiskannRaceTest, ThreadsGetTheAnswersOfOne) {
  const TestRows rows = MixedRows(600, 8, 10, 1);
  const support::TempDirectory directory;
  const auto local = *OpenLocalObjectStore(directory.path());
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
  const auto memory = WriteFile(*built);
  ASSERT_OK(PutObject(*local, TestPath(), *GetObject(*memory, TestPath(), 1 << 30)));
  const auto executor = MakeThreadPool(2);
  for (ObjectStore* const store : {memory.get(), local.get()}) {
    const auto index = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()),
                                       Host{.executor = executor.get()}, {});
    ASSERT_OK(index);
    std::vector<std::thread> threads;
    for (uint32_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (uint32_t i = 0; i < 30; ++i) {
          const RowQuery query{
              .vector = rows.view().row(thread * 30 + i), .k = 5, .mask = {.num_rows = 600}};
          std::vector<Candidate> found;
          std::vector<Candidate> expected;
          EXPECT_OK((*index)->Search(query, {}, &found));
          EXPECT_OK(built->Search(query, {}, &expected));
          EXPECT_EQ(found, expected);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace vecdb::index
