#ifndef VECDB_SUPPORT_FORKED_CHILD_H_
#define VECDB_SUPPORT_FORKED_CHILD_H_

#include <sys/types.h>

#include <functional>

#include "absl/status/status.h"

namespace vecdb::support {

/// Runs `body` in a forked child, in which it may change limits, signals and the user, and gives
/// the code of what it returned. The child leaves by _exit: no destructor but those within `body`
/// runs. A child that dies otherwise fails the test and gives kInternal. Only for tests that have
/// started no thread.
absl::StatusCode CodeInChild(const std::function<absl::Status()>& body);

/// A forked child that does nothing, and so holds its copies of the descriptors that are open now
/// until this is destroyed. Only for tests that have started no thread.
class IdleChild {
 public:
  IdleChild();
  ~IdleChild();

  IdleChild(const IdleChild&) = delete;
  IdleChild& operator=(const IdleChild&) = delete;

 private:
  pid_t process_ = -1;
  int end_ = -1;  // of a pipe: closing it ends the child
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FORKED_CHILD_H_
