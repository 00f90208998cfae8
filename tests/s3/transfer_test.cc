#include "s3/transfer.h"

#include <gtest/gtest.h>

#include "s3/digest.h"
#include "s3/transfers.h"
#include "support/fake_s3.h"
#include "support/file_io.h"
#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

using support::FakeS3;

class TransferTest : public ::testing::Test {
 protected:
  support::FakeS3Request Send(HttpRequest request) {
    const S3Options options = support::OptionsFor(server_);
    auto issued = std::make_shared<IssuedCredentials>();
    issued->credentials = {.access_key_id = "FAKEACCESSKEY",
                           .secret_access_key = Secret("secret"),
                           .session_token = Secret("token")};
    request.url = server_.endpoint() + "/bucket/o%3D1?x=1";
    const auto transfer = Transfer::Make(std::move(request), options, issued);
    const auto transfers = Transfers::Make(options, nullptr);
    EXPECT_OK(transfer);
    EXPECT_OK(transfers);
    (*transfers)->Start(*transfer);
    EXPECT_OK(
        (*transfers)->Wait([&] { return (*transfer)->is_done(); }, Transfers::Time::max(), {}));
    EXPECT_EQ((*transfer)->attempt().result, CURLE_OK);
    return server_.requests().back();
  }

  FakeS3 server_;
};

TEST_F(TransferTest, EveryHeaderOfOursIsSigned) {
  const std::string body = "text";
  const auto got = Send({.method = Method::kPut,
                         .headers = {{"If-None-Match", "*"}, {"x-amz-meta-vecdb-id", "1"}},
                         .body = support::BytesOf(body)});

  EXPECT_EQ(got.method, "PUT");
  EXPECT_EQ(got.target, "/bucket/o%3D1?x=1");
  EXPECT_EQ(got.body_bytes, 4u);
  EXPECT_EQ(got.headers.at("x-amz-security-token"), "token");
  EXPECT_EQ(got.headers.at("x-amz-content-sha256"), *Sha256Hex(support::BytesOf(body)));
  const std::string& authorization = got.headers.at("authorization");
  EXPECT_NE(authorization.find("FAKEACCESSKEY/" + got.headers.at("x-amz-date").substr(0, 8) +
                               "/us-east-1/s3/aws4_request"),
            std::string::npos);
  for (const char* header : {"host", "if-none-match", "x-amz-content-sha256", "x-amz-date",
                             "x-amz-meta-vecdb-id", "x-amz-security-token"}) {
    EXPECT_NE(authorization.find(header), std::string::npos) << header;
  }
}

TEST_F(TransferTest, EachMethodIsSentAsSuch) {
  for (const Method method :
       {Method::kGet, Method::kHead, Method::kPut, Method::kPost, Method::kDelete}) {
    EXPECT_EQ(Send({.method = method}).method, NameOf(method));
  }
}

}  // namespace
}  // namespace vecdb::s3
