#ifndef VECDB_STORE_URING_READ_QUEUE_H_
#define VECDB_STORE_URING_READ_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/read_queue.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// A ReadQueue over io_uring: reads of a local file by the system itself, without a thread. A read
/// that the system refuses or cuts short is done again by ObjectReader::ReadAt, whose answer
/// counts.
class UringReadQueue final : public ReadQueue {
 public:
  /// `descriptor` is one of the file that `object` reads. Unimplemented where the system has no
  /// io_uring or does not allow it; ResourceExhausted over the budget.
  static absl::StatusOr<std::unique_ptr<ReadQueue>> Make(int descriptor,
                                                         std::shared_ptr<const ObjectReader> object,
                                                         size_t slots, size_t bytes,
                                                         const Host& host);
  ~UringReadQueue() override;

  void Start(size_t slot, uint64_t offset) override;
  absl::Status Submit() override;
  absl::Status Wait(size_t slot, const Context& context) override;
  const std::byte* buffer(size_t slot) override;

 private:
  struct Ring;

  explicit UringReadQueue(std::unique_ptr<Ring> ring);

  const std::unique_ptr<Ring> ring_;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_URING_READ_QUEUE_H_
