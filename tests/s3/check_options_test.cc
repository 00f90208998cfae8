#include "s3/check_options.h"

#include <gtest/gtest.h>

#include <functional>

#include "support/store_testing.h"

namespace vecdb::s3 {
namespace {

S3Options Good() {
  return {
      .endpoint = "https://h",
      .bucket = "b",
      .credentials = StaticS3Credentials({.access_key_id = "k", .secret_access_key = Secret("s")})};
}

TEST(CheckOptionsTest, LimitsAreInside) {
  EXPECT_OK(CheckOptions(Good()));
  S3Options least = Good();
  least.region = "a";
  least.part_bytes = uint64_t{5} << 20;
  least.parallel_parts = 1;
  least.max_connections = 1;
  least.open_bytes = 1;
  least.connect_timeout = least.stall_timeout = absl::Milliseconds(1);
  least.retry_wait = least.max_retry_wait = absl::Milliseconds(1);
  least.retry_for = absl::ZeroDuration();
  EXPECT_OK(CheckOptions(least));
  S3Options most = Good();
  most.region = std::string(64, 'r');
  most.part_bytes = uint64_t{1} << 30;
  most.parallel_parts = 64;
  most.max_connections = 1024;
  most.open_bytes = uint64_t{8} << 20;
  most.retry_for = absl::Hours(24);
  EXPECT_OK(CheckOptions(most));
}

TEST(CheckOptionsTest, WhatIsOutsideIsNamed) {
  struct Case {
    const char* name;
    std::function<void(S3Options&)> spoil;
  };
  const Case cases[] = {
      {"credentials", [](S3Options& o) { o.credentials = nullptr; }},
      {"region", [](S3Options& o) { o.region = ""; }},
      {"region", [](S3Options& o) { o.region = "a b"; }},
      {"region", [](S3Options& o) { o.region = std::string(65, 'r'); }},
      {"proxy", [](S3Options& o) { o.proxy = "http://h\n"; }},
      {"connect_to", [](S3Options& o) { o.connect_to = std::string(301, 'h'); }},
      {"part_bytes", [](S3Options& o) { o.part_bytes = (uint64_t{5} << 20) - 1; }},
      {"part_bytes", [](S3Options& o) { o.part_bytes = (uint64_t{1} << 30) + 1; }},
      {"parallel_parts", [](S3Options& o) { o.parallel_parts = 0; }},
      {"parallel_parts", [](S3Options& o) { o.parallel_parts = 65; }},
      {"max_connections", [](S3Options& o) { o.max_connections = 0; }},
      {"max_connections", [](S3Options& o) { o.max_connections = 1025; }},
      {"open_bytes", [](S3Options& o) { o.open_bytes = 0; }},
      {"open_bytes", [](S3Options& o) { o.open_bytes = (uint64_t{8} << 20) + 1; }},
      {"connect_timeout", [](S3Options& o) { o.connect_timeout = absl::ZeroDuration(); }},
      {"stall_timeout", [](S3Options& o) { o.stall_timeout = absl::Hours(25); }},
      {"retry_for", [](S3Options& o) { o.retry_for = absl::Milliseconds(-1); }},
      {"retry_wait", [](S3Options& o) { o.retry_wait = absl::ZeroDuration(); }},
      {"max_retry_wait", [](S3Options& o) { o.max_retry_wait = absl::Milliseconds(99); }}};
  for (const Case& c : cases) {
    S3Options options = Good();
    c.spoil(options);
    const absl::Status status = CheckOptions(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_NE(std::string(status.message()).find(std::string("S3Options::") + c.name),
              std::string::npos)
        << status;
  }
}

}  // namespace
}  // namespace vecdb::s3
