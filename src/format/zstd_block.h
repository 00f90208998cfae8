#ifndef VECDB_FORMAT_ZSTD_BLOCK_H_
#define VECDB_FORMAT_ZSTD_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb::format {

/// What claims to unfold further is no block.
inline constexpr uint64_t kMaxZstdRatio = 1000;

/// `bytes` as one zstd frame of level 1, or nullopt when that saves less than an eighth.
std::optional<std::string> CompressBlock(std::string_view bytes);

/// The `raw_bytes` bytes that CompressBlock was given. DataLoss when `block` is no such frame,
/// holds another number of bytes, or claims to unfold more than kMaxZstdRatio-fold. The caller has
/// held `raw_bytes` to a limit.
absl::StatusOr<std::string> DecompressBlock(std::span<const std::byte> block, uint64_t raw_bytes);

/// The same into `raw`.
absl::Status DecompressBlock(std::span<const std::byte> block, std::span<std::byte> raw);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_ZSTD_BLOCK_H_
