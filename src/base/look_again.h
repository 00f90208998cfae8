#ifndef VECDB_BASE_LOOK_AGAIN_H_
#define VECDB_BASE_LOOK_AGAIN_H_

#include <algorithm>
#include <chrono>

#include "vecdb/context.h"

namespace vecdb::base {

/// Until when to wait on a condition variable before `context` is looked at again: a cancel signals
/// none.
inline std::chrono::steady_clock::time_point LookAgain(const Context& context) {
  return std::min(context.deadline,
                  std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
}

}  // namespace vecdb::base

#endif  // VECDB_BASE_LOOK_AGAIN_H_
