#ifndef VECDB_INDEX_POLLER_H_
#define VECDB_INDEX_POLLER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "vecdb/context.h"

namespace vecdb::index {

/// Looks at a context once in 4 MiB of rows read, a fraction of a millisecond, so that a search can
/// afford to ask at every step; counts what was read. Borrows the context. For one thread at a
/// time.
class Poller {
 public:
  Poller(const Context& context, int dim) : context_(context), dim_(static_cast<size_t>(dim)) {}

  /// Says that the links of `nodes` nodes were followed and that `rows` rows are about to be read.
  absl::Status Read(size_t rows, size_t nodes = 1) {
    rows_ += rows;
    nodes_ += nodes;
    floats_ += rows * dim_ + nodes * kFloatsPerNode;
    if (floats_ < kFloats) return absl::OkStatus();
    floats_ = 0;
    return context_.Check();
  }

  /// Says that work is about to be done that takes as long as reading so many floats.
  absl::Status Spend(size_t floats) {
    floats_ += floats;
    return Read(0, 0);
  }

  /// The sums so far.
  uint64_t rows() const { return rows_; }
  uint64_t nodes() const { return nodes_; }

 private:
  static constexpr size_t kFloats = 1 << 20;
  static constexpr size_t kFloatsPerNode = 384;  // read in the time that a list of links takes

  const Context& context_;
  const size_t dim_;
  size_t floats_ = 0;
  uint64_t rows_ = 0;
  uint64_t nodes_ = 0;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_POLLER_H_
