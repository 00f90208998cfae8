#include "store/page_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "store/read_queue_testing.h"
#include "support/fault_file_system.h"
#include "support/forbid_uring.h"
#include "support/forked_child.h"
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

// Pages of the file that the system keeps in memory.
size_t CountCachedPages(int descriptor, size_t bytes) {
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  EXPECT_NE(mapped, MAP_FAILED);
  std::vector<unsigned char> pages((bytes + kPageBytes - 1) / kPageBytes);
  EXPECT_EQ(::mincore(mapped, bytes, pages.data()), 0);
  EXPECT_EQ(::munmap(mapped, bytes), 0);
  return static_cast<size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return page % 2 == 1; }));
}

TEST(PageFileTest, WithoutUringThreadsReadALocalFilePastTheCache) {
  const support::TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  const auto object = OpenPages(*store, 20);
  const auto executor = MakeThreadPool(2);
  const Host host{.executor = executor.get()};
  ASSERT_EQ(::fsync(object->descriptor()), 0);
  ASSERT_EQ(::posix_fadvise(object->descriptor(), 0, 0, POSIX_FADV_DONTNEED), 0);
  if (CountCachedPages(object->descriptor(), object->size()) > 0) GTEST_SKIP() << "all in memory";
  const auto past = PageFile::Open(object, host, {.may_use_uring = false});
  if (!past->passes_cache()) GTEST_SKIP() << "no O_DIRECT here";
  ExpectReads(*past);
  EXPECT_EQ(CountCachedPages(object->descriptor(), object->size()), 0U);
  ExpectReads(*PageFile::Open(object, host, {.may_use_uring = false, .may_pass_cache = false}));
  EXPECT_GE(CountCachedPages(object->descriptor(), object->size()), 20U);
}

TEST(PageFileTest, AFileInMemoryIsReadWhetherItPassesTheCacheOrNot) {
  const std::string parent = "/dev/shm/";
  if (!std::filesystem::is_directory(parent)) GTEST_SKIP() << "no tmpfs here";
  const support::TempDirectory directory(parent);
  const auto store = *OpenLocalObjectStore(directory.path());
  const auto object = OpenPages(*store, 20);
  for (const bool may_use_uring : {true, false}) {
    ExpectReads(*PageFile::Open(object, {}, {.may_use_uring = may_use_uring}));
  }
}

TEST(PageFileTest, WhereTheSystemForbidsUringThreadsRead) {
  const support::TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  const auto object = OpenPages(*store, 3);
  const absl::StatusCode code = support::CodeInChild([&]() -> absl::Status {
    VECDB_RETURN_IF_ERROR(support::ForbidUring());
    const auto file = PageFile::Open(object, {});
    VECDB_ASSIGN_OR_RETURN(const auto queue, file->MakeQueue(1, kPageBytes));
    if (file->uses_uring()) return absl::InternalError("it is used all the same");
    queue->Start(0, kPageBytes);
    VECDB_RETURN_IF_ERROR(queue->Submit());
    VECDB_RETURN_IF_ERROR(queue->Wait(0, {}));
    const bool is_right =
        TestPages(3).compare(kPageBytes, kPageBytes,
                             reinterpret_cast<const char*>(queue->buffer(0)), kPageBytes) == 0;
    return is_right ? absl::OkStatus() : absl::DataLossError("other bytes");
  });
  if (code == absl::StatusCode::kUnimplemented) GTEST_SKIP() << "no filters of calls here";
  EXPECT_EQ(code, absl::StatusCode::kOk);
}

TEST(PageFileTest, AFileThatHasShrunkIsDataLossWhoeverReads) {
  const support::TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  const auto object = OpenPages(*store, 5);
  std::filesystem::resize_file(directory.path() + "/pages", kPageBytes + 100);
  for (const bool may_use_uring : {true, false}) {
    const auto file = PageFile::Open(object, {}, {.may_use_uring = may_use_uring});
    for (const uint64_t page : {1U, 3U}) {
      const auto queue = file->MakeQueue(1, kPageBytes);
      ASSERT_OK(queue);
      (*queue)->Start(0, page * kPageBytes);
      ASSERT_OK((*queue)->Submit());
      EXPECT_EQ(CodeOf((*queue)->Wait(0, {})), absl::StatusCode::kDataLoss) << page;
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
