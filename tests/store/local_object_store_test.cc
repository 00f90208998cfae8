#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "support/forked_child.h"
#include "support/object_store_contract.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

struct OnLocalFiles {
  std::shared_ptr<ObjectStore> Open() { return OpenLocalObjectStore(directory.path()).value(); }
  TempDirectory directory;
};

struct OnMemoryFiles {
  std::shared_ptr<ObjectStore> Open() { return OpenLocalObjectStore(files).value(); }
  std::shared_ptr<FileSystem> files = MakeMemoryFileSystem();
};

using BothLocalStores = ::testing::Types<OnLocalFiles, OnMemoryFiles>;
INSTANTIATE_TYPED_TEST_SUITE_P(Local, ObjectStoreContract, BothLocalStores);

class LocalObjectStoreTest : public ::testing::Test {
 protected:
  std::vector<std::string> Below(const std::string& path) {
    std::vector<std::string> names;
    const auto entries = files_->List(path);
    if (!entries.ok()) return names;
    for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
    return names;
  }

  using Names = std::vector<std::string>;

  TempDirectory directory_;
  const std::string root_ = directory_.path();
  const std::shared_ptr<FileSystem> files_ = OpenLocalFileSystem(root_).value();
  const std::shared_ptr<ObjectStore> store_ = OpenLocalObjectStore(files_).value();
};

TEST_F(LocalObjectStoreTest, ObjectsAreFilesOfTheSameName) {
  ASSERT_OK(PutObject(*store_, PathOf("a/b/o"), "text"));
  EXPECT_EQ(*ReadFile(*files_, "a/b/o"), "text");
  EXPECT_EQ(Below(".tmp"), Names());
}

TEST_F(LocalObjectStoreTest, ObjectsOfADirectoryCanBeMappedAndOthersSayNo) {
  const auto mapped = [](ObjectStore& store) {
    EXPECT_OK(PutObject(store, PathOf("a/o"), "text"));
    return store.Open(PathOf("a/o")).value()->Map();
  };
  const auto map = mapped(*store_);
  ASSERT_OK(map);
  EXPECT_EQ((*map)->bytes().size(), 4u);
  EXPECT_EQ((*map)->bytes()[0], std::byte{'t'});
  EXPECT_EQ(CodeOf(mapped(*MakeMemoryObjectStore())), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(CodeOf(mapped(**OpenLocalObjectStore(MakeMemoryFileSystem()))),
            absl::StatusCode::kUnimplemented);
}

TEST_F(LocalObjectStoreTest, SecondStoreOnTheSameRootSeesTheSameObjects) {
  ASSERT_OK(PutObject(*store_, PathOf("a/o"), "text"));
  const auto other = OpenLocalObjectStore(root_);
  ASSERT_OK(other);
  EXPECT_EQ(*GetObject(**other, PathOf("a/o"), kNoLimit), "text");
  EXPECT_EQ(CodeOf(PutObject(**other, PathOf("a/o"), "x")), absl::StatusCode::kAlreadyExists);
  const auto lock = store_->Lock();
  ASSERT_OK(lock);
  EXPECT_EQ(CodeOf((*other)->Lock()), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LocalObjectStoreTest, DeleteRemovesTheDirectoriesThatItEmpties) {
  ASSERT_OK(PutObject(*store_, PathOf("a/b/c/o"), "x"));
  ASSERT_OK(PutObject(*store_, PathOf("a/p"), "x"));
  ASSERT_OK(store_->Delete(PathOf("a/b/c/o")));
  EXPECT_EQ(Below("a"), Names{"p"});
  ASSERT_OK(store_->Delete(PathOf("a/p")));
  EXPECT_EQ(Below(""), Names{".tmp"});
}

TEST_F(LocalObjectStoreTest, LockRemovesWhatACrashLeftInTmpAndNothingElse) {
  ASSERT_OK(PutObject(*store_, PathOf("a/o"), "x"));
  ASSERT_OK(WriteFile(*files_, ".tmp/leftover", "x"));
  ASSERT_OK(WriteFile(*files_, "foreign", "x"));
  ASSERT_OK(WriteFile(*files_, "a/foreign~", "x"));
  const auto lock = store_->Lock();
  ASSERT_OK(lock);
  EXPECT_EQ(Below(".tmp"), Names());
  EXPECT_EQ(Below(""), (Names{".lock", ".tmp", "a", "foreign"}));
  EXPECT_EQ(Below("a"), (Names{"foreign~", "o"}));
}

TEST_F(LocalObjectStoreTest, RefusedLockRemovesNothing) {
  const auto other = OpenLocalObjectStore(root_);
  ASSERT_OK(other);
  const auto lock = (*other)->Lock();
  ASSERT_OK(lock);
  auto writer = (*other)->Create(PathOf("a/o"));
  ASSERT_OK(writer);
  EXPECT_EQ(CodeOf(store_->Lock()), absl::StatusCode::kFailedPrecondition);
  EXPECT_OK((*writer)->Finish());
}

TEST_F(LocalObjectStoreTest, WriterWhoseTemporaryFileWasTakenAwayIsUnavailable) {
  auto writer = store_->Create(PathOf("a/o"));
  ASSERT_OK(writer);
  const auto other = OpenLocalObjectStore(root_);
  const auto lock = (*other)->Lock();
  ASSERT_OK(lock);
  EXPECT_EQ(CodeOf((*writer)->Finish()), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(store_->Open(PathOf("a/o"))), absl::StatusCode::kNotFound);
}

TEST_F(LocalObjectStoreTest, ListLeavesOutWhatNoObjectCanBeNamed) {
  ASSERT_OK(PutObject(*store_, PathOf("a/o"), "x"));
  ASSERT_OK(files_->CreateDirectories("a/.hidden"));
  ASSERT_OK(WriteFile(*files_, "a/.hidden/o", "x"));
  ASSERT_OK(WriteFile(*files_, "a/back up", "x"));
  std::filesystem::create_symlink(root_ + "/a/o", root_ + "/a/link");
  const auto infos = store_->List(PathOf("a"));
  ASSERT_OK(infos);
  ASSERT_EQ(infos->size(), 1u);
  EXPECT_EQ(infos->front().path.str(), "a/o");
}

TEST_F(LocalObjectStoreTest, SymbolicLinksAreNotFollowed) {
  TempDirectory outside;
  std::ofstream(outside.path() + "/o") << "secret";
  std::filesystem::create_directory_symlink(outside.path(), root_ + "/link");
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(store_->Open(PathOf("link/o"))), kFailed);
  EXPECT_EQ(CodeOf(PutObject(*store_, PathOf("link/p"), "x")), kFailed);
  EXPECT_EQ(CodeOf(store_->Delete(PathOf("link/o"))), kFailed);
  EXPECT_EQ(CodeOf(store_->List(PathOf("link"))), kFailed);
  EXPECT_TRUE(std::filesystem::exists(outside.path() + "/o"));
  EXPECT_FALSE(std::filesystem::exists(outside.path() + "/p"));
}

TEST_F(LocalObjectStoreTest, RootThatIsAFileIsFailedPrecondition) {
  std::ofstream(root_ + "/file") << "x";
  EXPECT_EQ(CodeOf(OpenLocalObjectStore(root_ + "/file")), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LocalObjectStoreTest, NoFileSystemIsInvalidArgument) {
  EXPECT_EQ(CodeOf(OpenLocalObjectStore(std::shared_ptr<FileSystem>())),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(LocalObjectStoreTest, ObjectTruncatedWhileOpenIsDataLoss) {
  ASSERT_OK(PutObject(*store_, PathOf("o"), std::string(3 << 20, 'x')));
  const auto reader = store_->Open(PathOf("o"));
  ASSERT_OK(reader);
  std::filesystem::resize_file(root_ + "/o", 2 << 20);
  std::string out(3 << 20, '?');
  EXPECT_EQ(CodeOf((*reader)->ReadAt(0, std::as_writable_bytes(std::span(out)))),
            absl::StatusCode::kDataLoss);
}

TEST_F(LocalObjectStoreTest, WritesGoOnOnceDescriptorsAreBack) {
  ASSERT_OK(PutObject(*store_, PathOf("a/o"), "x"));
  const auto with_limit = [&](rlim_t descriptors) {
    return CodeInChild([&] {
      rlimit limit{};
      ::getrlimit(RLIMIT_NOFILE, &limit);
      const rlim_t before = std::exchange(limit.rlim_cur, descriptors);
      ::setrlimit(RLIMIT_NOFILE, &limit);
      const absl::Status refused = PutObject(*store_, PathOf("a/p"), "x");
      const absl::StatusCode read = CodeOf(store_->Open(PathOf("a/o")));
      limit.rlim_cur = before;
      ::setrlimit(RLIMIT_NOFILE, &limit);
      if (read != refused.code()) return absl::InternalError("read");
      if (!PutObject(*store_, PathOf("a/q"), "x").ok()) return absl::InternalError("again");
      return refused;
    });
  };
  EXPECT_EQ(with_limit(3), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(store_->Open(PathOf("a/p"))), absl::StatusCode::kNotFound);
  EXPECT_OK(store_->Open(PathOf("a/q")));
}

}  // namespace
}  // namespace vecdb::support
