#ifndef VECDB_BENCHMARKS_DATA_INPUT_FILE_H_
#define VECDB_BENCHMARKS_DATA_INPUT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb::bench {

/// A file read from front to back. Every message names it. Single-threaded.
class InputFile {
 public:
  /// NotFound when it cannot be opened.
  static absl::StatusOr<InputFile> Open(const std::string& path);

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  uint64_t bytes_left() const { return size_ - offset_; }

  /// Fills `out` with the next bytes; DataLoss when the file ends before.
  absl::Status Read(void* out, uint64_t num_bytes);

  /// Fills an array, vector or span.
  template <typename Range>
  absl::Status ReadInto(Range&& out) {
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(out));
    return Read(bytes.data(), bytes.size());
  }

  /// DataLoss unless exactly so many bytes are left; `what` says what they should be.
  absl::Status ExpectBytesLeft(uint64_t num_bytes, std::string_view what) const;

  /// DataLoss with a message about this file.
  absl::Status Damaged(std::string_view message) const;

 private:
  InputFile(std::string path, std::ifstream stream, uint64_t size)
      : path_(std::move(path)), stream_(std::move(stream)), size_(size) {}

  std::string path_;
  std::ifstream stream_;
  uint64_t size_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_INPUT_FILE_H_
