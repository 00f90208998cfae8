#include "s3/credentials.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/fake_clock.h"
#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::FakeClock;

S3Credentials Key(std::string id) {
  return {.access_key_id = std::move(id), .secret_access_key = Secret("s")};
}

// Gives key-1, key-2 and so on, each for ten minutes.
class CredentialsCacheTest : public ::testing::Test {
 protected:
  std::string KeyOfNow() {
    const auto issued = cache_.Get({});
    return issued.ok() ? (*issued)->credentials.access_key_id : issued.status().ToString();
  }

  FakeClock clock_;
  int calls_ = 0;
  CredentialsCache cache_{CallbackS3Credentials([this](const Context&) {
                            S3Credentials credentials = Key("key-" + std::to_string(++calls_));
                            credentials.expires_ms = clock_.NowMillis() + 600'000;
                            return absl::StatusOr<S3Credentials>(std::move(credentials));
                          }),
                          clock_};
};

TEST_F(CredentialsCacheTest, KeepsThemUntilAMinuteBeforeTheyExpire) {
  EXPECT_EQ(KeyOfNow(), "key-1");
  clock_.Advance(540'000);
  EXPECT_EQ(KeyOfNow(), "key-1");
  clock_.Advance(1);
  EXPECT_EQ(KeyOfNow(), "key-2");
}

TEST_F(CredentialsCacheTest, OnlyThoseThatWereRefusedAreReplaced) {
  const auto first = cache_.Get({});
  ASSERT_OK(first);
  cache_.Expire((*first)->number);
  EXPECT_EQ(KeyOfNow(), "key-2");
  cache_.Expire((*first)->number);
  EXPECT_EQ(KeyOfNow(), "key-2");
}

TEST(CredentialsTest, ErrorsOfTheProviderComeAsTheyAre) {
  const FakeClock clock;
  CredentialsCache cache(
      CallbackS3Credentials([](const Context&) { return absl::UnavailableError("no network"); }),
      clock);
  EXPECT_EQ(cache.Get({}).status(), absl::UnavailableError("no network"));
  CredentialsCache none(CallbackS3Credentials(nullptr), clock);
  EXPECT_EQ(CodeOf(none.Get({})), absl::StatusCode::kInvalidArgument);
}

TEST(CredentialsTest, WhatCannotSignIsRefused) {
  const FakeClock clock;
  S3Credentials expired = Key("k");
  expired.expires_ms = clock.NowMillis();
  S3Credentials split = Key("k");
  split.session_token = Secret("a\r\nb");
  S3Credentials keyless = Key("");
  S3Credentials secretless = Key("k");
  secretless.secret_access_key = Secret();
  for (const auto& [credentials, code] :
       {std::pair(expired, absl::StatusCode::kPermissionDenied),
        std::pair(split, absl::StatusCode::kInvalidArgument),
        std::pair(keyless, absl::StatusCode::kInvalidArgument),
        std::pair(secretless, absl::StatusCode::kInvalidArgument)}) {
    CredentialsCache cache(StaticS3Credentials(credentials), clock);
    EXPECT_EQ(CodeOf(cache.Get({})), code);
  }
}

TEST(CredentialsTest, EnvironmentIsReadAtEachGet) {
  const auto provider = EnvironmentS3Credentials();
  unsetenv("AWS_ACCESS_KEY_ID");
  setenv("AWS_SECRET_ACCESS_KEY", "the-secret", 1);
  unsetenv("AWS_SESSION_TOKEN");
  const auto missing = provider->Get({});
  EXPECT_EQ(CodeOf(missing), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(missing.status().message()).find("AWS_ACCESS_KEY_ID"), std::string::npos);
  setenv("AWS_ACCESS_KEY_ID", "the-key", 1);
  const auto found = provider->Get({});
  ASSERT_OK(found);
  EXPECT_EQ(found->access_key_id, "the-key");
  EXPECT_EQ(found->secret_access_key.Reveal(), "the-secret");
  EXPECT_TRUE(found->session_token.empty());
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
}

}  // namespace
}  // namespace vecdb::s3
