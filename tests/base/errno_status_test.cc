#include "base/errno_status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace vecdb::base {
namespace {

TEST(ErrnoStatusTest, EachErrorHasTheCodeThatFileSystemPromises) {
  using absl::StatusCode;
  struct Case {
    int error;
    StatusCode code;
  };
  for (const Case& c : {Case{ENOENT, StatusCode::kNotFound},
                        Case{EEXIST, StatusCode::kAlreadyExists},
                        Case{EACCES, StatusCode::kPermissionDenied},
                        Case{EPERM, StatusCode::kPermissionDenied},
                        Case{EROFS, StatusCode::kPermissionDenied},
                        Case{ENOSPC, StatusCode::kResourceExhausted},
                        Case{EDQUOT, StatusCode::kResourceExhausted},
                        Case{EFBIG, StatusCode::kResourceExhausted},
                        Case{EMFILE, StatusCode::kResourceExhausted},
                        Case{ENFILE, StatusCode::kResourceExhausted},
                        Case{ENOMEM, StatusCode::kResourceExhausted},
                        Case{EMLINK, StatusCode::kResourceExhausted},
                        Case{ENOTDIR, StatusCode::kFailedPrecondition},
                        Case{EISDIR, StatusCode::kFailedPrecondition},
                        Case{ENOTEMPTY, StatusCode::kFailedPrecondition},
                        Case{ELOOP, StatusCode::kFailedPrecondition},
                        Case{EXDEV, StatusCode::kFailedPrecondition},
                        Case{ENAMETOOLONG, StatusCode::kInvalidArgument},
                        Case{EIO, StatusCode::kUnknown},
                        Case{EINVAL, StatusCode::kUnknown},
                        Case{99999, StatusCode::kUnknown}}) {
    EXPECT_EQ(ErrnoStatus(c.error, "open", "/p").code(), c.code) << c.error;
  }
}

TEST(ErrnoStatusTest, MessageSaysWhatFailedOnWhatAndWhy) {
  EXPECT_EQ(ErrnoStatus(ENOENT, "open", "/data/x").message(),
            "cannot open '/data/x': No such file or directory");
}

}  // namespace
}  // namespace vecdb::base
