#ifndef VECDB_STORE_READ_QUEUE_H_
#define VECDB_STORE_READ_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::store {

/// What reads past the cache of the system need: places, lengths and buffers are multiples of this.
inline constexpr size_t kPageBytes = 4096;

/// Buffers of one length each, aligned to kPageBytes. Movable.
class PageBuffers {
 public:
  /// ResourceExhausted over the budget.
  static absl::StatusOr<PageBuffers> Make(size_t count, size_t bytes, const Host& host) {
    PageBuffers buffers;
    auto block = base::LargeBuffer::Make(count * bytes + kPageBytes, host,
                                         "buffers of a search on disk", MemoryUse::kQueries);
    if (!block.ok()) return block.status();
    buffers.block_ = *std::move(block);
    buffers.bytes_ = bytes;
    buffers.count_ = count;
    return buffers;
  }

  PageBuffers() = default;

  std::byte* at(size_t slot) {
    const auto begin = reinterpret_cast<uintptr_t>(block_.data());
    return block_.data() + (kPageBytes - begin % kPageBytes) % kPageBytes + slot * bytes_;
  }
  size_t count() const { return count_; }
  size_t bytes() const { return bytes_; }

 private:
  base::LargeBuffer block_;
  size_t bytes_ = 0;
  size_t count_ = 0;
};

/// Reads of one length that are under way at the same time, each into a buffer of the queue's own,
/// its slot. For one thread at a time.
///
///     queue->Start(0, offset);
///     queue->Start(1, other);
///     VECDB_RETURN_IF_ERROR(queue->Submit());            // both are under way
///     VECDB_RETURN_IF_ERROR(queue->Wait(0, context));    // queue->buffer(0) is filled
class ReadQueue {
 public:
  /// What is still under way is waited for, or left to end by itself in memory of its own.
  virtual ~ReadQueue() = default;

  /// Takes a read from `offset` on, a multiple of kPageBytes, into `slot`, which has none under
  /// way. Nothing happens before Submit.
  virtual void Start(size_t slot, uint64_t offset) = 0;

  /// Hands over all reads that were started since. After an error the queue can only be destroyed.
  virtual absl::Status Submit() = 0;

  /// Waits for the read in `slot`, which was submitted. What the object answers; Cancelled and
  /// DeadlineExceeded, after which, as after every error, the queue can only be destroyed.
  virtual absl::Status Wait(size_t slot, const Context& context) = 0;

  /// What was read into `slot`, until the next Start.
  virtual const std::byte* buffer(size_t slot) = 0;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_READ_QUEUE_H_
