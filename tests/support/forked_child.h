#ifndef VECDB_SUPPORT_FORKED_CHILD_H_
#define VECDB_SUPPORT_FORKED_CHILD_H_

#include <functional>

#include "absl/status/status.h"

namespace vecdb::support {

/// Runs `body` in a forked child, in which it may change limits, signals and the user, and gives
/// the code of what it returned. The child leaves by _exit: no destructor but those within `body`
/// runs. A child that dies otherwise fails the test and gives kInternal. Only for tests that have
/// started no thread.
absl::StatusCode CodeInChild(const std::function<absl::Status()>& body);

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FORKED_CHILD_H_
