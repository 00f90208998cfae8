#include "s3/address.h"

#include <algorithm>
#include <charconv>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::s3 {
namespace {

constexpr size_t kMaxPrefixBytes = 256;
constexpr size_t kMaxBucketBytes = 63;
constexpr size_t kMaxHostBytes = 253;

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool AllAreAlnumOr(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return IsAlnum(c) || others.find(c) != others.npos; });
}

// -1 for a character that is no hexadecimal digit.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Endpoint {
  std::string_view scheme;  // with "://"
  std::string_view host;    // with its port
};

// An address may carry a password: the message does not repeat it.
absl::Status BadEndpoint(std::string_view why) {
  return absl::InvalidArgumentError(base::StrFormat(
      "S3Options::endpoint is to be \"https://host\" or \"http://host:port\": %s", why));
}

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

// "[::1]" or a name, and ":port" or nothing.
bool IsHost(std::string_view text) {
  std::string_view name = text;
  size_t colon = text.rfind(':');
  if (text.ends_with(']')) colon = text.npos;
  if (colon != text.npos) {
    if (!IsPort(text.substr(colon + 1))) return false;
    name = text.substr(0, colon);
  }
  if (name.empty() || name.size() > kMaxHostBytes) return false;
  if (name.front() == '[') {
    return name.size() > 2 && name.back() == ']' &&
           AllAreAlnumOr(name.substr(1, name.size() - 2), ":.");
  }
  return IsAlnum(name.front()) && AllAreAlnumOr(name, ".-_");
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  Endpoint endpoint;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) endpoint.scheme = scheme;
  }
  if (endpoint.scheme.empty()) return BadEndpoint("it begins with neither");
  endpoint.host = text.substr(endpoint.scheme.size());
  if (endpoint.host.ends_with('/')) endpoint.host.remove_suffix(1);
  if (!IsHost(endpoint.host)) {
    return BadEndpoint("what follows the scheme is no host with or without a port");
  }
  return endpoint;
}

absl::Status CheckBucket(std::string_view bucket) {
  if (!bucket.empty() && bucket.size() <= kMaxBucketBytes && IsAlnum(bucket.front()) &&
      AllAreAlnumOr(bucket, ".-_")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(base::StrFormat(
      "S3Options::bucket is to be 1 to %d of [A-Za-z0-9._-], beginning with a letter or digit; it "
      "has %d bytes",
      kMaxBucketBytes, bucket.size()));
}

absl::Status CheckPrefix(std::string_view prefix) {
  if (prefix.size() > kMaxPrefixBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("S3Options::prefix has %d bytes, and at most %d are allowed", prefix.size(),
                        kMaxPrefixBytes));
  }
  if (prefix.empty()) return absl::OkStatus();
  const auto path = ObjectPath::Parse(prefix);
  if (path.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("S3Options::prefix: %s", std::string(path.status().message())));
}

}  // namespace

std::string PercentEncode(std::string_view text, bool keep_slash) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsAlnum(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
        (keep_slash && c == '/')) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

absl::StatusOr<Address> Address::Make(const S3Options& options) {
  VECDB_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(options.endpoint));
  VECDB_RETURN_IF_ERROR(CheckBucket(options.bucket));
  VECDB_RETURN_IF_ERROR(CheckPrefix(options.prefix));
  Address address;
  const std::string scheme(endpoint.scheme);
  const std::string host(endpoint.host);
  const bool is_path = options.addressing == S3Addressing::kPath;
  address.base_ = is_path ? scheme + host + "/" + options.bucket + "/"
                          : scheme + options.bucket + "." + host + "/";
  address.bucket_url_ = is_path ? scheme + host + "/" + options.bucket : address.base_;
  if (!options.prefix.empty()) address.key_prefix_ = options.prefix + "/";
  address.name_ = base::StrFormat("bucket '%s' at %s", options.bucket, host);
  return address;
}

std::string Address::UrlOf(const ObjectPath& path, std::string_view query) const {
  std::string url = base_ + PercentEncode(KeyOf(path), true);
  if (!query.empty()) url += "?" + std::string(query);
  return url;
}

std::string Address::BucketUrl(std::string_view query) const {
  return bucket_url_ + "?" + std::string(query);
}

absl::StatusOr<ObjectPath> Address::PathOf(std::string_view key) const {
  if (!key.starts_with(key_prefix_)) {
    return absl::InvalidArgumentError("the key does not begin with the prefix of the store");
  }
  return ObjectPath::Parse(key.substr(key_prefix_.size()));
}

}  // namespace vecdb::s3
