#include "s3/address.h"

#include <gtest/gtest.h>

#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;
using support::PathOf;

S3Options Plain() {
  return {.endpoint = "https://s3.example.org:7480", .bucket = "b-1", .prefix = "p/q"};
}

TEST(AddressTest, BothKindsOfAddressNameTheObject) {
  S3Options options = Plain();
  const auto path_style = Address::Make(options);
  ASSERT_OK(path_style);
  EXPECT_EQ(path_style->UrlOf(PathOf("a/o=1")), "https://s3.example.org:7480/b-1/p/q/a/o%3D1");
  EXPECT_EQ(path_style->UrlOf(PathOf("o"), "x=1"), "https://s3.example.org:7480/b-1/p/q/o?x=1");
  EXPECT_EQ(path_style->BucketUrl("x=1"), "https://s3.example.org:7480/b-1?x=1");
  options.addressing = S3Addressing::kVirtualHost;
  options.prefix = "";
  const auto virtual_host = Address::Make(options);
  ASSERT_OK(virtual_host);
  EXPECT_EQ(virtual_host->UrlOf(PathOf("a/o")), "https://b-1.s3.example.org:7480/a/o");
  EXPECT_EQ(virtual_host->BucketUrl("x=1"), "https://b-1.s3.example.org:7480/?x=1");
}

TEST(AddressTest, KeysOfOthersAreNoPaths) {
  const auto address = Address::Make(Plain());
  ASSERT_OK(address);
  EXPECT_EQ(address->KeyOf(PathOf("a/o")), "p/q/a/o");
  EXPECT_EQ(*address->PathOf("p/q/a/o"), PathOf("a/o"));
  for (const char* key : {"", "a/o", "p/q", "p/q/", "p/qa/o", "p/q/../o", "p/q//o", "p/q/a b"}) {
    EXPECT_EQ(CodeOf(address->PathOf(key)), absl::StatusCode::kInvalidArgument) << key;
  }
}

TEST(AddressTest, EndpointsAreSchemeHostAndPort) {
  for (const char* good : {"http://h", "https://h/", "http://127.0.0.1:1", "http://[::1]:65535",
                           "https://a.b-c.example"}) {
    S3Options options = Plain();
    options.endpoint = good;
    EXPECT_OK(Address::Make(options)) << good;
  }
  for (const char* bad :
       {"", "h", "ftp://h", "http://", "http://h:0", "http://h:65536", "http://h:", "http://h:x",
        "http://user:password@h", "http://h/path", "http://h?q", "http://[::1", "http://a b",
        "https:///", "http://-h", "http://h\r\nX: y"}) {
    S3Options options = Plain();
    options.endpoint = bad;
    const auto address = Address::Make(options);
    EXPECT_EQ(CodeOf(address), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(std::string(address.status().message()).find("password"), std::string::npos);
  }
}

TEST(AddressTest, BucketAndPrefixAreChecked) {
  for (const std::string& bad : {std::string(), std::string(64, 'b'), std::string("a/b"),
                                 std::string("-b"), std::string("b?"), std::string("b\n")}) {
    S3Options options = Plain();
    options.bucket = bad;
    EXPECT_EQ(CodeOf(Address::Make(options)), absl::StatusCode::kInvalidArgument) << bad;
  }
  S3Options options = Plain();
  options.bucket = std::string(63, 'b');
  EXPECT_OK(Address::Make(options));
  const std::string part(128, 'p');
  for (const std::string& bad : {std::string("/"), std::string("a//b"), std::string("../a"),
                                 part + "/" + part.substr(1) + "x"}) {
    options.prefix = bad;
    EXPECT_EQ(CodeOf(Address::Make(options)), absl::StatusCode::kInvalidArgument) << bad;
  }
  options.prefix = part + "/" + part.substr(1);  // 256 bytes
  EXPECT_OK(Address::Make(options));
}

TEST(AddressTest, EncodingIsUndone) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(PercentDecode(PercentEncode(all, false)), all);
  EXPECT_EQ(PercentEncode("a/b =~", false), "a%2Fb%20%3D~");
  EXPECT_EQ(PercentEncode("a/b", true), "a/b");
  EXPECT_EQ(PercentDecode("a+b%2fc%4"), "a b/c%4");
  EXPECT_EQ(PercentDecode("%zz%"), "%zz%");
  EXPECT_EQ(PercentDecode("%41"), "A");
}

}  // namespace
}  // namespace vecdb::s3
