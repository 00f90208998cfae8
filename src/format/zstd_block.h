#ifndef VECDB_FORMAT_ZSTD_BLOCK_H_
#define VECDB_FORMAT_ZSTD_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vecdb::format {

/// `bytes` as one zstd frame of level 1, or nullopt when that saves less than an eighth.
std::optional<std::string> CompressBlock(std::string_view bytes);

/// The `raw_bytes` bytes that CompressBlock was given. DataLoss when `block` is no such frame,
/// holds another number of bytes, or claims to unfold more than a thousandfold. The caller has held
/// `raw_bytes` to a limit.
absl::StatusOr<std::string> DecompressBlock(std::span<const std::byte> block, uint64_t raw_bytes);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_ZSTD_BLOCK_H_
