#include "base/local_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "support/file_io.h"
#include "support/status_testing.h"
#include "support/temp_directory.h"

namespace vecdb::base {
namespace {

using support::BytesOf;
using support::CodeOf;

TEST(LocalReadFileTest, WhatIsNoRegularFileIsFailedPrecondition) {
  EXPECT_EQ(CodeOf(MakeLocalReadFile(FileDescriptor(::open("/dev/null", O_RDONLY)), "null")),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(MakeLocalReadFile(FileDescriptor(::open("/", O_RDONLY)), "root")),
            absl::StatusCode::kFailedPrecondition);
}

TEST(LocalFileLockTest, FileWithoutANameIsLockedForNobody) {
  const support::TempDirectory directory;
  const std::string name = directory.path() + "/l";
  const auto open = [&] { return FileDescriptor(::open(name.c_str(), O_RDWR | O_CREAT, 0600)); };
  FileDescriptor removed = open();
  ASSERT_EQ(::unlink(name.c_str()), 0);
  EXPECT_EQ(MakeLocalFileLock(std::move(removed), "l").value(), nullptr);
  EXPECT_NE(MakeLocalFileLock(open(), "l").value(), nullptr);
}

class LocalMapTest : public ::testing::Test {
 protected:
  std::unique_ptr<RandomAccessFile> Open(const std::string& text) {
    std::ofstream(name_) << text;
    return MakeLocalReadFile(FileDescriptor(::open(name_.c_str(), O_RDONLY)), name_).value();
  }

  support::TempDirectory directory_;
  const std::string name_ = directory_.path() + "/f";
};

TEST_F(LocalMapTest, MapShowsTheFileAndOutlivesIt) {
  auto file = Open("the bytes");
  const auto map = file->Map();
  ASSERT_OK(map);
  file.reset();
  ASSERT_EQ(::unlink(name_.c_str()), 0);
  const auto bytes = (*map)->bytes();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "the bytes");
}

TEST_F(LocalMapTest, FileThatHasShrunkIsDataLoss) {
  const auto file = Open("the bytes");
  ASSERT_EQ(::truncate(name_.c_str(), 8), 0);
  EXPECT_EQ(CodeOf(file->Map()), absl::StatusCode::kDataLoss);
  ASSERT_EQ(::truncate(name_.c_str(), 9), 0);
  EXPECT_OK(file->Map());
}

TEST_F(LocalMapTest, EmptyFileIsToBeRead) {
  EXPECT_EQ(CodeOf(Open("")->Map()), absl::StatusCode::kUnimplemented);
}

// Every write to it says that the device is full.
TEST(LocalAppendFileTest, FullDeviceIsResourceExhaustedAndEndsTheFile) {
  const auto file = MakeLocalAppendFile(FileDescriptor(::open("/dev/full", O_WRONLY)), "full");
  EXPECT_OK(file->Append({}));
  EXPECT_EQ(CodeOf(file->Append(BytesOf("x"))), absl::StatusCode::kResourceExhausted);
  const absl::Status second = file->Append(BytesOf("x"));
  EXPECT_EQ(CodeOf(second), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(second.message().find("No space left"), std::string::npos) << second;
}

TEST(LocalAppendFileTest, FailedSyncEndsTheFile) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const FileDescriptor reader(ends[0]);
  const auto file = MakeLocalAppendFile(FileDescriptor(ends[1]), "pipe");  // cannot be synced
  EXPECT_EQ(CodeOf(file->Sync()), absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOf(file->Sync()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(file->Append(BytesOf("x"))), absl::StatusCode::kFailedPrecondition);
}

TEST(LocalFileLockTest, TwoOpeningsOfOneFileExcludeEachOther) {
  support::TempDirectory directory;
  const std::string name = directory.path() + "/l";
  std::ofstream(name) << "";
  auto first = MakeLocalFileLock(FileDescriptor(::open(name.c_str(), O_RDWR)), name);
  ASSERT_OK(first);
  const auto again = [&] {
    return MakeLocalFileLock(FileDescriptor(::open(name.c_str(), O_RDWR)), name);
  };
  EXPECT_EQ(CodeOf(again()), absl::StatusCode::kFailedPrecondition);
  first->reset();
  EXPECT_OK(again());
}

}  // namespace
}  // namespace vecdb::base
