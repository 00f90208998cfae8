#ifndef VECDB_STORE_THREAD_READ_QUEUE_H_
#define VECDB_STORE_THREAD_READ_QUEUE_H_

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

/// A ReadQueue over ObjectReader::ReadAt, called from threads of host.executor. Whoever waits for a
/// read that nobody has begun does it, so that an executor which is busy, or none, makes it slower
/// and never stuck. A read that was begun and is no longer wanted ends in memory that it shares.
class ThreadReadQueue final : public ReadQueue {
 public:
  static absl::StatusOr<std::unique_ptr<ReadQueue>> Make(std::shared_ptr<const ObjectReader> object,
                                                         size_t slots, size_t bytes,
                                                         const Host& host);
  ~ThreadReadQueue() override;

  void Start(size_t slot, uint64_t offset) override;
  absl::Status Submit() override;
  absl::Status Wait(size_t slot, const Context& context) override;
  const std::byte* buffer(size_t slot) override;

 private:
  struct State;

  ThreadReadQueue(std::shared_ptr<State> state, Executor* executor);

  const std::shared_ptr<State> state_;
  Executor* const executor_;
  size_t num_started_ = 0;  // since the last Submit
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_THREAD_READ_QUEUE_H_
