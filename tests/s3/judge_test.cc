#include "s3/judge.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::s3 {
namespace {

Try Answered(int status, const std::string& code = "") {
  Try attempt{.was_sent = true};
  attempt.answer.status = status;
  if (!code.empty()) attempt.answer.body = "<Error><Code>" + code + "</Code></Error>";
  return attempt;
}

Try Failed(CURLcode result, bool was_sent) { return {.result = result, .was_sent = was_sent}; }

Verdict JudgePut(const Try& attempt) {
  return Judge(attempt, Method::kPut, "object 'o' in bucket 'b' at h", "ACCESSKEY", "the-token");
}

struct AnswerCase {
  int status;
  const char* code;
  absl::StatusCode wanted;
  bool may_pass;
  bool may_be_applied;
};

TEST(JudgeTest, EachAnswerHasItsMeaning) {
  using enum absl::StatusCode;
  const AnswerCase cases[] = {
      {400, "AuthorizationHeaderMalformed", kFailedPrecondition, false, false},
      {400, "BadDigest", kUnavailable, true, false},
      {400, "ExpiredToken", kPermissionDenied, false, false},
      {400, "InvalidRequest", kFailedPrecondition, false, false},
      {400, "RequestTimeout", kUnavailable, true, false},
      {301, "PermanentRedirect", kFailedPrecondition, false, false},
      {307, "", kFailedPrecondition, false, false},
      {401, "", kPermissionDenied, false, false},
      {403, "AccessDenied", kPermissionDenied, false, false},
      {403, "QuotaExceeded", kResourceExhausted, false, false},
      {403, "RequestTimeTooSkewed", kPermissionDenied, false, false},
      {404, "NoSuchBucket", kFailedPrecondition, false, false},
      {404, "NoSuchKey", kNotFound, false, false},
      {404, "", kNotFound, false, false},
      {408, "", kUnavailable, true, true},
      {409, "ConditionalRequestConflict", kUnavailable, true, false},
      {412, "PreconditionFailed", kAlreadyExists, false, false},
      {416, "InvalidRange", kOutOfRange, false, false},
      {429, "", kUnavailable, true, false},
      {500, "InternalError", kUnavailable, true, true},
      {501, "NotImplemented", kFailedPrecondition, false, false},
      {502, "", kUnavailable, true, true},
      {503, "SlowDown", kUnavailable, true, false},
      {503, "", kUnavailable, true, true},
      {507, "", kResourceExhausted, false, false},
  };
  for (const AnswerCase& c : cases) {
    const Verdict verdict = JudgePut(Answered(c.status, c.code));
    SCOPED_TRACE(std::to_string(c.status) + c.code + verdict.status.ToString());
    EXPECT_EQ(verdict.status.code(), c.wanted);
    EXPECT_EQ(verdict.may_pass, c.may_pass);
    EXPECT_EQ(verdict.may_be_applied, c.may_be_applied);
  }
  EXPECT_OK(JudgePut(Answered(200)).status);
  EXPECT_OK(JudgePut(Answered(204)).status);
}

TEST(JudgeTest, LostConnectionsMayPassAndMayHaveBeenServed) {
  for (const CURLcode result :
       {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
        CURLE_GOT_NOTHING, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR}) {
    for (const bool was_sent : {false, true}) {
      const Verdict verdict = JudgePut(Failed(result, was_sent));
      EXPECT_EQ(verdict.status.code(), absl::StatusCode::kUnavailable) << result;
      EXPECT_TRUE(verdict.may_pass) << result;
      EXPECT_EQ(verdict.may_be_applied, was_sent) << result;
    }
  }
  // An answer that was cut short is none.
  Try cut = Answered(200);
  cut.result = CURLE_PARTIAL_FILE;
  EXPECT_TRUE(JudgePut(cut).may_pass);
  EXPECT_TRUE(JudgePut(cut).may_be_applied);
}

TEST(JudgeTest, WhatDoesNotPassIsNotRepeated) {
  EXPECT_EQ(JudgePut(Failed(CURLE_PEER_FAILED_VERIFICATION, false)).status.code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(JudgePut(Failed(CURLE_PEER_FAILED_VERIFICATION, false)).may_pass);
  EXPECT_EQ(JudgePut(Failed(CURLE_SSL_CACERT_BADFILE, false)).status.code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(JudgePut(Failed(CURLE_OUT_OF_MEMORY, false)).status.code(),
            absl::StatusCode::kResourceExhausted);
  Try too_long = Answered(200);
  too_long.has_overflowed = true;
  too_long.result = CURLE_WRITE_ERROR;
  EXPECT_EQ(JudgePut(too_long).status.code(), absl::StatusCode::kDataLoss);
}

TEST(JudgeTest, MessageNamesWhatStatusCodeAndRequest) {
  Try attempt = Answered(403, "AccessDenied");
  attempt.answer.headers["x-amz-request-id"] = "tx0-1.a_b";
  EXPECT_EQ(JudgePut(attempt).status.message(),
            "PUT of object 'o' in bucket 'b' at h: the server answered 403 AccessDenied (request "
            "tx0-1.a_b)");
}

TEST(JudgeTest, MessageRepeatsNothingElseOfTheAnswer) {
  Try attempt = Answered(403, "the-token");
  attempt.answer.body += "ACCESSKEY the-token";
  for (const char* id : {"the-token", "the", "xACCESSKEYx", "ACCESS", "x-the-token-y", "xe-tokex",
                         "xCCESSKx", "a b", "a\nb", ""}) {
    attempt.answer.headers["x-amz-request-id"] = id;
    attempt.answer.headers["x-amz-bucket-region"] = "x-the-token";
    EXPECT_EQ(JudgePut(attempt).status.message(),
              "PUT of object 'o' in bucket 'b' at h: the server answered 403")
        << id;
  }
}

TEST(JudgeTest, RetryAfterIsSecondsOrNothing) {
  Try attempt = Answered(503, "SlowDown");
  attempt.answer.headers["retry-after"] = "3";
  EXPECT_EQ(JudgePut(attempt).retry_after, absl::Seconds(3));
  for (const char* odd : {"", "-1", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999999"}) {
    attempt.answer.headers["retry-after"] = odd;
    EXPECT_EQ(JudgePut(attempt).retry_after, absl::ZeroDuration()) << odd;
  }
}

}  // namespace
}  // namespace vecdb::s3
