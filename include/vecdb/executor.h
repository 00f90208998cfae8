#ifndef VECDB_EXECUTOR_H_
#define VECDB_EXECUTOR_H_

#include <functional>
#include <memory>

namespace vecdb {

/// What a task is for, most urgent first.
enum class Priority { kSearch, kFlush, kBackground };

/// Runs the tasks of the library. A host that owns its threads implements this and hands it in.
///
/// The library never waits for a task that has not begun: whoever needs work done takes part in it,
/// so an executor of one thread, of none, or one that is busy for ever makes calls slower, never
/// stuck. Implementations must be thread-safe.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Runs `task` once, later, on some thread; never inside this call. An executor that is shutting
  /// down may drop tasks unrun. Tasks do not throw.
  virtual void Schedule(Priority priority, std::function<void()> task) = 0;

  /// How many tasks can run at the same time; 0 when tasks run only if the host drives them.
  /// Parallel work is cut into at most this many strands, the calling thread being one of them.
  virtual int num_threads() const = 0;
};

/// Makes the library's own executor: `num_threads` joinable threads (1 to 1024) which take the most
/// urgent task first. Destroying it drops the tasks that have not begun, finishes those that have,
/// and joins every thread.
std::unique_ptr<Executor> MakeThreadPool(int num_threads);

}  // namespace vecdb

#endif  // VECDB_EXECUTOR_H_
