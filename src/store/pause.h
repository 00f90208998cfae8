#ifndef VECDB_STORE_PAUSE_H_
#define VECDB_STORE_PAUSE_H_

#include <algorithm>
#include <chrono>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "vecdb/context.h"

namespace vecdb::store {

/// Whether an error says that a context has stopped the call, and nothing about what it was for.
inline bool IsOfContext(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

/// Waits before something is tried again that tells nobody when it is worth it. What the context
/// says then.
inline absl::Status Pause(const Context& context, std::chrono::milliseconds duration) {
  base::Mutex mutex;
  base::CondVar never;
  base::MutexLock lock(&mutex);
  never.WaitUntil(&mutex, std::min(context.deadline, std::chrono::steady_clock::now() + duration));
  return context.Check();
}

}  // namespace vecdb::store

#endif  // VECDB_STORE_PAUSE_H_
