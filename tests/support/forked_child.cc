#include "support/forked_child.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vecdb::support {

absl::StatusCode CodeInChild(const std::function<absl::Status()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(static_cast<int>(body().code()));
  int state = 0;
  if (child < 0 || ::waitpid(child, &state, 0) != child || !WIFEXITED(state)) {
    ADD_FAILURE() << "the child did not come to its end, state " << state;
    return absl::StatusCode::kInternal;
  }
  return static_cast<absl::StatusCode>(WEXITSTATUS(state));
}

}  // namespace vecdb::support
