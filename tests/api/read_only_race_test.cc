// A reader that refreshes all the time beside a writer that changes everything that it reads.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/api_testing.h"

namespace vecdb::support {
namespace {

class ReadOnlyRaceTest : public ::testing::TestWithParam<JournalPlace> {};

INSTANTIATE_TEST_SUITE_P(Places, ReadOnlyRaceTest,
                         ::testing::Values(JournalPlace::kDirectory, JournalPlace::kObjectStore));

// Every batch has its number as the tag of the same ten rows, and deletes one other row: a reader
// sees batches whole, and never an older one than before.
TEST_P(ReadOnlyRaceTest, RefreshNeverFailsAndNeverGoesBack) {
  constexpr int kRefreshes = 200;  // at least
  constexpr int kBatches = 150;
  const Schema schema = TaggedSchema();
  const auto files = MakeMemoryFileSystem();
  TestDatabase writer(nullptr);
  TestDatabase reader(nullptr);
  for (TestDatabase* db : {&writer, &reader}) db->options.file_system = files;
  reader.options.read_only = true;
  const auto written =
      *writer->CreateCollection("c", schema, {.num_shards = 2, .journal = GetParam()});
  ASSERT_OK(written->CreateIndex("v", Flat()));
  const auto read = *reader->OpenCollection("c");

  std::atomic<bool> done = false;
  std::thread thread([&] {
    for (int batch = 0; !done && batch < kBatches; ++batch) {
      const std::string tag = absl::StrCat(batch);
      EXPECT_OK(written->Upsert(TaggedRows(schema, Ids(0, 10), tag)));
      if (batch % 8 == 0) {
        EXPECT_OK(written->Flush());
      }
      if (batch % 16 == 0) {
        EXPECT_OK(writer->CollectGarbage());
      }
      if (batch % 24 == 0) writer.executor.RunAll();
    }
  });
  int last = -1;
  for (int i = 0; (i < kRefreshes || last < kBatches - 1) && !HasFailure(); ++i) {
    EXPECT_OK(i % 2 == 0 ? read->Refresh() : reader->Refresh());
    const auto rows = read->Get(Ids(0, 10), {}, ConsistencyLevel::kEventually);
    EXPECT_OK(rows);
    if (!rows.ok() || rows->num_rows() == 0) continue;
    EXPECT_EQ(rows->num_rows(), 10u);
    const int tag = std::stoi(std::string(rows->column("tag")->string(0)));
    for (size_t row = 0; row < rows->num_rows(); ++row) {
      EXPECT_EQ(std::stoi(std::string(rows->column("tag")->string(row))), tag);
    }
    EXPECT_GE(tag, last);
    last = tag;
  }
  done = true;
  thread.join();
  EXPECT_EQ(last, kBatches - 1);
  const std::string before = absl::StrCat(last);
  ASSERT_OK(written->Upsert(TaggedRows(schema, Ids(0, 10), "end")));
  EXPECT_EQ(read->Get({0}, {}, ConsistencyLevel::kStrong)->column("tag")->string(0), "end");
}

// Readers of one database share a collection, and refresh it for each other.
TEST(SharedReaderRaceTest, StrongReadsOfManyThreadsSeeWhatHasReturned) {
  const Schema schema = TaggedSchema();
  const auto files = MakeMemoryFileSystem();
  TestDatabase writer(nullptr);
  TestDatabase reader(nullptr);
  for (TestDatabase* db : {&writer, &reader}) db->options.file_system = files;
  reader.options.read_only = true;
  const auto written = *writer->CreateCollection("c", schema);
  ASSERT_OK(reader.TryOpen());
  const auto read = *reader->OpenCollection("c");
  std::atomic<int64_t> acknowledged = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        const auto at_least = static_cast<uint64_t>(acknowledged.load());
        const auto count = read->Count(ConsistencyLevel::kStrong);
        EXPECT_OK(count);
        if (count.ok()) {
          EXPECT_GE(*count, at_least);
        }
      }
    });
  }
  for (int64_t id = 0; id < 60; ++id) {
    EXPECT_OK(written->Insert(TaggedRows(schema, {id}, "t")));
    acknowledged = id + 1;
    if (id % 20 == 19) {
      EXPECT_OK(written->Flush());
    }
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace vecdb::support
