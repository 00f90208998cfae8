#include "s3/digest.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace vecdb::s3 {
namespace {

// The raw bytes of a digest; empty when OpenSSL refuses it.
std::string DigestOf(const EVP_MD* kind, std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) != 1) return "";
  return std::string(digest.begin(), digest.begin() + size);
}

}  // namespace

absl::StatusOr<std::string> Sha256Hex(std::span<const std::byte> bytes) {
  const std::string digest = DigestOf(EVP_sha256(), bytes);
  if (digest.empty()) return absl::InternalError("OpenSSL computes no SHA-256");
  return std::string(absl::BytesToHexString(digest));
}

absl::StatusOr<std::string> Md5Base64(std::span<const std::byte> bytes) {
  const std::string digest = DigestOf(EVP_md5(), bytes);
  if (digest.empty()) return absl::FailedPreconditionError("OpenSSL allows no MD5 here");
  return std::string(absl::Base64Escape(digest));
}

}  // namespace vecdb::s3
