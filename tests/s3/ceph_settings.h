#ifndef VECDB_TESTS_S3_CEPH_SETTINGS_H_
#define VECDB_TESTS_S3_CEPH_SETTINGS_H_

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/random_id.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {

inline std::string CephSetting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The bucket that tests/support/ceph_rgw.sh tells of in the environment. With the same prefix
/// another process, or another store of this one, sees the same objects.
inline S3Options CephOptions(const std::string& prefix = base::RandomId()) {
  return {.endpoint = CephSetting("VECDB_S3_ENDPOINT"),
          .bucket = CephSetting("VECDB_S3_BUCKET"),
          .prefix = prefix,
          .credentials = StaticS3Credentials(
              {.access_key_id = CephSetting("VECDB_S3_ACCESS_KEY"),
               .secret_access_key = Secret(CephSetting("VECDB_S3_SECRET_KEY"))}),
          .part_bytes = uint64_t{5} << 20,
          .retry_for = absl::Seconds(20),
          .retry_wait = absl::Milliseconds(5),
          .max_retry_wait = absl::Milliseconds(50)};
}

/// What is below a prefix of that bucket.
inline absl::StatusOr<std::shared_ptr<ObjectStore>> OpenCephPrefix(const std::string& prefix) {
  auto store = OpenS3ObjectStore(CephOptions(prefix));
  if (!store.ok()) return store.status();
  return *std::move(store);
}

}  // namespace vecdb::s3

#endif  // VECDB_TESTS_S3_CEPH_SETTINGS_H_
