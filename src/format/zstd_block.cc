#include "format/zstd_block.h"

#include <zstd.h>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::format {
namespace {

constexpr int kLevel = 1;

}  // namespace

std::optional<std::string> CompressBlock(std::string_view bytes) {
  std::string block(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(block.data(), block.size(), bytes.data(), bytes.size(), kLevel);
  // What would unfold more than DecompressBlock allows is not compressed.
  if (ZSTD_isError(size) != 0 || size > bytes.size() - bytes.size() / 8 ||
      bytes.size() / kMaxZstdRatio > size) {
    return std::nullopt;
  }
  block.resize(size);
  return block;
}

namespace {

// Before memory for what it holds is taken.
absl::Status CheckFrame(std::span<const std::byte> block, uint64_t raw_bytes) {
  if (raw_bytes / kMaxZstdRatio <= block.size() &&
      ZSTD_getFrameContentSize(block.data(), block.size()) == raw_bytes) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      base::StrFormat("a zstd block of %d bytes does not hold %d", block.size(), raw_bytes));
}

}  // namespace

absl::Status DecompressBlock(std::span<const std::byte> block, std::span<std::byte> raw) {
  VECDB_RETURN_IF_ERROR(CheckFrame(block, raw.size()));
  const size_t size = ZSTD_decompress(raw.data(), raw.size(), block.data(), block.size());
  if (ZSTD_isError(size) != 0 || size != raw.size()) {
    return absl::DataLossError(
        base::StrFormat("a zstd block of %d bytes is damaged", block.size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DecompressBlock(std::span<const std::byte> block, uint64_t raw_bytes) {
  VECDB_RETURN_IF_ERROR(CheckFrame(block, raw_bytes));
  std::string raw(raw_bytes, '\0');
  VECDB_RETURN_IF_ERROR(DecompressBlock(block, std::as_writable_bytes(std::span(raw))));
  return raw;
}

}  // namespace vecdb::format
