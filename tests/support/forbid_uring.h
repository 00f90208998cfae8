#ifndef VECDB_SUPPORT_FORBID_URING_H_
#define VECDB_SUPPORT_FORBID_URING_H_

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "absl/status/status.h"

namespace vecdb::support {

/// From now on the system refuses io_uring to this process, as container engines make it do, by a
/// filter of system calls; for a forked child. Unimplemented where there are no such filters.
inline absl::Status ForbidUring() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = sizeof(steps) / sizeof(steps[0]), .filter = steps};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
    return absl::UnimplementedError("the system has no filters of calls");
  }
  return absl::OkStatus();
}

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FORBID_URING_H_
