#ifndef VECDB_S3_PART_BUFFER_H_
#define VECDB_S3_PART_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "base/large_buffer.h"

namespace vecdb::s3 {

/// The bytes of a part that is being filled. Small at first, since most objects are; what outgrows
/// that takes the room of a whole part at once, on huge pages: with small ones the system's work
/// for each of them was half of what an upload cost the client. Movable; for one thread at a time.
class PartBuffer {
 public:
  /// Adds bytes, of which there are no more than `part_bytes` (S3Options) with those that are
  /// there. ResourceExhausted.
  absl::Status Append(std::span<const std::byte> bytes, uint64_t part_bytes);

  /// Forgets the bytes and keeps their room.
  void Clear() { size_ = 0; }

  uint64_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return buffer_.bytes().first(size_); }

 private:
  base::LargeBuffer buffer_;
  size_t size_ = 0;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_PART_BUFFER_H_
