#include "store/cache_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/checksum.h"
#include "support/cache_testing.h"
#include "support/fault_file_system.h"

namespace vecdb::store {
namespace {

using support::BytesOf;
using support::CodeOf;
using support::FilesBelow;

std::string KeyOf(int i) { return CacheKeyOf("s", support::PathOf("o/" + std::to_string(i))); }

class CacheDirectoryTest : public ::testing::Test {
 protected:
  std::unique_ptr<CacheDirectory> Open(uint64_t budget_bytes) {
    auto directory = CacheDirectory::Open(files_, budget_bytes, SystemClock(), counters_);
    EXPECT_OK(directory);
    return *std::move(directory);
  }

  // Begins an object with room for all of it; nullptr where there is none.
  static absl::StatusOr<std::unique_ptr<CachePart>> Reserve(CacheDirectory& directory,
                                                            const std::string& key,
                                                            uint64_t size_bytes,
                                                            const Context& context = {}) {
    auto part = directory.Begin(key);
    if (!part.ok()) return part;
    const auto has_room = directory.Reserve(**part, size_bytes, context);
    if (!has_room.ok()) return has_room.status();
    if (!*has_room) part->reset();
    return part;
  }

  // Keeps an object of one piece.
  static absl::Status Keep(CacheDirectory& directory, const std::string& key,
                           const std::string& text) {
    const auto lock = directory.LockKey(key);
    EXPECT_OK(lock);
    auto part = Reserve(directory, key, text.size());
    if (!part.ok()) return part.status();
    if (*part == nullptr) return absl::ResourceExhaustedError("no room");
    EXPECT_OK((*part)->file().Append(BytesOf(text)));
    const uint64_t piece = base::Xxh3(text);
    return directory.Publish(**part, ChecksumOfPieces({&piece, 1}), [] { return true; }).status();
  }

  const support::TempDirectory folder_;
  const std::shared_ptr<FileSystem> files_ = OpenLocalFileSystem(folder_.path()).value();
  const std::shared_ptr<CacheCounters> counters_ = std::make_shared<CacheCounters>();
};

TEST_F(CacheDirectoryTest, KeptObjectIsFoundByEveryProcess) {
  auto a = Open(1000);
  auto b = Open(1000);
  EXPECT_EQ(CodeOf(b->OpenKept(KeyOf(1))), absl::StatusCode::kNotFound);
  ASSERT_OK(Keep(*a, KeyOf(1), "text"));
  EXPECT_EQ(FilesBelow(folder_.path() + "/fetching"), std::vector<std::string>());
  const auto file = b->OpenKept(KeyOf(1));
  ASSERT_OK(file);
  EXPECT_FALSE(b->IsVerified((*file)->name()));
  EXPECT_TRUE(a->IsVerified((*file)->name()));
  EXPECT_OK((*file)->Verify({}, {}));
  EXPECT_EQ(b->FindOpen(KeyOf(1)), nullptr);
  b->SetVerified((*file)->name());
  EXPECT_EQ(b->FindOpen(KeyOf(1)), *file);
}

TEST_F(CacheDirectoryTest, PartsOfOthersCountInTheBudget) {
  auto a = Open(1000);
  auto b = Open(1000);
  ASSERT_OK(Keep(*a, KeyOf(1), std::string(300, 'x')));
  const auto lock = a->LockKey(KeyOf(2));  // as a fetch has it
  const auto other_lock = b->LockKey(KeyOf(3));
  auto part = Reserve(*a, KeyOf(2), 600);
  ASSERT_OK(part);
  ASSERT_NE(*part, nullptr);
  EXPECT_OK(Reserve(*b, KeyOf(3), 100));
  // 401 are not there, but for what is kept and not open.
  auto second = Reserve(*b, KeyOf(3), 401);
  EXPECT_EQ(*second, nullptr);
  EXPECT_EQ(counters_->Usage().evicted_objects, 0U);
  second = Reserve(*b, KeyOf(3), 400);
  EXPECT_NE(*second, nullptr);
  EXPECT_EQ(counters_->Usage().evicted_objects, 1U);
}

TEST_F(CacheDirectoryTest, WhatDeadProcessesLeftIsRemovedAndNothingElse) {
  Open(1000);
  const std::string dead = CachePartName{KeyOf(1), 900, KeyOf(7)}.path();
  const std::string lock = "fetching/" + KeyOf(2);
  const std::string foreign = "fetching/notes.txt";
  for (const std::string& path : {dead, lock, foreign}) {
    ASSERT_OK(support::WriteFile(*files_, path, "x"));
  }
  auto directory = Open(1000);
  EXPECT_EQ(FilesBelow(folder_.path() + "/fetching"), std::vector<std::string>{"notes.txt"});
  // Those who die later are found when room is needed.
  ASSERT_OK(support::WriteFile(*files_, dead, "x"));
  EXPECT_OK(Keep(*directory, KeyOf(3), std::string(500, 'x')));
}

TEST_F(CacheDirectoryTest, FetchThatGoesOnIsLeftAlone) {
  auto a = Open(1000);
  const auto lock = a->LockKey(KeyOf(1));
  ASSERT_OK(lock);
  const auto part = Reserve(*a, KeyOf(1), 10);
  const std::string progress = a->ProgressOf(KeyOf(1));
  auto b = Open(1000);
  EXPECT_EQ(FilesBelow(folder_.path() + "/fetching").size(), 2U);
  EXPECT_EQ(CodeOf(b->LockKey(KeyOf(1))), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(b->ProgressOf(KeyOf(1)), progress);
  EXPECT_NE(b->ProgressOf(KeyOf(1)), b->ProgressOf(KeyOf(2)));
}

TEST_F(CacheDirectoryTest, PartThatWasRemovedOrIsNotWantedIsNotPublished) {
  auto directory = Open(1000);
  auto part = Reserve(*directory, KeyOf(1), 4);
  EXPECT_OK((*part)->file().Append(BytesOf("text")));
  EXPECT_EQ(CodeOf(directory->Publish(**part, 1, [] { return false; })),
            absl::StatusCode::kNotFound);
  Open(1000)->Remove(KeyOf(1));  // by another process
  EXPECT_EQ(CodeOf(directory->Publish(**part, 1, [] { return true; })),
            absl::StatusCode::kNotFound);
  part->reset();
  EXPECT_TRUE(FilesBelow(folder_.path() + "/objects").empty());
}

// A deletion that has listed what is on its way when that gets its size.
TEST_F(CacheDirectoryTest, PartThatGetsItsSizeDuringARemovalIsRemoved) {
  auto directory = Open(1000);
  const auto faults = std::make_shared<support::FaultInjector>();
  const auto slow = CacheDirectory::Open(std::make_shared<support::FaultFileSystem>(files_, faults),
                                         1000, SystemClock(), counters_);
  for (const char* moment : {"before", "between"}) {
    SCOPED_TRACE(moment);
    auto part = directory->Begin(KeyOf(1));
    ASSERT_OK(part);
    const auto give_size = [&] {
      EXPECT_TRUE(directory->Reserve(**part, 4, {}).value());
      EXPECT_OK((*part)->file().Append(BytesOf("text")));
    };
    const bool is_listed = std::string(moment) == "between";
    faults->Arm({.call = is_listed ? "Unlink" : "List",
                 .path_contains = "fetching",
                 .mode = support::FaultMode::kSlow,
                 .on_slow = give_size});
    (*slow)->Remove(KeyOf(1));
    faults->Disarm();
    EXPECT_EQ(CodeOf(directory->Publish(**part, 1, [] { return true; })),
              absl::StatusCode::kNotFound);
  }
  EXPECT_TRUE(FilesBelow(folder_.path() + "/fetching").empty());
  EXPECT_TRUE(FilesBelow(folder_.path() + "/objects").empty());
}

TEST_F(CacheDirectoryTest, TwoObjectsOfOneKeyAreBothForgotten) {
  auto directory = Open(1000);
  ASSERT_OK(Keep(*directory, KeyOf(1), "text"));
  const CacheName other{.key = KeyOf(1), .size_bytes = 3, .checksum = 7};
  ASSERT_OK(support::WriteFile(*files_, other.path(), "abc"));
  EXPECT_EQ(CodeOf(directory->OpenKept(KeyOf(1))), absl::StatusCode::kNotFound);
  EXPECT_TRUE(FilesBelow(folder_.path() + "/objects").empty());
  // A new one takes the place of whatever there is.
  ASSERT_OK(support::WriteFile(*files_, other.path(), "abc"));
  ASSERT_OK(Keep(*directory, KeyOf(1), "text"));
  EXPECT_EQ(FilesBelow(folder_.path() + "/objects").size(), 1U);
  EXPECT_OK(directory->OpenKept(KeyOf(1)));
}

TEST_F(CacheDirectoryTest, BudgetHoldsWhateverTheTotalSaysOrWhenItIsMissing) {
  auto a = Open(1000);
  auto b = Open(1000);
  const auto total = [&] { return FilesBelow(folder_.path() + "/total"); };
  const std::string x(100, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_OK(Keep(i % 2 == 0 ? *a : *b, KeyOf(i), x));
  EXPECT_EQ(total(), std::vector<std::string>{"00000000000000000500"});
  // What goes is not taken off, so that the number is too large, until it matters.
  a->Remove(KeyOf(0));
  ASSERT_OK(Keep(*b, KeyOf(0), x));
  EXPECT_EQ(total(), std::vector<std::string>{"00000000000000000600"});
  for (int i = 5; i < 10; ++i) ASSERT_OK(Keep(*a, KeyOf(i), x));
  EXPECT_EQ(total(), std::vector<std::string>{"00000000000000001000"});
  EXPECT_EQ(FilesBelow(folder_.path() + "/objects").size(), 10U);
  // None, two, or one that is no number: all is listed.
  for (const auto& names :
       {std::vector<std::string>{}, {"00000000000000000001", "00000000000000000002"}, {"x"}}) {
    for (const std::string& name : total()) ASSERT_OK(files_->Unlink("total/" + name));
    for (const std::string& name : names) {
      ASSERT_OK(support::WriteFile(*files_, "total/" + name, ""));
    }
    ASSERT_OK(Keep(*b, KeyOf(20 + static_cast<int>(names.size())), x));
    EXPECT_EQ(FilesBelow(folder_.path() + "/objects").size(), 10U);
    EXPECT_EQ(total(), std::vector<std::string>{"00000000000000001000"});
  }
}

TEST_F(CacheDirectoryTest, SmallObjectsGoBeforeTheirTimeSoThatNotEachFetchListsAll) {
  auto directory = Open(32'000);
  for (int i = 0; i < 64; ++i) ASSERT_OK(Keep(*directory, KeyOf(i), std::string(500, 'x')));
  EXPECT_EQ(counters_->Usage().evicted_objects, 0U);
  ASSERT_OK(Keep(*directory, KeyOf(64), std::string(500, 'x')));
  EXPECT_EQ(counters_->Usage().evicted_objects, 3U);  // the one needed, and 1000 bytes
}

TEST_F(CacheDirectoryTest, SameObjectOfTwoProcessesIsKeptOnce) {
  auto a = Open(1000);
  auto b = Open(1000);
  ASSERT_OK(Keep(*a, KeyOf(1), "text"));
  ASSERT_OK(Keep(*b, KeyOf(1), "text"));
  EXPECT_EQ(FilesBelow(folder_.path() + "/objects").size(), 1U);
  EXPECT_OK((*a->OpenKept(KeyOf(1)))->Verify({}, {}));
}

TEST_F(CacheDirectoryTest, RoomIsWaitedForNoLongerThanTheContextAllows) {
  auto directory = Open(1000);
  const auto lock = files_->Lock(kCacheLock);
  ASSERT_OK(lock);
  const auto part = Reserve(*directory, KeyOf(1), 1, Context::WithTimeout(absl::Milliseconds(20)));
  EXPECT_EQ(CodeOf(part), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CacheDirectoryTest, ObjectThatCannotBeRemovedIsNotAnsweredAnyMore) {
  const auto faults = std::make_shared<support::FaultInjector>();
  const auto failing = std::make_shared<support::FaultFileSystem>(files_, faults);
  const auto directory = CacheDirectory::Open(failing, 1000, SystemClock(), counters_);
  ASSERT_OK(Keep(**directory, KeyOf(1), "text"));
  faults->Arm({.call = "Unlink", .sticky = true, .error = absl::PermissionDeniedError("no")});
  (*directory)->Remove(KeyOf(1));
  EXPECT_EQ(CodeOf((*directory)->OpenKept(KeyOf(1))), absl::StatusCode::kNotFound);
  faults->Disarm();
  EXPECT_EQ(CodeOf((*directory)->OpenKept(KeyOf(1))), absl::StatusCode::kNotFound);
  ASSERT_OK(Keep(**directory, KeyOf(1), "other"));
  EXPECT_EQ((*(*directory)->OpenKept(KeyOf(1)))->name().size_bytes, 5U);
}

TEST_F(CacheDirectoryTest, FilesThatAreNotTheCachesAreLeftAlone) {
  Open(1000);
  std::filesystem::create_directories(folder_.path() + "/objects/zz/deep");
  std::filesystem::create_symlink("/etc/passwd", folder_.path() + "/objects/zz/link");
  ASSERT_OK(support::WriteFile(*files_, "objects/zz/notes", "x"));
  ASSERT_OK(support::WriteFile(*files_, "objects/notes", "x"));
  const CacheName misplaced{.key = KeyOf(9), .size_bytes = 500, .checksum = 1};
  ASSERT_OK(support::WriteFile(*files_, "objects/zz/" + misplaced.file_name(), "x"));
  auto directory = Open(1000);
  EXPECT_EQ(counters_->Usage().held_objects, 0U);
  EXPECT_OK(Keep(*directory, KeyOf(1), std::string(1000, 'x')));
  EXPECT_OK(Keep(*directory, KeyOf(2), std::string(1000, 'x')));
  EXPECT_EQ(FilesBelow(folder_.path() + "/objects").size(), 5U);  // the link leads to a file
}

}  // namespace
}  // namespace vecdb::store
