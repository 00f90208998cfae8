#ifndef VECDB_INDEX_WALK_SCRATCH_H_
#define VECDB_INDEX_WALK_SCRATCH_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "base/loan_pool.h"
#include "index/candidate_pool.h"
#include "index/top_rows.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// Which nodes a walk has met: one byte a node, which holds the number of the walk, so that a new
/// walk need not clear the array but once in 255. For one thread at a time.
class VisitedMarks {
 public:
  static absl::StatusOr<VisitedMarks> Make(uint32_t num_nodes, const Host& host);

  /// Forgets all marks.
  void Clear() {
    if (++walk_ != 0) return;
    std::memset(marks_.data(), 0, marks_.size());
    walk_ = 1;
  }

  /// The marks and the value that means "met", for the inner loop of a walk.
  uint8_t* data() { return reinterpret_cast<uint8_t*>(marks_.data()); }
  uint8_t walk() const { return walk_; }

 private:
  base::LargeBuffer marks_;
  uint8_t walk_ = 0;
};

/// What one walk at a time needs beside the graph; kept between walks, so that none allocates.
struct WalkScratch {
  explicit WalkScratch(VisitedMarks marks) : visited(std::move(marks)) {}

  /// Makes room for `count` nodes in the arrays of a step.
  void Reserve(size_t count) {
    if (nodes.size() >= count) return;
    nodes.resize(count);
    rows.resize(count);
    distances.resize(count);
  }

  VisitedMarks visited;
  uint32_t left_out = kNoRow;  // a row that walks of level 0 are not to pass
  CandidatePool pool;
  std::vector<uint32_t> nodes;   // met for the first time in this step
  std::vector<uint32_t> rows;    // their rows
  std::vector<float> distances;  // of them
  TopRows top;
};

/// Lends scratch to searches; makes more when more search at the same time. Thread-safe.
class WalkScratchPool {
 public:
  WalkScratchPool(uint32_t num_nodes, const Host& host) : num_nodes_(num_nodes), host_(host) {}

  using Loan = base::LoanPool<WalkScratch>::Loan;

  /// ResourceExhausted over the budget.
  absl::StatusOr<Loan> Borrow();

 private:
  const uint32_t num_nodes_;
  const Host host_;
  base::LoanPool<WalkScratch> pool_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_WALK_SCRATCH_H_
