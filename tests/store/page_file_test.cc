#include "store/page_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "store/read_queue_testing.h"
#include "support/fault_file_system.h"
#include "vecdb/executor.h"
#include "vecdb/file_system.h"

namespace vecdb::store {
namespace {

using support::CodeOf;

constexpr size_t kFileSlots = 6;

void ExpectReads(const PageFile& file) {
  const auto queue = file.MakeQueue(kFileSlots, kPageBytes);
  ASSERT_OK(queue);
  ExpectAllPages(**queue, kFileSlots, 20);
}

TEST(PageFileTest, ReadsALocalFileEachWayThatThereIs) {
  const support::TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  const auto object = OpenPages(*store, 20);
  const auto executor = MakeThreadPool(2);
  for (const bool may_use_uring : {true, false}) {
    for (const bool may_pass_cache : {true, false}) {
      const auto file =
          PageFile::Open(object, Host{.executor = executor.get()}, {may_use_uring, may_pass_cache});
      ExpectReads(*file);
      EXPECT_TRUE(may_use_uring || !file->uses_uring());
      EXPECT_TRUE(may_pass_cache || !file->passes_cache());
    }
  }
}

TEST(PageFileTest, ReadsRangesOfAnyOtherStore) {
  const auto store = MakeMemoryObjectStore();
  const auto file = PageFile::Open(OpenPages(*store, 20), {});
  EXPECT_FALSE(file->uses_uring());
  EXPECT_FALSE(file->passes_cache());
  ExpectReads(*file);
}

TEST(PageFileTest, AFileSystemOfTheHostsIsReadByItsOwnCalls) {
  const support::TempDirectory directory;
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto store = *OpenLocalObjectStore(
      std::make_shared<support::FaultFileSystem>(*OpenLocalFileSystem(directory.path()), injector));
  const auto file = PageFile::Open(OpenPages(*store, 20), {});
  EXPECT_FALSE(file->uses_uring());
  ExpectReads(*file);
  injector->Arm({.call = "ReadAt", .error = absl::UnknownError("EIO")});
  const auto queue = file->MakeQueue(1, kPageBytes);
  ASSERT_OK(queue);
  (*queue)->Start(0, 0);
  ASSERT_OK((*queue)->Submit());
  EXPECT_EQ(CodeOf((*queue)->Wait(0, {})), absl::StatusCode::kUnknown);
}

TEST(PageFileTest, AFileThatHasNoNameAnyLongerIsReadOn) {
  const support::TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  const auto object = OpenPages(*store, 20);
  ASSERT_OK(store->Delete(PagesPath()));
  ExpectReads(*PageFile::Open(object, {}));
}

}  // namespace
}  // namespace vecdb::store
