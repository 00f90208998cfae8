#include "data/input_file.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"

namespace vecdb::bench {

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream stream(path, std::ios::binary);
  if (error || !stream) return absl::NotFoundError(absl::StrFormat("%s cannot be read", path));
  return InputFile(path, std::move(stream), size);
}

absl::Status InputFile::Read(void* out, uint64_t num_bytes) {
  if (num_bytes > bytes_left() ||
      !stream_.read(static_cast<char*>(out), static_cast<std::streamsize>(num_bytes))) {
    return Damaged(absl::StrFormat("%d bytes are wanted at offset %d, it has %d in all", num_bytes,
                                   offset_, size_));
  }
  offset_ += num_bytes;
  return absl::OkStatus();
}

absl::Status InputFile::ExpectBytesLeft(uint64_t num_bytes, std::string_view what) const {
  if (bytes_left() == num_bytes) return absl::OkStatus();
  return Damaged(absl::StrFormat("%s need %d bytes after the header, it has %d", what, num_bytes,
                                 bytes_left()));
}

absl::Status InputFile::Damaged(std::string_view message) const {
  return absl::DataLossError(absl::StrFormat("%s: %s", path_, message));
}

}  // namespace vecdb::bench
