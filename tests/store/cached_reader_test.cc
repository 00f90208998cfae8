#include "store/cached_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "support/cache_testing.h"
#include "support/fault_file_system.h"

namespace vecdb::store {
namespace {

using support::CodeOf;
using support::FaultInjector;
using support::PathOf;

constexpr size_t kReadBytes = 3'000'000;

class CachedReaderTest : public ::testing::Test {
 protected:
  CachedReaderTest() {
    EXPECT_OK(PutObject(*remote_, PathOf("o"), text_));
    EXPECT_OK(files_->CreateDirectories(name_.folder()));
    EXPECT_OK(support::WriteFile(*files_, name_.path(), text_));
    auto file = CacheFile::Open(*files_, name_, name_.path(), counters_);
    reader_ = std::make_unique<CachedReader>(*file, remote_, PathOf("o"), counters_);
  }

  absl::Status Read(std::string* out, uint64_t offset, const Context& context = {}) {
    return reader_->ReadAt(offset, std::as_writable_bytes(std::span(*out)), context);
  }

  const std::string text_ = support::RandomText(4, kReadBytes);
  const CacheName name_{.key = std::string(32, 'b'), .size_bytes = kReadBytes};
  const std::shared_ptr<ObjectStore> remote_ = MakeMemoryObjectStore();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FileSystem> files_ =
      std::make_shared<support::FaultFileSystem>(MakeMemoryFileSystem(), faults_);
  const std::shared_ptr<CacheCounters> counters_ = std::make_shared<CacheCounters>();
  std::unique_ptr<CachedReader> reader_;
};

TEST_F(CachedReaderTest, WhatTheDiskRefusesIsReadFromTheStore) {
  faults_->Arm({.call = "ReadAt", .nth = 2, .sticky = true});
  std::string out(kReadBytes, '\0');
  ASSERT_OK(Read(&out, 0));
  EXPECT_TRUE(out == text_);
  out.resize(100);
  ASSERT_OK(Read(&out, 5));
  EXPECT_EQ(out, text_.substr(5, 100));
  const CacheUsage usage = counters_->Usage();
  EXPECT_EQ(usage.failed_reads, 2U);
  EXPECT_EQ(usage.store_opens, 1U);
  EXPECT_EQ(usage.passed_bytes, kReadBytes + 100);
}

TEST_F(CachedReaderTest, ObjectThatIsGoneFromTheStoreLeavesTheErrorOfTheDisk) {
  ASSERT_OK(remote_->Delete(PathOf("o")));
  faults_->Arm({.call = "ReadAt", .sticky = true, .error = absl::UnknownError("no disk")});
  std::string out(10, '\0');
  EXPECT_EQ(Read(&out, 0).message(), "no disk");
}

TEST_F(CachedReaderTest, AnotherObjectOfTheNameIsDataLoss) {
  ASSERT_OK(remote_->Delete(PathOf("o")));
  ASSERT_OK(PutObject(*remote_, PathOf("o"), "another"));
  faults_->Arm({.call = "ReadAt", .sticky = true});
  std::string out(10, '\0');
  EXPECT_EQ(CodeOf(Read(&out, 0)), absl::StatusCode::kDataLoss);
}

TEST_F(CachedReaderTest, RangesAndContextsAreCheckedFirst) {
  std::string out(10, '?');
  EXPECT_EQ(CodeOf(Read(&out, kReadBytes - 9)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CodeOf(Read(&out, 0, support::CancelledContext())), absl::StatusCode::kCancelled);
  EXPECT_EQ(out, "??????????");
  EXPECT_EQ(counters_->Usage().failed_reads, 0U);
}

TEST(PassedReaderTest, ReadsAreCounted) {
  const auto store = MakeMemoryObjectStore();
  ASSERT_OK(PutObject(*store, PathOf("o"), "0123456789"));
  const auto counters = std::make_shared<CacheCounters>();
  const PassedReader reader(store->Open(PathOf("o")).value(), counters);
  EXPECT_EQ(reader.size(), 10U);
  EXPECT_EQ(reader.descriptor(), -1);
  EXPECT_EQ(CodeOf(reader.Map()), absl::StatusCode::kUnimplemented);
  std::string out(4, '\0');
  ASSERT_OK(reader.ReadAt(3, std::as_writable_bytes(std::span(out)), {}));
  EXPECT_EQ(out, "3456");
  EXPECT_EQ(CodeOf(reader.ReadAt(8, std::as_writable_bytes(std::span(out)), {})),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(counters->Usage(), (CacheUsage{.passed_reads = 1, .passed_bytes = 4}));
}

TEST(LazyReaderTest, FileOfAnotherSizeIsNotRead) {
  const auto store = MakeMemoryObjectStore();
  const std::string text = support::RandomText(5, LazyReader::kMinBytes + 100);
  ASSERT_OK(PutObject(*store, PathOf("o"), text));
  const auto files = MakeMemoryFileSystem();
  const auto counters = std::make_shared<CacheCounters>();
  const CacheName other{.key = std::string(32, 'c'), .size_bytes = 5};
  ASSERT_OK(files->CreateDirectories(other.folder()));
  ASSERT_OK(support::WriteFile(*files, other.path(), "other"));
  int fetches = 0;
  const LazyReader reader(
      std::make_unique<PassedReader>(store->Open(PathOf("o")).value(), counters), store,
      PathOf("o"), counters, [&](const Context&) {
        ++fetches;
        return CacheFile::Open(*files, other, other.path(), counters);
      });
  std::string out(2 * LazyReader::kMinBytes / 2 + 50, '\0');
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(reader.ReadAt(0, std::as_writable_bytes(std::span(out)), {}));
    EXPECT_TRUE(out == text.substr(0, out.size()));
  }
  EXPECT_EQ(fetches, 1);
}

}  // namespace
}  // namespace vecdb::store
