// A flush meets writes that are on their way to the journal.
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "support/fault_file_system.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

// Row 2 hangs in a sync; row 3 is in memory and waits for its turn when its writer gives up.
TEST(FlushOfWritesInFlightTest, RowWhoseWriterHasGivenUpIsThereOnceAfterACrash) {
  const auto faults = std::make_shared<FaultInjector>();
  std::latch hanging{1};
  std::latch released{1};
  TestDatabase db;
  db.options.journal_directory = std::make_shared<FaultFileSystem>(MakeMemoryFileSystem(), faults);
  const Schema schema = TaggedSchema();
  auto c = db->CreateCollection("c", schema);
  ASSERT_OK(c);
  ASSERT_OK((*c)->Insert(TaggedRows(schema, {1}, "t")));
  faults->Arm({.call = "Sync", .path_contains = ".log", .mode = FaultMode::kSlow, .on_slow = [&] {
                 hanging.count_down();
                 released.wait();
               }});
  std::thread writer([&] { EXPECT_OK((*c)->Insert(TaggedRows(schema, {2}, "t"))); });
  hanging.wait();
  const Context brief = Context::WithTimeout(absl::Milliseconds(10));
  EXPECT_EQ(CodeOf((*c)->Insert(TaggedRows(schema, {3}, "t"), brief)), absl::StatusCode::kUnknown);
  released.count_down();
  writer.join();
  ASSERT_OK((*c)->Flush());
  ASSERT_OK((*c)->Insert(TaggedRows(schema, {4}, "t")));
  c->reset();
  db.Crash();
  c = db->OpenCollection("c");
  ASSERT_OK(c);
  EXPECT_EQ(*(*c)->Count(), 4u);
  EXPECT_EQ((*c)->Get(Ids(1, 4))->num_rows(), 4u);
}

}  // namespace
}  // namespace vecdb::support
