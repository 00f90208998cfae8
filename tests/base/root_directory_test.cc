#include "base/root_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/status_testing.h"
#include "support/temp_directory.h"

namespace vecdb::base {
namespace {

using support::CodeOf;

class RootDirectoryTest : public ::testing::TestWithParam<PathResolution> {
 protected:
  RootDirectoryTest() {
    std::filesystem::create_directories(directory_.path() + "/a/b");
    std::ofstream(directory_.path() + "/a/b/f") << "text";
  }

  support::TempDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Both, RootDirectoryTest,
                         ::testing::Values(PathResolution::kKernel, PathResolution::kComponents));

TEST_P(RootDirectoryTest, OpensWhatIsBelow) {
  const auto root = RootDirectory::Open(directory_.path(), GetParam());
  ASSERT_OK(root);
  EXPECT_OK(root->OpenBelow("", O_RDONLY | O_DIRECTORY));
  EXPECT_OK(root->OpenBelow("a/b", O_RDONLY | O_DIRECTORY));
  EXPECT_OK(root->OpenBelow("a/b/f", O_RDONLY));
  EXPECT_OK(root->OpenParent("a"));
  EXPECT_OK(root->OpenParent("a/b/new"));
  EXPECT_EQ(CodeOf(root->OpenParent("a/x/new")), absl::StatusCode::kNotFound);
}

TEST_P(RootDirectoryTest, DescriptorsCloseOnExec) {
  const auto root = RootDirectory::Open(directory_.path(), GetParam());
  ASSERT_OK(root);
  const auto file = root->OpenBelow("a/b/f", O_RDONLY);
  ASSERT_OK(file);
  EXPECT_NE(::fcntl(file->get(), F_GETFD) & FD_CLOEXEC, 0);
}

// Checked paths have no "..", yet the handle holds on its own in the way that the kernel resolves.
TEST(RootDirectoryKernelTest, DoesNotLeaveTheRootByDots) {
  support::TempDirectory directory;
  std::filesystem::create_directories(directory.path() + "/root");
  std::ofstream(directory.path() + "/secret") << "text";
  const auto root = RootDirectory::Open(directory.path() + "/root", PathResolution::kKernel);
  ASSERT_OK(root);
  if (root->OpenBelow("../secret", O_RDONLY).ok()) GTEST_SKIP() << "this kernel has no openat2";
  EXPECT_EQ(CodeOf(root->OpenBelow("../secret", O_RDONLY)), absl::StatusCode::kFailedPrecondition);
}

TEST_P(RootDirectoryTest, LinkAnywhereOnTheWayIsFailedPrecondition) {
  // Relative ones, which stay below the root, and one that does not.
  std::filesystem::create_directory_symlink("a", directory_.path() + "/link");
  std::filesystem::create_directory_symlink("/", directory_.path() + "/out");
  std::filesystem::create_symlink("f", directory_.path() + "/a/b/g");
  const auto root = RootDirectory::Open(directory_.path(), GetParam());
  ASSERT_OK(root);
  for (const char* path : {"link/b/f", "link", "a/b/g", "out/etc", "out"}) {
    EXPECT_EQ(CodeOf(root->OpenBelow(path, O_RDONLY)), absl::StatusCode::kFailedPrecondition)
        << path;
  }
}

TEST_P(RootDirectoryTest, FullNameBeginsWithTheRoot) {
  const auto root = RootDirectory::Open(directory_.path(), GetParam());
  ASSERT_OK(root);
  EXPECT_EQ(root->FullName("a/b"), directory_.path() + "/a/b");
  EXPECT_EQ(root->FullName(""), directory_.path());
}

}  // namespace
}  // namespace vecdb::base
