#ifndef VECDB_S3_DIGEST_H_
#define VECDB_S3_DIGEST_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace vecdb::s3 {

/// The SHA-256 of `bytes` in hexadecimal, as x-amz-content-sha256 has it.
absl::StatusOr<std::string> Sha256Hex(std::span<const std::byte> bytes);

/// The MD5 of `bytes` in Base64, as Content-MD5 has it: what S3 asks of a request that deletes many
/// objects. FailedPrecondition where the system allows no MD5.
absl::StatusOr<std::string> Md5Base64(std::span<const std::byte> bytes);

}  // namespace vecdb::s3

#endif  // VECDB_S3_DIGEST_H_
