#include "s3/check_options.h"

#include <algorithm>
#include <string_view>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::s3 {
namespace {

constexpr size_t kMaxRegionNameBytes = 64;
constexpr size_t kMaxHostPortBytes = 300;

absl::Status CheckNumber(std::string_view name, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("S3Options::%s is %d, and %d to %d is allowed", name, value, least, most));
}

absl::Status CheckInt(std::string_view name, int value, int least, int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("S3Options::%s is %d, and %d to %d is allowed", name, value, least, most));
}

absl::Status CheckDuration(std::string_view name, absl::Duration value, absl::Duration least) {
  constexpr absl::Duration kMost = absl::Hours(24);
  if (value >= least && value <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat(
      "S3Options::%s is %s, and %s to %s is allowed", name, absl::FormatDuration(value),
      absl::FormatDuration(least), absl::FormatDuration(kMost)));
}

absl::Status CheckRegion(std::string_view region) {
  const bool fits = std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (fits && !region.empty() && region.size() <= kMaxRegionNameBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("S3Options::region is to be 1 to %d of [A-Za-z0-9_-]; it has %d bytes",
                      kMaxRegionNameBytes, region.size()));
}

// These may hold a password: messages do not repeat them.
absl::Status CheckPrintable(std::string_view name, std::string_view text) {
  const bool fits =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (fits && text.size() <= kMaxHostPortBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("S3Options::%s is to be at most %d visible signs of ASCII; it has %d bytes",
                      name, kMaxHostPortBytes, text.size()));
}

}  // namespace

absl::Status CheckOptions(const S3Options& options) {
  if (options.credentials == nullptr) {
    return absl::InvalidArgumentError(
        "S3Options::credentials is not set: see EnvironmentS3Credentials, StaticS3Credentials and "
        "CallbackS3Credentials");
  }
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  VECDB_RETURN_IF_ERROR(CheckRegion(options.region));
  VECDB_RETURN_IF_ERROR(CheckPrintable("proxy", options.proxy));
  VECDB_RETURN_IF_ERROR(CheckPrintable("connect_to", options.connect_to));
  VECDB_RETURN_IF_ERROR(CheckNumber("part_bytes", options.part_bytes, 5 * kMiB, 1024 * kMiB));
  VECDB_RETURN_IF_ERROR(CheckInt("parallel_parts", options.parallel_parts, 1, 64));
  VECDB_RETURN_IF_ERROR(CheckInt("max_connections", options.max_connections, 1, 1024));
  VECDB_RETURN_IF_ERROR(CheckNumber("open_bytes", options.open_bytes, 1, 8 * kMiB));
  const absl::Duration least = absl::Milliseconds(1);
  VECDB_RETURN_IF_ERROR(CheckDuration("connect_timeout", options.connect_timeout, least));
  VECDB_RETURN_IF_ERROR(CheckDuration("stall_timeout", options.stall_timeout, least));
  VECDB_RETURN_IF_ERROR(CheckDuration("retry_for", options.retry_for, absl::ZeroDuration()));
  VECDB_RETURN_IF_ERROR(CheckDuration("retry_wait", options.retry_wait, least));
  return CheckDuration("max_retry_wait", options.max_retry_wait, options.retry_wait);
}

}  // namespace vecdb::s3
