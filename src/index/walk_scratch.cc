#include "index/walk_scratch.h"

#include <optional>

#include "base/status_macros.h"

namespace vecdb::index {

absl::StatusOr<VisitedMarks> VisitedMarks::Make(uint32_t num_nodes, const Host& host) {
  VisitedMarks visited;
  VECDB_ASSIGN_OR_RETURN(
      visited.marks_,
      base::LargeBuffer::Make(num_nodes, host, "marks of a graph search", MemoryUse::kQueries));
  if (num_nodes > 0) std::memset(visited.marks_.data(), 0, visited.marks_.size());
  return visited;
}

absl::StatusOr<WalkScratchPool::Loan> WalkScratchPool::Borrow() {
  if (std::optional<Loan> free = pool_.BorrowFree()) return *std::move(free);
  VECDB_ASSIGN_OR_RETURN(VisitedMarks marks, VisitedMarks::Make(num_nodes_, host_));
  return pool_.Lend(std::make_unique<WalkScratch>(std::move(marks)));
}

}  // namespace vecdb::index
