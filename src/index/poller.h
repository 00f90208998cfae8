#ifndef VECDB_INDEX_POLLER_H_
#define VECDB_INDEX_POLLER_H_

#include <cstddef>

#include "absl/status/status.h"
#include "vecdb/context.h"

namespace vecdb::index {

/// Looks at a context once in 4 MiB of rows read, a fraction of a millisecond, so that a search can
/// afford to ask at every step. Borrows the context. For one thread at a time.
class Poller {
 public:
  Poller(const Context& context, int dim) : context_(context), dim_(static_cast<size_t>(dim)) {}

  /// Says that `rows` rows are about to be read.
  absl::Status Read(size_t rows) {
    floats_ += rows * dim_;
    if (floats_ < kFloats) return absl::OkStatus();
    floats_ = 0;
    return context_.Check();
  }

 private:
  static constexpr size_t kFloats = 1 << 20;

  const Context& context_;
  const size_t dim_;
  size_t floats_ = 0;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_POLLER_H_
