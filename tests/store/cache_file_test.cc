#include "store/cache_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/checksum.h"
#include "support/cache_testing.h"
#include "support/forked_child.h"

namespace vecdb::store {
namespace {

using support::CodeOf;
using support::StatusOf;

constexpr uint64_t kVerifiedBytes = 2 * kCachePieceBytes + 1000;

class CacheFileTest : public ::testing::Test {
 protected:
  CacheFileTest() {
    std::vector<uint64_t> pieces;
    for (size_t at = 0; at < text_.size(); at += kCachePieceBytes) {
      pieces.push_back(base::Xxh3(std::string_view(text_).substr(at, kCachePieceBytes)));
    }
    name_.checksum = ChecksumOfPieces(pieces);
    EXPECT_OK(files_->CreateDirectories(name_.folder()));
  }

  absl::StatusOr<std::shared_ptr<CacheFile>> OpenWith(const std::string& text) {
    files_->Unlink(name_.path()).IgnoreError();
    EXPECT_OK(support::WriteFile(*files_, name_.path(), text));
    return CacheFile::Open(*files_, name_, name_.path(), counters_);
  }

  const support::TempDirectory directory_;
  const std::shared_ptr<FileSystem> files_ = OpenLocalFileSystem(directory_.path()).value();
  const std::shared_ptr<CacheCounters> counters_ = std::make_shared<CacheCounters>();
  const std::string text_ = support::RandomText(1, kVerifiedBytes);
  CacheName name_{.key = std::string(32, 'a'), .size_bytes = kVerifiedBytes};
};

TEST_F(CacheFileTest, WholeObjectIsVerified) {
  const auto file = OpenWith(text_);
  ASSERT_OK(file);
  EXPECT_OK((*file)->Verify({}, {}));
  const auto pool = MakeThreadPool(3);
  EXPECT_OK((*file)->Verify({.executor = pool.get()}, {}));
  EXPECT_EQ(counters_->Usage().open_bytes, kVerifiedBytes);
}

TEST_F(CacheFileTest, DamageInAnyRegionIsFound) {
  for (uint64_t at :
       {uint64_t{0}, uint64_t{1}, uint64_t{4096}, kCachePieceBytes - 1, kCachePieceBytes,
        kCachePieceBytes + 1, 2 * kCachePieceBytes - 1, 2 * kCachePieceBytes, kVerifiedBytes - 1}) {
    std::string damaged = text_;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto file = OpenWith(damaged);
    ASSERT_OK(file);
    EXPECT_EQ(CodeOf((*file)->Verify({}, {})), absl::StatusCode::kDataLoss) << at;
  }
  // Pieces in another order.
  const auto file =
      OpenWith(text_.substr(kCachePieceBytes, kCachePieceBytes) +
               text_.substr(0, kCachePieceBytes) + text_.substr(2 * kCachePieceBytes));
  EXPECT_EQ(CodeOf((*file)->Verify({}, {})), absl::StatusCode::kDataLoss);
}

TEST_F(CacheFileTest, FileOfAnotherSizeIsDamaged) {
  EXPECT_EQ(CodeOf(OpenWith(text_ + "x")), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(OpenWith(text_.substr(1))), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(OpenWith("")), absl::StatusCode::kDataLoss);
}

TEST_F(CacheFileTest, OpenFileIsNotEvicted) {
  auto file = OpenWith(text_);
  ASSERT_OK(file);
  auto other = CacheFile::Open(*files_, name_, name_.path(), counters_);
  ASSERT_OK(other);
  auto evictor = files_->OpenForRead(name_.path());
  EXPECT_FALSE(LockForEviction(**evictor));
  file->reset();
  EXPECT_FALSE(LockForEviction(**evictor));
  other->reset();
  EXPECT_TRUE(LockForEviction(**evictor));
  EXPECT_EQ(CodeOf(CacheFile::Open(*files_, name_, name_.path(), counters_)),
            absl::StatusCode::kNotFound);
  evictor->reset();
  EXPECT_OK(CacheFile::Open(*files_, name_, name_.path(), counters_));
  EXPECT_EQ(counters_->Usage().open_bytes, 0U);
}

// Its name is that of another file by now, which whoever has put it there holds.
TEST_F(CacheFileTest, FileThatHasLostItsNameIsNotEvicted) {
  ASSERT_OK(OpenWith(text_));
  const auto evictor = files_->OpenForRead(name_.path());
  ASSERT_OK(files_->Unlink(name_.path()));
  const auto replaced = OpenWith(text_);
  ASSERT_OK(replaced);
  EXPECT_FALSE(LockForEviction(**evictor));
}

TEST_F(CacheFileTest, ForkedChildNeitherEndsAPinNorKeepsIt) {
  auto file = OpenWith(text_);
  ASSERT_OK(file);
  const auto evictor = files_->OpenForRead(name_.path());
  EXPECT_EQ(support::CodeInChild([&] {
              file->reset();
              return absl::OkStatus();
            }),
            absl::StatusCode::kOk);
  EXPECT_FALSE(LockForEviction(**evictor));
  const support::IdleChild child;
  file->reset();
  EXPECT_TRUE(LockForEviction(**evictor));
}

TEST_F(CacheFileTest, TouchIsSeenInTheListing) {
  const auto file = OpenWith(text_);
  (*file)->Touch(1'234'567'890'123);
  EXPECT_EQ(files_->List(name_.folder())->front().modified_ms, 1'234'567'890'123);
}

TEST_F(CacheFileTest, VerifyStopsAndTakesNoMoreMemoryThanThereIs) {
  const auto file = OpenWith(text_);
  EXPECT_EQ(CodeOf((*file)->Verify({}, support::CancelledContext())), absl::StatusCode::kCancelled);
  MemoryBudget budget(kCachePieceBytes - 1);
  EXPECT_EQ(CodeOf((*file)->Verify({.budget = &budget}, {})), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::store
