#include "store/uring_read_queue.h"

#include <liburing.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::store {
namespace {

// Between two looks at the context.
constexpr long long kWaitNanoseconds = 1000000;

}  // namespace

struct UringReadQueue::Ring {
  struct Slot {
    uint64_t offset = 0;
    bool is_done = true;
    int result = 0;
  };

  ~Ring() {
    // The system writes to the buffers for as long as reads are under way.
    while (is_made && num_under_way > 0) {
      if (Take(/*waits=*/true) < 0) break;
    }
    if (is_made) io_uring_queue_exit(&ring);
  }

  // Notes the reads that have ended; waits a while for one when none has and `waits`. 0, or the
  // negated errno of what is wrong with the ring.
  int Take(bool waits) {
    io_uring_cqe* entry = nullptr;
    int result = io_uring_peek_cqe(&ring, &entry);
    if (result == -EAGAIN && waits) {
      __kernel_timespec timeout{.tv_sec = 0, .tv_nsec = kWaitNanoseconds};
      result = io_uring_wait_cqe_timeout(&ring, &entry, &timeout);
    }
    while (result == 0 && entry != nullptr) {
      Slot& slot = slots[static_cast<size_t>(io_uring_cqe_get_data64(entry))];
      slot.is_done = true;
      slot.result = entry->res;
      --num_under_way;
      io_uring_cqe_seen(&ring, entry);
      result = io_uring_peek_cqe(&ring, &entry);
    }
    const bool is_fine = result == 0 || result == -EAGAIN || result == -ETIME || result == -EINTR;
    return is_fine ? 0 : result;
  }

  io_uring ring{};
  bool is_made = false;
  int descriptor = -1;
  std::shared_ptr<const ObjectReader> object;
  PageBuffers buffers;
  std::vector<Slot> slots;
  size_t num_under_way = 0;
};

UringReadQueue::UringReadQueue(std::unique_ptr<Ring> ring) : ring_(std::move(ring)) {}

UringReadQueue::~UringReadQueue() = default;

absl::StatusOr<std::unique_ptr<ReadQueue>> UringReadQueue::Make(
    int descriptor, std::shared_ptr<const ObjectReader> object, size_t slots, size_t bytes,
    const Host& host) {
  auto ring = std::make_unique<Ring>();
  ring->descriptor = descriptor;
  ring->object = std::move(object);
  ring->slots.resize(slots);
  VECDB_ASSIGN_OR_RETURN(ring->buffers, PageBuffers::Make(slots, bytes, host));
  const int result = io_uring_queue_init(static_cast<unsigned>(slots), &ring->ring, 0);
  if (result < 0) {
    return absl::UnimplementedError(base::StrFormat(
        "io_uring: %s", std::string(base::ErrnoStatus(-result, "set up", "a ring").message())));
  }
  ring->is_made = true;
  return std::unique_ptr<ReadQueue>(new UringReadQueue(std::move(ring)));
}

// The ring has as many entries as there are slots, so that there is always one.
void UringReadQueue::Start(size_t slot, uint64_t offset) {
  Ring::Slot& read = ring_->slots[slot];
  read.offset = offset;
  read.is_done = false;
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_->ring);
  io_uring_prep_read(entry, ring_->descriptor, ring_->buffers.at(slot),
                     static_cast<unsigned>(ring_->buffers.bytes()), offset);
  io_uring_sqe_set_data64(entry, slot);
}

absl::Status UringReadQueue::Submit() {
  while (io_uring_sq_ready(&ring_->ring) > 0) {
    const int result = io_uring_submit(&ring_->ring);
    if (result > 0) ring_->num_under_way += static_cast<size_t>(result);
    if (result == -EINTR || result == -EAGAIN || result == -EBUSY) continue;
    if (result <= 0) return base::ErrnoStatus(result == 0 ? EIO : -result, "submit to", "a ring");
  }
  return absl::OkStatus();
}

absl::Status UringReadQueue::Wait(size_t slot, const Context& context) {
  Ring::Slot& read = ring_->slots[slot];
  bool waits = false;
  while (!read.is_done) {
    const int result = ring_->Take(waits);
    if (result < 0) return base::ErrnoStatus(-result, "wait for", "a ring");
    if (waits || read.is_done) VECDB_RETURN_IF_ERROR(context.Check());
    waits = true;
  }
  const size_t bytes = ring_->buffers.bytes();
  if (read.result >= 0 && static_cast<size_t>(read.result) == bytes) return absl::OkStatus();
  return ring_->object->ReadAt(read.offset, {ring_->buffers.at(slot), bytes}, context);
}

const std::byte* UringReadQueue::buffer(size_t slot) { return ring_->buffers.at(slot); }

}  // namespace vecdb::store
