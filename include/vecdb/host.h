#ifndef VECDB_HOST_H_
#define VECDB_HOST_H_

#include <memory_resource>

#include "vecdb/clock.h"
#include "vecdb/executor.h"
#include "vecdb/log.h"
#include "vecdb/memory_budget.h"

namespace vecdb {

/// The parts a host program may bring of its own. Each is borrowed and must outlive everything that
/// was opened or built with it; nullptr stands for the default.
struct Host {
  /// Runs background and parallel work. Default: a Database makes a thread pool of its own, one
  /// thread per core; an Index or a Segment works on the calling thread alone.
  Executor* executor = nullptr;
  /// Default: SystemClock().
  const Clock* clock = nullptr;
  /// Default: silence.
  LogSink* log = nullptr;
  /// Where large blocks come from. Default: the system, with huge pages asked for. A resource that
  /// throws std::bad_alloc is understood: the call gets ResourceExhausted.
  std::pmr::memory_resource* memory = nullptr;
  /// What large blocks are counted against. Default: no limit.
  MemoryBudget* budget = nullptr;
};

}  // namespace vecdb

#endif  // VECDB_HOST_H_
