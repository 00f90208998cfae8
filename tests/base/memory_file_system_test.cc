#include <gtest/gtest.h>

#include "support/file_system_contract.h"

namespace vecdb::support {
namespace {

struct MemoryFiles {
  std::shared_ptr<FileSystem> Open() { return MakeMemoryFileSystem(); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FileSystemContract, MemoryFiles);

TEST(MemoryFileSystemTest, TwoFileSystemsShareNothing) {
  const auto a = MakeMemoryFileSystem();
  const auto b = MakeMemoryFileSystem();
  ASSERT_OK(WriteFile(*a, "f", "text"));
  EXPECT_EQ(CodeOf(b->OpenForRead("f")), absl::StatusCode::kNotFound);
  const auto lock = a->Lock("l");
  EXPECT_OK(b->Lock("l"));
}

TEST(MemoryFileSystemTest, FilesAndLocksMayOutliveIt) {
  auto files = MakeMemoryFileSystem();
  ASSERT_OK(WriteFile(*files, "f", "text"));
  const auto file = files->OpenForRead("f");
  const auto lock = files->Lock("l");
  files.reset();
  std::string out(4, '?');
  EXPECT_OK((*file)->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "text");
}

}  // namespace
}  // namespace vecdb::support
