#include "base/local_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

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
