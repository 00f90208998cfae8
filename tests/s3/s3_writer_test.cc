#include "s3/s3_writer.h"

#include <gtest/gtest.h>

#include "support/fake_s3.h"
#include "support/file_io.h"
#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

using support::BytesOf;
using support::CodeOf;
using support::FakeS3;
using support::PathOf;

constexpr size_t kWriterPart = size_t{5} << 20;

class S3WriterTest : public ::testing::Test {
 protected:
  std::shared_ptr<S3ObjectStore> Open(const Host& host = {}) {
    S3Options options = support::OptionsFor(server_);
    options.credentials = credentials_;
    options.retry_for = absl::Milliseconds(500);
    auto store = OpenS3ObjectStore(options, host);
    EXPECT_OK(store);
    server_.ForgetRequests();
    return *store;
  }

  static std::string Text(size_t size) {
    std::string text(size, '\0');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 997);
    return text;
  }

  FakeS3 server_;
  std::shared_ptr<S3CredentialsProvider> credentials_ = support::OptionsFor(server_).credentials;
};

TEST_F(S3WriterTest, OnePartIsOneRequestAndOneByteMoreIsAnUpload) {
  const auto store = Open();
  ASSERT_OK(PutObject(*store, PathOf("whole"), Text(kWriterPart)));
  EXPECT_EQ(server_.requests().size(), 1u);
  server_.ForgetRequests();
  ASSERT_OK(PutObject(*store, PathOf("parts"), Text(kWriterPart + 1)));
  // Begin and complete; two parts and what holds the name.
  EXPECT_EQ(server_.CountRequests("POST"), 2u);
  EXPECT_EQ(server_.CountRequests("PUT"), 3u);
  EXPECT_EQ(server_.requests().size(), 5u);
  EXPECT_TRUE(server_.objects().at("a/prefix/parts") == Text(kWriterPart + 1));
}

TEST_F(S3WriterTest, LargeObjectComesBackWithOrWithoutAnExecutor) {
  const auto pool = MakeThreadPool(2);
  const std::string text = Text(4 * kWriterPart + 77);
  for (Executor* executor : {static_cast<Executor*>(nullptr), pool.get()}) {
    const auto store = Open({.executor = executor});
    ASSERT_OK(PutObject(*store, PathOf("o"), text));
    const auto read = GetObject(*store, PathOf("o"), support::kNoLimit);
    ASSERT_OK(read);
    EXPECT_TRUE(*read == text);
    ASSERT_OK(store->Delete(PathOf("o")));
  }
}

TEST_F(S3WriterTest, UnfinishedUploadIsGivenUp) {
  const auto store = Open();
  {
    auto writer = store->Create(PathOf("o"));
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Append(BytesOf(Text(2 * kWriterPart + 1))));
    EXPECT_EQ(server_.num_uploads(), 1u);
  }
  EXPECT_EQ(server_.num_uploads(), 0u);
  EXPECT_TRUE(server_.objects().empty());
}

TEST_F(S3WriterTest, FailedPartsAreSentAgain) {
  const auto store = Open();
  server_.Add({.method = "PUT", .target = "partNumber=2", .status = 500, .times = 2});
  server_.Add({.method = "PUT", .target = "partNumber=1", .status = 503, .code = "SlowDown"});
  ASSERT_OK(PutObject(*store, PathOf("o"), Text(2 * kWriterPart + 1)));
  EXPECT_TRUE(server_.objects().at("a/prefix/o") == Text(2 * kWriterPart + 1));
}

TEST_F(S3WriterTest, PartThatFailsForGoodFailsTheWriterAndLeavesNothing) {
  const auto store = Open();
  server_.Add({.method = "PUT", .target = "partNumber=2", .status = 403, .code = "AccessDenied"});
  EXPECT_EQ(CodeOf(PutObject(*store, PathOf("o"), Text(3 * kWriterPart))),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(server_.num_uploads(), 0u);
  EXPECT_TRUE(server_.objects().empty());
}

TEST_F(S3WriterTest, FullServerIsResourceExhausted) {
  const auto store = Open();
  server_.Configure({.quota_bytes = 2 * kWriterPart});
  EXPECT_EQ(CodeOf(PutObject(*store, PathOf("o"), Text(3 * kWriterPart))),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(server_.num_uploads(), 0u);
}

TEST_F(S3WriterTest, TokenThatExpiresInMidUploadIsRenewed) {
  int token = 0;
  credentials_ = CallbackS3Credentials([&](const Context&) -> absl::StatusOr<S3Credentials> {
    return S3Credentials{.access_key_id = "FAKEACCESSKEY",
                         .secret_access_key = Secret("s"),
                         .session_token = Secret("token-" + std::to_string(++token))};
  });
  server_.Configure({.session_token = "token-1"});
  const auto store = Open();
  auto writer = store->Create(PathOf("o"));
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->Append(BytesOf(Text(kWriterPart + 1))));
  server_.Configure({.session_token = "token-2"});
  ASSERT_OK((*writer)->Append(BytesOf(Text(kWriterPart))));
  ASSERT_OK((*writer)->Finish());
  EXPECT_EQ(token, 2);
  // One that stays expired is an error, after one more try.
  server_.Configure({.session_token = "never"});
  EXPECT_EQ(CodeOf(PutObject(*store, PathOf("p"), "x")), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(token, 3);
}

TEST_F(S3WriterTest, RateIsCapped) {
  S3Options options = support::OptionsFor(server_);
  options.max_bytes_per_second = 50 << 20;
  const auto store = OpenS3ObjectStore(options);
  ASSERT_OK(store);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_OK(PutObject(**store, PathOf("o"), Text(3 * kWriterPart)));
  // The first two of three parts are paid for before the last one goes.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
}

TEST_F(S3WriterTest, CancelledAppendAbandonsTheWriter) {
  const auto store = Open();
  auto writer = store->Create(PathOf("o"));
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->Append(BytesOf(Text(kWriterPart + 1))));
  EXPECT_EQ(CodeOf((*writer)->Append(BytesOf("x"), support::CancelledContext())),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf((*writer)->Finish()), absl::StatusCode::kFailedPrecondition);
  writer->reset();
  EXPECT_EQ(server_.num_uploads(), 0u);
}

}  // namespace
}  // namespace vecdb::s3
