#ifndef VECDB_BENCHMARKS_BUCKET_BUCKET_H_
#define VECDB_BENCHMARKS_BUCKET_BUCKET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/s3.h"

namespace vecdb::bench {

/// The bucket that is measured, and a prefix in it that nobody else has.
struct Bucket {
  std::string endpoint;
  std::string name;
  std::string access_key;
  std::string secret_key;
  std::string prefix;

  /// The address of an object, for other programs.
  std::string UrlOf(const std::string& path) const;
};

/// As VECDB_S3_ENDPOINT, VECDB_S3_BUCKET, VECDB_S3_ACCESS_KEY and VECDB_S3_SECRET_KEY say;
/// tests/support/ceph_rgw.sh sets them. FailedPrecondition, naming it, when one is missing.
absl::StatusOr<Bucket> BucketOfEnvironment();

/// A new store, which has asked for nothing yet but its probe. Options are the default ones.
absl::StatusOr<std::shared_ptr<S3ObjectStore>> OpenBucket(const Bucket& bucket,
                                                          S3Writes writes = S3Writes::kProve);

/// What benchmarks have put there: a database, and objects whose names begin with "objects/".
absl::StatusOr<std::vector<ObjectInfo>> ListBucket(S3ObjectStore& store);

/// Removes all that ListBucket finds.
absl::Status EmptyBucket(S3ObjectStore& store);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_BUCKET_BUCKET_H_
