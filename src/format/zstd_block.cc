#include "format/zstd_block.h"

#include <zstd.h>

#include "absl/strings/str_format.h"

namespace vecdb::format {
namespace {

constexpr int kLevel = 1;
constexpr uint64_t kMaxRatio = 1000;

}  // namespace

std::optional<std::string> CompressBlock(std::string_view bytes) {
  std::string block(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(block.data(), block.size(), bytes.data(), bytes.size(), kLevel);
  // What would unfold more than DecompressBlock allows is not compressed.
  if (ZSTD_isError(size) != 0 || size > bytes.size() - bytes.size() / 8 ||
      bytes.size() / kMaxRatio > size) {
    return std::nullopt;
  }
  block.resize(size);
  return block;
}

absl::StatusOr<std::string> DecompressBlock(std::span<const std::byte> block, uint64_t raw_bytes) {
  if (raw_bytes / kMaxRatio > block.size() ||
      ZSTD_getFrameContentSize(block.data(), block.size()) != raw_bytes) {
    return absl::DataLossError(
        absl::StrFormat("a zstd block of %d bytes does not hold %d", block.size(), raw_bytes));
  }
  std::string raw(raw_bytes, '\0');
  const size_t size = ZSTD_decompress(raw.data(), raw.size(), block.data(), block.size());
  if (ZSTD_isError(size) != 0 || size != raw_bytes) {
    return absl::DataLossError(
        absl::StrFormat("a zstd block of %d bytes is damaged", block.size()));
  }
  return raw;
}

}  // namespace vecdb::format
