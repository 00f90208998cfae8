#include "s3/s3_reader.h"

#include <gtest/gtest.h>

#include "support/fake_s3.h"
#include "support/seeded_random.h"
#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::FakeS3;
using support::PathOf;

constexpr size_t kReaderPart = size_t{5} << 20;

class S3ReaderTest : public ::testing::Test {
 protected:
  S3ReaderTest() {
    S3Options options = support::OptionsFor(server_);
    options.open_bytes = 100;
    options.retry_for = absl::Milliseconds(200);
    store_ = OpenS3ObjectStore(options).value();
    server_.ForgetRequests();
    for (size_t i = 0; i < text_.size(); ++i) text_[i] = static_cast<char>(i * 7 + i / 251);
  }

  void Put(size_t size) { ASSERT_OK(PutObject(*store_, PathOf("o"), text_.substr(0, size))); }

  std::unique_ptr<ObjectReader> Open() {
    auto reader = store_->Open(PathOf("o"));
    EXPECT_OK(reader);
    return *std::move(reader);
  }

  static absl::Status Read(const ObjectReader& reader, uint64_t offset, std::string& out) {
    return reader.ReadAt(offset, std::as_writable_bytes(std::span(out)));
  }

  absl::StatusCode ReadRest(const ObjectReader& reader) {
    std::string out(reader.size() - 100, '?');
    return CodeOf(Read(reader, 100, out));
  }

  FakeS3 server_;
  std::shared_ptr<S3ObjectStore> store_;
  std::string text_ = std::string(2 * kReaderPart + 50, '\0');
};

TEST_F(S3ReaderTest, LargeReadsAreSplitAndParallel) {
  Put(text_.size());
  server_.ForgetRequests();
  const auto reader = Open();
  EXPECT_EQ(reader->size(), text_.size());
  std::string out(text_.size(), '?');
  ASSERT_OK(Read(*reader, 0, out));
  EXPECT_TRUE(out == text_);
  EXPECT_EQ(server_.CountRequests("GET"), 4u);
}

TEST_F(S3ReaderTest, RangesAreThoseThatWereAskedFor) {
  Put(10'000);
  const auto reader = Open();
  const uint64_t seed = support::TestSeed("s3_reader_ranges");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = 0; i < 50; ++i) {
    const uint64_t offset = random.Below(10'000);
    std::string out(1 + random.Below(10'000 - offset), '?');
    ASSERT_OK(Read(*reader, offset, out));
    EXPECT_TRUE(out == text_.substr(offset, out.size())) << offset;
  }
}

TEST_F(S3ReaderTest, WhatCameAtOpenIsNotReadAgain) {
  Put(101);
  const auto reader = Open();
  server_.ForgetRequests();
  std::string out(100, '?');
  ASSERT_OK(Read(*reader, 0, out));
  EXPECT_TRUE(server_.requests().empty());
  out.resize(1);
  ASSERT_OK(Read(*reader, 100, out));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(S3ReaderTest, DeletedObjectIsNotFound) {
  Put(1000);
  const auto reader = Open();
  server_.Remove("a/prefix/o");
  EXPECT_EQ(ReadRest(*reader), absl::StatusCode::kNotFound);
}

TEST_F(S3ReaderTest, ReplacedOrShortenedObjectIsDataLoss) {
  Put(1000);
  const auto reader = Open();
  server_.Cut("a/prefix/o", 500);
  EXPECT_EQ(ReadRest(*reader), absl::StatusCode::kDataLoss);
  server_.Cut("a/prefix/o", 50);
  EXPECT_EQ(ReadRest(*reader), absl::StatusCode::kDataLoss);
  server_.Put("a/prefix/o", text_.substr(0, 1000));
  EXPECT_EQ(ReadRest(*reader), absl::StatusCode::kDataLoss);
}

TEST_F(S3ReaderTest, DamagedObjectIsDataLossWhereItWasSentWhole) {
  Put(50);
  server_.FlipByte("a/prefix/o", 7);
  EXPECT_EQ(CodeOf(store_->Open(PathOf("o"))), absl::StatusCode::kDataLoss);
  ASSERT_OK(store_->Delete(PathOf("o")));
  Put(1000);
  server_.FlipByte("a/prefix/o", 700);
  const auto reader = Open();
  std::string out(1000, '?');
  EXPECT_EQ(CodeOf(Read(*reader, 0, out)), absl::StatusCode::kDataLoss);
}

TEST_F(S3ReaderTest, ServerThatKnowsNoRangesServesSmallObjectsAlone) {
  Put(100);
  server_.Configure({.knows_ranges = false});
  EXPECT_EQ(*GetObject(*store_, PathOf("o"), 100), text_.substr(0, 100));
  server_.Put("a/prefix/p", std::string(101, 'x'));
  EXPECT_EQ(CodeOf(store_->Open(PathOf("p"))), absl::StatusCode::kDataLoss);
}

TEST_F(S3ReaderTest, FailuresThatPassAreNotSeen) {
  Put(1000);
  server_.Add({.method = "GET", .status = 503, .code = "SlowDown"});
  server_.Add({.method = "GET", .status = 500, .after = 1});
  EXPECT_TRUE(*GetObject(*store_, PathOf("o"), 1000) == text_.substr(0, 1000));
}

TEST_F(S3ReaderTest, ThrottlingIsOverWhenTheServerSaysSo) {
  Put(10);
  // As if it was a minute: far more tries than one, and then relief.
  server_.Add({.method = "GET", .status = 429, .retry_after = "1", .times = 5});
  EXPECT_OK(store_->Open(PathOf("o")));
  server_.Add({.method = "GET", .status = 429, .times = 1'000'000});
  EXPECT_EQ(CodeOf(store_->Open(PathOf("o"))), absl::StatusCode::kUnavailable);
}

TEST_F(S3ReaderTest, DeadlineTellsWhatWentWrongBefore) {
  server_.Add({.method = "GET", .status = 503, .code = "SlowDown", .times = 1'000'000});
  const auto opened = store_->Open(PathOf("o"), Context::WithTimeout(absl::Milliseconds(50)));
  EXPECT_EQ(CodeOf(opened), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(std::string(opened.status().message()).find("503 SlowDown"), std::string::npos)
      << opened.status();
}

}  // namespace
}  // namespace vecdb::s3
