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

IdleChild::IdleChild() {
  int ends[2];
  if (::pipe(ends) != 0) {
    ADD_FAILURE() << "no pipe for a child";
    return;
  }
  process_ = ::fork();
  EXPECT_GE(process_, 0);
  if (process_ == 0) {
    ::close(ends[1]);
    char byte;
    ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  ::close(ends[0]);
  end_ = ends[1];
}

IdleChild::~IdleChild() {
  if (end_ >= 0) ::close(end_);
  if (process_ > 0) {
    EXPECT_EQ(::waitpid(process_, nullptr, 0), process_);
  }
}

}  // namespace vecdb::support
