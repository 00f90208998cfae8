#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/local_file_system.h"
#include "support/file_system_contract.h"
#include "support/forked_child.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

template <base::PathResolution kResolution>
struct LocalFiles {
  std::shared_ptr<FileSystem> Open() {
    return base::OpenLocalFileSystem(directory.path(), kResolution).value();
  }
  TempDirectory directory;
};

using KernelFiles = LocalFiles<base::PathResolution::kKernel>;
using ComponentFiles = LocalFiles<base::PathResolution::kComponents>;
using BothLocalFiles = ::testing::Types<KernelFiles, ComponentFiles>;

INSTANTIATE_TYPED_TEST_SUITE_P(Local, FileSystemContract, BothLocalFiles);

// What only the local file system has to face, over both ways of resolving paths.
template <typename Source>
class LocalFileSystemTest : public ::testing::Test {
 protected:
  Source source_;
  const std::string root_ = source_.directory.path();
  const std::shared_ptr<FileSystem> files_ = source_.Open();
};

TYPED_TEST_SUITE(LocalFileSystemTest, BothLocalFiles, );

TYPED_TEST(LocalFileSystemTest, SymbolicLinksAreNotFollowed) {
  FileSystem& files = *this->files_;
  TempDirectory outside;
  std::ofstream(outside.path() + "/secret") << "secret";
  std::filesystem::create_directory_symlink(outside.path(), this->root_ + "/dir");
  std::filesystem::create_symlink(outside.path() + "/secret", this->root_ + "/file");
  std::filesystem::create_symlink(outside.path() + "/new", this->root_ + "/dangling");
  ASSERT_OK(WriteFile(files, "own", "own"));

  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  for (const char* path : {"dir/secret", "file"}) {
    EXPECT_EQ(CodeOf(files.OpenForRead(path)), kFailed) << path;
  }
  EXPECT_EQ(CodeOf(files.CreateFile("dir/new")), kFailed);
  EXPECT_EQ(CodeOf(files.CreateFile("dangling")), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(files.Lock("dangling")), kFailed);
  EXPECT_EQ(CodeOf(files.Link("own", "dir/new")), kFailed);
  EXPECT_EQ(CodeOf(files.Link("dir/secret", "stolen")), kFailed);
  EXPECT_EQ(CodeOf(files.Unlink("dir/secret")), kFailed);
  EXPECT_EQ(CodeOf(files.List("dir")), kFailed);
  EXPECT_EQ(CodeOf(files.SyncDirectory("dir")), kFailed);
  EXPECT_EQ(CodeOf(files.CreateDirectories("dir")), kFailed);
  EXPECT_EQ(CodeOf(files.CreateDirectories("dir/new")), kFailed);
  EXPECT_EQ(CodeOf(files.RemoveDirectory("dir")), kFailed);
  EXPECT_EQ(files.List("")->size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(outside.path() + "/new"));
}

TYPED_TEST(LocalFileSystemTest, UnlinkRemovesALinkAndNotItsTarget) {
  TempDirectory outside;
  const std::string target = outside.path() + "/target";
  std::ofstream(target) << "text";
  std::filesystem::create_symlink(target, this->root_ + "/link");
  EXPECT_OK(this->files_->Unlink("link"));
  EXPECT_TRUE(std::filesystem::exists(target));
}

TYPED_TEST(LocalFileSystemTest, PipeUnderTheNameOfAFileDoesNotBlock) {
  ASSERT_EQ(::mkfifo((this->root_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(CodeOf(this->files_->OpenForRead("pipe")), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(this->files_->List("")->empty());
}

TYPED_TEST(LocalFileSystemTest, NameTooLongForTheSystemIsInvalidArgument) {
  EXPECT_EQ(CodeOf(this->files_->CreateFile(std::string(300, 'x'))),
            absl::StatusCode::kInvalidArgument);
}

TYPED_TEST(LocalFileSystemTest, RootMayBeRenamedWhileOpen) {
  TempDirectory elsewhere;
  ASSERT_OK(WriteFile(*this->files_, "f", "text"));
  std::filesystem::rename(this->root_, elsewhere.path() + "/moved");
  EXPECT_EQ(*ReadFile(*this->files_, "f"), "text");
  std::filesystem::rename(elsewhere.path() + "/moved", this->root_);
}

TEST(LocalFileSystemOpenTest, MakesTheRootWithThoseAbove) {
  TempDirectory directory;
  for (const char* below : {"/a", "/b/c//d", "/e/f/"}) {
    const auto files = OpenLocalFileSystem(directory.path() + below);
    ASSERT_OK(files);
    EXPECT_OK(WriteFile(**files, "f", "text"));
    EXPECT_TRUE(std::filesystem::exists(directory.path() + below + "/f"));
  }
}

TEST(LocalFileSystemOpenTest, FollowsALinkToTheRootItself) {
  TempDirectory directory;
  TempDirectory place;
  std::filesystem::create_directory_symlink(directory.path(), place.path() + "/link");
  const auto files = OpenLocalFileSystem(place.path() + "/link");
  ASSERT_OK(files);
  EXPECT_OK(WriteFile(**files, "f", "text"));
}

TEST(LocalFileSystemOpenTest, RefusesARootThatIsNoDirectory) {
  TempDirectory directory;
  const std::string file = directory.path() + "/file";
  std::ofstream(file) << "text";
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(OpenLocalFileSystem(file)), kFailed);
  EXPECT_EQ(CodeOf(OpenLocalFileSystem(file + "/below")), kFailed);
  EXPECT_EQ(CodeOf(OpenLocalFileSystem("")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(OpenLocalFileSystem(std::string("/tmp/a\0b", 8))),
            absl::StatusCode::kInvalidArgument);
}

// A user who may not write, which root always may.
void BecomeNobody() {
  constexpr uid_t kNobody = 65534;
  if (::getuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(99);
}

TEST(LocalFileSystemLimitsTest, RootThatMayNotBeWrittenIsPermissionDenied) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  ASSERT_OK(WriteFile(**files, "f", "text"));
  ASSERT_EQ(::chmod(directory.path().c_str(), 0555), 0);
  const auto as_nobody = [&](auto call) {
    return CodeInChild([&] {
      BecomeNobody();
      return call();
    });
  };
  constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
  EXPECT_EQ(as_nobody([&] { return (*files)->CreateFile("g").status(); }), kDenied);
  EXPECT_EQ(as_nobody([&] { return (*files)->CreateDirectories("d"); }), kDenied);
  EXPECT_EQ(as_nobody([&] { return (*files)->Link("f", "g"); }), kDenied);
  EXPECT_EQ(as_nobody([&] { return (*files)->Unlink("f"); }), kDenied);
  EXPECT_EQ(as_nobody([&] { return (*files)->Lock("l").status(); }), kDenied);
  EXPECT_EQ(as_nobody([&] { return (*files)->OpenForRead("f").status(); }), absl::StatusCode::kOk);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
}

TEST(LocalFileSystemLimitsTest, NoDescriptorLeftIsResourceExhausted) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  ASSERT_OK(WriteFile(**files, "f", "text"));
  const auto with_none_left = [&](auto call) {
    return CodeInChild([&] {
      const rlimit limit{.rlim_cur = 3, .rlim_max = 3};
      if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::InternalError("setrlimit");
      return call();
    });
  };
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  EXPECT_EQ(with_none_left([&] { return (*files)->OpenForRead("f").status(); }), kExhausted);
  EXPECT_EQ(with_none_left([&] { return (*files)->CreateFile("g").status(); }), kExhausted);
  EXPECT_EQ(with_none_left([&] { return (*files)->List("").status(); }), kExhausted);
  EXPECT_EQ(with_none_left([&] { return (*files)->Lock("l").status(); }), kExhausted);
  EXPECT_EQ(with_none_left([&] { return (*files)->SyncDirectory(""); }), kExhausted);
}

TEST(LocalFileSystemLimitsTest, FullDiskIsResourceExhaustedAndTheFileIsNotUsedAgain) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  const auto with_one_block = [&](absl::StatusCode wanted_of_sync) {
    return CodeInChild([&] {
      // The signal comes before the error; whether to live is the host's choice, not the library's.
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{.rlim_cur = 4096, .rlim_max = 4096};
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return absl::InternalError("setrlimit");
      auto file = (*files)->CreateFile("f").value();
      const absl::Status appended = file->Append(BytesOf(std::string(10000, 'x')));
      if (file->Sync().code() != wanted_of_sync) return absl::InternalError("sync");
      return appended;
    });
  };
  EXPECT_EQ(with_one_block(absl::StatusCode::kFailedPrecondition),
            absl::StatusCode::kResourceExhausted);
}

TEST(LocalFileSystemLimitsTest, FileThatShrinksUnderAReaderIsDataLoss) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  ASSERT_OK(WriteFile(**files, "f", "0123456789"));
  const auto file = (*files)->OpenForRead("f");
  ASSERT_OK(file);
  ASSERT_EQ(::truncate((directory.path() + "/f").c_str(), 4), 0);
  std::string out(10, '?');
  const absl::Status read = (*file)->ReadAt(0, std::as_writable_bytes(std::span(out)));
  EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
  EXPECT_NE(read.message().find("offset 4"), std::string::npos) << read;
}

TEST(LocalFileLockTest, ExcludesOtherOpeningsAndOtherProcesses) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  const auto others = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  ASSERT_OK(others);
  auto lock = (*files)->Lock("l");
  ASSERT_OK(lock);
  EXPECT_EQ(CodeOf((*others)->Lock("l")), absl::StatusCode::kFailedPrecondition);
  const auto lock_in_child = [&] {
    return CodeInChild(
        [&] { return OpenLocalFileSystem(directory.path()).value()->Lock("l").status(); });
  };
  EXPECT_EQ(lock_in_child(), absl::StatusCode::kFailedPrecondition);
  lock->reset();
  EXPECT_EQ(lock_in_child(), absl::StatusCode::kOk);
  EXPECT_OK((*others)->Lock("l"));
}

TEST(LocalFileLockTest, ForkedChildCannotReleaseItsParentsLock) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  auto lock = (*files)->Lock("l");
  ASSERT_OK(lock);
  ASSERT_EQ(CodeInChild([&] {
              lock->reset();
              return absl::OkStatus();
            }),
            absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf((*files)->Lock("l")), absl::StatusCode::kFailedPrecondition);
}

TEST(LocalFileLockTest, IsFreeOnceReleasedThoughAForkedChildLivesOn) {
  TempDirectory directory;
  const auto files = OpenLocalFileSystem(directory.path());
  ASSERT_OK(files);
  auto lock = (*files)->Lock("l");
  ASSERT_OK(lock);
  const IdleChild child;
  lock->reset();
  EXPECT_OK((*files)->Lock("l"));
}

}  // namespace
}  // namespace vecdb::support
