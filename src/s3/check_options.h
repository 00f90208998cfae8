#ifndef VECDB_S3_CHECK_OPTIONS_H_
#define VECDB_S3_CHECK_OPTIONS_H_

#include "absl/status/status.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {

/// InvalidArgument, with the option, its value and what is allowed. Endpoint, bucket and prefix are
/// looked at by Address::Make.
absl::Status CheckOptions(const S3Options& options);

}  // namespace vecdb::s3

#endif  // VECDB_S3_CHECK_OPTIONS_H_
