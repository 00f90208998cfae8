#include "index/walk_scratch.h"

#include "base/status_macros.h"

namespace vecdb::index {

absl::StatusOr<VisitedMarks> VisitedMarks::Make(uint32_t num_nodes, const Host& host) {
  VisitedMarks visited;
  VECDB_ASSIGN_OR_RETURN(visited.marks_,
                         base::LargeBuffer::Make(num_nodes, host, "marks of a graph search"));
  if (num_nodes > 0) std::memset(visited.marks_.data(), 0, visited.marks_.size());
  return visited;
}

absl::StatusOr<WalkScratchPool::Loan> WalkScratchPool::Borrow() {
  {
    base::MutexLock lock(&mutex_);
    if (!free_.empty()) {
      std::unique_ptr<WalkScratch> scratch = std::move(free_.back());
      free_.pop_back();
      return Loan(this, std::move(scratch));
    }
  }
  VECDB_ASSIGN_OR_RETURN(VisitedMarks marks, VisitedMarks::Make(num_nodes_, host_));
  return Loan(this, std::make_unique<WalkScratch>(std::move(marks)));
}

void WalkScratchPool::GiveBack(std::unique_ptr<WalkScratch> scratch) {
  base::MutexLock lock(&mutex_);
  free_.push_back(std::move(scratch));
}

}  // namespace vecdb::index
