#include "s3/create_object.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/fake_s3.h"
#include "support/file_io.h"
#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

using support::BytesOf;
using support::CodeOf;
using support::FakeS3;
using support::FakeS3Fault;
using support::PathOf;

class CreateObjectTest : public ::testing::Test {
 protected:
  CreateObjectTest() {
    S3Options options = support::OptionsFor(server_);
    options.retry_for = absl::Milliseconds(200);
    requester_ = Requester::Make(options, {}).value();
  }

  absl::Status Create(std::string_view text, const Context& context = {}) {
    return CreateWhole(*requester_, PathOf("o"), BytesOf(text), context);
  }

  // An upload of one part that waits to be completed.
  Upload UploadPart() {
    const auto upload = BeginUpload(*requester_, PathOf("o"), {});
    EXPECT_OK(upload);
    Call part{.operation = Operation::kPutPart,
              .about = "part",
              .request = {.method = Method::kPut,
                          .url = requester_->address().UrlOf(
                              PathOf("o"), "partNumber=1&" + UploadQuery(*upload)),
                          .body = BytesOf("part")}};
    EXPECT_OK(requester_->Send(part, {}));
    return *upload;
  }

  absl::Status Complete(const Upload& upload) {
    return CompleteUpload(*requester_, PathOf("o"), upload, {"\"part-1\""}, {});
  }

  std::string Object() {
    const auto objects = server_.objects();
    const auto found = objects.find("a/prefix/o");
    return found == objects.end() ? "none" : found->second;
  }

  FakeS3 server_;
  std::shared_ptr<Requester> requester_;
};

TEST_F(CreateObjectTest, LostAnswerOfAnAppliedPutIsFoundOut) {
  for (const int status : {500, 502, 503}) {
    server_.Add({.method = "PUT", .status = status, .applies = true});
    EXPECT_OK(Create("ours")) << status;
    EXPECT_EQ(Object(), "ours");
    server_.Remove("a/prefix/o");
  }
}

TEST_F(CreateObjectTest, LostAnswerBesideAnotherWriterIsAlreadyExists) {
  server_.Put("a/prefix/o", "theirs");
  server_.Add({.method = "PUT", .status = 500, .applies = true});
  EXPECT_EQ(CodeOf(Create("ours")), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Object(), "theirs");
}

TEST_F(CreateObjectTest, ThrottledPutIsNotUnknown) {
  server_.Add({.method = "PUT", .status = 503, .code = "SlowDown", .times = 1000});
  EXPECT_EQ(CodeOf(Create("ours")), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server_.CountRequests("HEAD"), 0u);
}

TEST_F(CreateObjectTest, PutThatCannotBeFoundOutIsUnknown) {
  server_.Add({.method = "PUT", .status = 500, .times = 1000});
  server_.Add({.method = "HEAD", .status = 500, .times = 1000});
  EXPECT_EQ(CodeOf(Create("ours")), absl::StatusCode::kUnknown);
  // It may still be on its way.
  server_.Add({.method = "PUT", .status = 500, .times = 1000});
}

TEST_F(CreateObjectTest, PutThatMayStillBeOnItsWayIsUnknown) {
  server_.Add({.method = "PUT", .status = 500, .times = 1000});
  EXPECT_EQ(CodeOf(Create("ours")), absl::StatusCode::kUnknown);
}

TEST_F(CreateObjectTest, DeadlineInThePutIsUnknownAndBeforeItIsNot) {
  server_.Add({.method = "PUT", .status = 0, .applies = true, .delay_ms = 300});
  EXPECT_EQ(CodeOf(Create("ours", Context::WithTimeout(absl::Milliseconds(50)))),
            absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOf(Create("ours", support::CancelledContext())), absl::StatusCode::kCancelled);
}

TEST_F(CreateObjectTest, ConflictOfConditionsIsTriedAgain) {
  server_.Add({.method = "PUT", .status = 409, .code = "ConditionalRequestConflict", .times = 2});
  EXPECT_OK(Create("ours"));
  EXPECT_EQ(server_.CountRequests("PUT"), 3u);
}

TEST_F(CreateObjectTest, RefusalIsClear) {
  server_.Configure({.quota_bytes = 3});
  EXPECT_EQ(CodeOf(Create("ours")), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(server_.CountRequests("PUT"), 1u);
}

TEST_F(CreateObjectTest, CompletedUploadTakesThePlaceOfItsPlaceholder) {
  const Upload upload = UploadPart();
  EXPECT_OK(Complete(upload));
  EXPECT_EQ(Object(), "part");
  EXPECT_EQ(server_.num_uploads(), 0u);
}

TEST_F(CreateObjectTest, UploadToATakenNameChangesNothing) {
  const Upload upload = UploadPart();
  server_.Put("a/prefix/o", "theirs");
  EXPECT_EQ(CodeOf(Complete(upload)), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Object(), "theirs");
  EXPECT_OK(AbortUpload(*requester_, PathOf("o"), upload, {}));
  EXPECT_EQ(server_.num_uploads(), 0u);
}

TEST_F(CreateObjectTest, CompletionWhoseAnswerIsLostIsFoundOut) {
  const Upload upload = UploadPart();
  server_.Add({.method = "POST", .status = 500, .applies = true});
  EXPECT_OK(Complete(upload));
  EXPECT_EQ(Object(), "part");
}

TEST_F(CreateObjectTest, CompletionThatSaysOkAndMeansAnErrorIsTriedAgain) {
  const Upload upload = UploadPart();
  server_.Configure({.completes_with_error = true});
  EXPECT_OK(Complete(upload));
  EXPECT_EQ(Object(), "part");
}

TEST_F(CreateObjectTest, RefusedCompletionGivesTheNameBack) {
  const Upload upload = UploadPart();
  EXPECT_EQ(CodeOf(CompleteUpload(*requester_, PathOf("o"), upload, {"\"another\""}, {})),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Object(), "none");
}

TEST_F(CreateObjectTest, CompletionThatCannotBeFoundOutIsUnknownAndHoldsTheName) {
  const Upload upload = UploadPart();
  server_.Add({.method = "POST", .status = 500, .times = 1000});
  EXPECT_EQ(CodeOf(Complete(upload)), absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOf(Create("another")), absl::StatusCode::kAlreadyExists);
  const auto head = HeadObject(*requester_, PathOf("o"), {});
  ASSERT_OK(head);
  EXPECT_TRUE(head->is_pending);
}

}  // namespace
}  // namespace vecdb::s3
