#ifndef VECDB_SUPPORT_FILE_SYSTEM_CONTRACT_H_
#define VECDB_SUPPORT_FILE_SYSTEM_CONTRACT_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/file_io.h"
#include "support/status_testing.h"
#include "vecdb/file_system.h"

namespace vecdb::support {

/// What every FileSystem must do. A test file instantiates it for a type with
/// `std::shared_ptr<FileSystem> Open()`, which gives an empty file system:
///
///     INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FileSystemContract, MemoryFiles);
template <typename Source>
class FileSystemContract : public ::testing::Test {
 protected:
  Source source_;
  const std::shared_ptr<FileSystem> files_ = source_.Open();
};

TYPED_TEST_SUITE_P(FileSystemContract);

TYPED_TEST_P(FileSystemContract, FileHoldsWhatWasAppendedInOrder) {
  FileSystem& files = *this->files_;
  const std::string big(3 << 20, 'x');
  auto file = files.CreateFile("f");
  ASSERT_OK(file);
  for (const std::string& part : {std::string("one"), std::string(), big, std::string("two")}) {
    ASSERT_OK((*file)->Append(BytesOf(part)));
  }
  ASSERT_OK((*file)->Sync());
  const auto text = ReadFile(files, "f");
  ASSERT_OK(text);
  EXPECT_TRUE(*text == "one" + big + "two");
}

TYPED_TEST_P(FileSystemContract, AppendedBytesAreReadableBeforeSync) {
  auto file = this->files_->CreateFile("f");
  ASSERT_OK(file);
  ASSERT_OK((*file)->Append(BytesOf("abc")));
  EXPECT_EQ(*ReadFile(*this->files_, "f"), "abc");
}

TYPED_TEST_P(FileSystemContract, AppendsTakeThePlaceOfPreallocatedZeros) {
  auto file = this->files_->CreateFile("f");
  ASSERT_OK(file);
  ASSERT_OK((*file)->Append(BytesOf("ab")));
  ASSERT_OK((*file)->Preallocate(6));
  ASSERT_OK((*file)->Append(BytesOf("cd")));
  ASSERT_OK((*file)->Preallocate(1));
  std::string text = *ReadFile(*this->files_, "f");
  ASSERT_GE(text.size(), 4u);
  EXPECT_EQ(text.substr(0, 4), "abcd");
  EXPECT_EQ(text.find_first_not_of('\0', 4), std::string::npos);
  ASSERT_OK((*file)->Append(BytesOf("efgh")));
  EXPECT_EQ(*ReadFile(*this->files_, "f"), "abcdefgh");
}

TYPED_TEST_P(FileSystemContract, FilesAreDatedWhenTheyAreWritten) {
  ASSERT_OK(WriteFile(*this->files_, "f", "text"));
  const auto entries = this->files_->List("");
  ASSERT_OK(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_NEAR(static_cast<double>((*entries)[0].modified_ms),
              static_cast<double>(SystemClock().NowMillis()), 60'000);
}

TYPED_TEST_P(FileSystemContract, ReadsInsideTheFileOnly) {
  ASSERT_OK(WriteFile(*this->files_, "f", "0123456789"));
  const auto file = this->files_->OpenForRead("f");
  ASSERT_OK(file);
  EXPECT_EQ((*file)->size(), 10u);
  struct Case {
    uint64_t offset;
    size_t count;
    absl::StatusCode code;
  };
  constexpr auto kOk = absl::StatusCode::kOk;
  constexpr auto kOutOfRange = absl::StatusCode::kOutOfRange;
  for (const Case& c : {Case{0, 10, kOk}, Case{3, 4, kOk}, Case{9, 1, kOk}, Case{10, 0, kOk},
                        Case{0, 11, kOutOfRange}, Case{9, 2, kOutOfRange}, Case{10, 1, kOutOfRange},
                        Case{11, 0, kOutOfRange}, Case{~uint64_t{0}, 2, kOutOfRange}}) {
    std::string out(c.count, '?');
    EXPECT_EQ(CodeOf((*file)->ReadAt(c.offset, std::as_writable_bytes(std::span(out)))), c.code)
        << c.offset << " " << c.count;
    if (c.code != kOk) continue;
    EXPECT_EQ(out, std::string("0123456789").substr(c.offset, c.count));
  }
}

TYPED_TEST_P(FileSystemContract, EmptyFileIsAFile) {
  ASSERT_OK(WriteFile(*this->files_, "f", ""));
  EXPECT_EQ(*ReadFile(*this->files_, "f"), "");
}

TYPED_TEST_P(FileSystemContract, TakenNameIsAlreadyExistsAndUnchanged) {
  FileSystem& files = *this->files_;
  ASSERT_OK(WriteFile(files, "f", "first"));
  ASSERT_OK(WriteFile(files, "g", "second"));
  ASSERT_OK(files.CreateDirectories("d"));
  for (const char* taken : {"f", "d"}) {
    EXPECT_EQ(CodeOf(files.CreateFile(taken)), absl::StatusCode::kAlreadyExists) << taken;
    EXPECT_EQ(CodeOf(files.Link("g", taken)), absl::StatusCode::kAlreadyExists) << taken;
  }
  EXPECT_EQ(*ReadFile(files, "f"), "first");
}

TYPED_TEST_P(FileSystemContract, MissingNameIsNotFound) {
  FileSystem& files = *this->files_;
  ASSERT_OK(WriteFile(files, "f", ""));
  for (const char* path : {"missing", "missing/x"}) {
    constexpr auto kNotFound = absl::StatusCode::kNotFound;
    EXPECT_EQ(CodeOf(files.OpenForRead(path)), kNotFound);
    EXPECT_EQ(CodeOf(files.Unlink(path)), kNotFound);
    EXPECT_EQ(CodeOf(files.RemoveDirectory(path)), kNotFound);
    EXPECT_EQ(CodeOf(files.List(path)), kNotFound);
    EXPECT_EQ(CodeOf(files.SyncDirectory(path)), kNotFound);
    EXPECT_EQ(CodeOf(files.Link(path, "other")), kNotFound);
  }
  EXPECT_EQ(CodeOf(files.CreateFile("missing/x")), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(files.Link("f", "missing/x")), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(files.Lock("missing/x")), absl::StatusCode::kNotFound);
}

TYPED_TEST_P(FileSystemContract, FileInPlaceOfADirectoryIsFailedPrecondition) {
  FileSystem& files = *this->files_;
  ASSERT_OK(WriteFile(files, "f", "text"));
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(files.OpenForRead("f/x")), kFailed);
  EXPECT_EQ(CodeOf(files.CreateFile("f/x")), kFailed);
  EXPECT_EQ(CodeOf(files.Link("f", "f/x")), kFailed);
  EXPECT_EQ(CodeOf(files.Unlink("f/x")), kFailed);
  EXPECT_EQ(CodeOf(files.CreateDirectories("f")), kFailed);
  EXPECT_EQ(CodeOf(files.CreateDirectories("f/x")), kFailed);
  EXPECT_EQ(CodeOf(files.RemoveDirectory("f")), kFailed);
  EXPECT_EQ(CodeOf(files.List("f")), kFailed);
  EXPECT_EQ(CodeOf(files.SyncDirectory("f")), kFailed);
  EXPECT_EQ(*ReadFile(files, "f"), "text");
}

TYPED_TEST_P(FileSystemContract, DirectoryInPlaceOfAFileIsFailedPrecondition) {
  FileSystem& files = *this->files_;
  ASSERT_OK(files.CreateDirectories("d"));
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(files.OpenForRead("d")), kFailed);
  EXPECT_EQ(CodeOf(files.Unlink("d")), kFailed);
  EXPECT_EQ(CodeOf(files.Lock("d")), kFailed);
}

TYPED_TEST_P(FileSystemContract, LinkedFileHasTwoNames) {
  FileSystem& files = *this->files_;
  ASSERT_OK(files.CreateDirectories("d"));
  ASSERT_OK(WriteFile(files, "f", "text"));
  ASSERT_OK(files.Link("f", "d/g"));
  EXPECT_EQ(*ReadFile(files, "f"), "text");
  ASSERT_OK(files.Unlink("f"));
  EXPECT_EQ(CodeOf(files.OpenForRead("f")), absl::StatusCode::kNotFound);
  EXPECT_EQ(*ReadFile(files, "d/g"), "text");
}

TYPED_TEST_P(FileSystemContract, OpenFileOutlivesItsName) {
  FileSystem& files = *this->files_;
  ASSERT_OK(WriteFile(files, "f", "text"));
  const auto file = files.OpenForRead("f");
  ASSERT_OK(file);
  ASSERT_OK(files.Unlink("f"));
  ASSERT_OK(WriteFile(files, "f", "another"));
  std::string out(4, '?');
  ASSERT_OK((*file)->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "text");
}

TYPED_TEST_P(FileSystemContract, DirectoriesAreMadeWithThoseAboveAndRemovedWhenEmpty) {
  FileSystem& files = *this->files_;
  ASSERT_OK(files.CreateDirectories(""));
  ASSERT_OK(files.CreateDirectories("a/b/c"));
  ASSERT_OK(files.CreateDirectories("a/b/c"));
  ASSERT_OK(WriteFile(files, "a/b/f", ""));
  for (const char* path : {"", "a", "a/b", "a/b/c"}) EXPECT_OK(files.SyncDirectory(path));
  ASSERT_OK(files.RemoveDirectory("a/b/c"));
  EXPECT_EQ(CodeOf(files.RemoveDirectory("a/b")), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(files.Unlink("a/b/f"));
  ASSERT_OK(files.RemoveDirectory("a/b"));
  EXPECT_EQ(CodeOf(files.List("a/b")), absl::StatusCode::kNotFound);
}

TYPED_TEST_P(FileSystemContract, ListGivesTheEntriesOfOneDirectoryByName) {
  FileSystem& files = *this->files_;
  ASSERT_OK(files.CreateDirectories("d/z.dir/deep"));
  ASSERT_OK(files.CreateDirectories("d2"));
  for (const char* name : {"b", "a", "c", ".hidden", "z"}) {
    ASSERT_OK(WriteFile(files, std::string("d/") + name, name));
  }
  ASSERT_OK(WriteFile(files, "d/z.dir/f", ""));
  const auto entries = files.List("d");
  ASSERT_OK(entries);
  std::string seen;
  for (const DirectoryEntry& entry : *entries) {
    seen += entry.name + (entry.is_directory ? "/ " : " ");
    EXPECT_EQ(entry.size_bytes, entry.is_directory ? 0 : entry.name.size());
  }
  EXPECT_EQ(seen, ".hidden a b c z z.dir/ ");
  EXPECT_EQ(files.List("")->size(), 2u);
  EXPECT_TRUE(files.List("d2")->empty());
}

TYPED_TEST_P(FileSystemContract, LockHasOneHolderAtATime) {
  FileSystem& files = *this->files_;
  auto lock = files.Lock("l");
  ASSERT_OK(lock);
  EXPECT_EQ(CodeOf(files.Lock("l")), absl::StatusCode::kFailedPrecondition);
  EXPECT_OK(files.Lock("other"));
  lock->reset();
  EXPECT_OK(files.Lock("l"));
}

TYPED_TEST_P(FileSystemContract, PathsThatCouldLeaveTheRootAreRefused) {
  FileSystem& files = *this->files_;
  ASSERT_OK(WriteFile(files, "f", ""));
  const std::string with_nul("f\0g", 3);
  for (const std::string& path : {std::string("/f"), std::string("a//f"), std::string("f/"),
                                  std::string("."), std::string(".."), std::string("a/../f"),
                                  std::string("./f"), std::string("a/.."), with_nul}) {
    constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
    EXPECT_EQ(CodeOf(files.OpenForRead(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.CreateFile(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.Link(path, "g")), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.Link("f", path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.Unlink(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.CreateDirectories(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.RemoveDirectory(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.List(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.SyncDirectory(path)), kInvalid) << path;
    EXPECT_EQ(CodeOf(files.Lock(path)), kInvalid) << path;
  }
}

TYPED_TEST_P(FileSystemContract, RootIsNeitherAFileNorRemovable) {
  FileSystem& files = *this->files_;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(CodeOf(files.OpenForRead("")), kInvalid);
  EXPECT_EQ(CodeOf(files.CreateFile("")), kInvalid);
  EXPECT_EQ(CodeOf(files.RemoveDirectory("")), kInvalid);
}

TYPED_TEST_P(FileSystemContract, ErrorsNameThePath) {
  const absl::Status status = this->files_->OpenForRead("some/where").status();
  EXPECT_NE(status.ToString().find("some/where"), std::string::npos) << status;
}

REGISTER_TYPED_TEST_SUITE_P(FileSystemContract, AppendsTakeThePlaceOfPreallocatedZeros,
                            FilesAreDatedWhenTheyAreWritten, FileHoldsWhatWasAppendedInOrder,
                            AppendedBytesAreReadableBeforeSync, ReadsInsideTheFileOnly,
                            EmptyFileIsAFile, TakenNameIsAlreadyExistsAndUnchanged,
                            MissingNameIsNotFound, FileInPlaceOfADirectoryIsFailedPrecondition,
                            DirectoryInPlaceOfAFileIsFailedPrecondition, LinkedFileHasTwoNames,
                            OpenFileOutlivesItsName,
                            DirectoriesAreMadeWithThoseAboveAndRemovedWhenEmpty,
                            ListGivesTheEntriesOfOneDirectoryByName, LockHasOneHolderAtATime,
                            PathsThatCouldLeaveTheRootAreRefused, RootIsNeitherAFileNorRemovable,
                            ErrorsNameThePath);

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FILE_SYSTEM_CONTRACT_H_
