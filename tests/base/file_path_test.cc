#include "base/file_path.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::base {
namespace {

using support::CodeOf;

TEST(FilePathTest, PathsOfNamesAreTaken) {
  for (const char* path : {"", "a", "a/b/c", ".tmp", ".tmp/x", "..a", "a..", "...", "with space"}) {
    EXPECT_OK(CheckFilePath(path)) << path;
  }
}

TEST(FilePathTest, EmptyNamesDotsAndNulAreRefused) {
  for (const std::string& path :
       {std::string("/"), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("."), std::string(".."), std::string("../a"), std::string("a/.."),
        std::string("a/../b"), std::string("a/./b"), std::string("\0", 1),
        std::string("a\0b", 3)}) {
    EXPECT_EQ(CodeOf(CheckFilePath(path)), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_EQ(CodeOf(CheckFileName(path)), absl::StatusCode::kInvalidArgument) << path;
  }
}

TEST(FilePathTest, RootIsAPathButNotAName) {
  EXPECT_OK(CheckFilePath(""));
  EXPECT_EQ(CodeOf(CheckFileName("")), absl::StatusCode::kInvalidArgument);
  EXPECT_OK(CheckFileName("a/b"));
}

TEST(FilePathTest, SplitsAndJoins) {
  struct Case {
    std::string path, parent, name;
  };
  for (const Case& c : {Case{"a", "", "a"}, Case{"a/b", "a", "b"}, Case{"a/b/c", "a/b", "c"}}) {
    EXPECT_EQ(ParentPath(c.path), c.parent);
    EXPECT_EQ(BaseName(c.path), c.name);
    EXPECT_EQ(JoinPath(c.parent, c.name), c.path);
  }
  EXPECT_EQ(ParentPath(""), "");
}

}  // namespace
}  // namespace vecdb::base
