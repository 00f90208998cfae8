#include "bucket/bucket.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random_id.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

absl::Status ReadSetting(const char* name, std::string* value) {
  const char* found = std::getenv(name);
  if (found == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, " is not set: run this by tests/support/ceph_rgw.sh run DIR, or name a bucket"));
  }
  *value = found;
  return absl::OkStatus();
}

}  // namespace

std::string Bucket::UrlOf(const std::string& path) const {
  return absl::StrCat(endpoint, "/", name, "/", prefix, "/", path);
}

absl::StatusOr<Bucket> BucketOfEnvironment() {
  Bucket bucket;
  VECDB_RETURN_IF_ERROR(ReadSetting("VECDB_S3_ENDPOINT", &bucket.endpoint));
  VECDB_RETURN_IF_ERROR(ReadSetting("VECDB_S3_BUCKET", &bucket.name));
  VECDB_RETURN_IF_ERROR(ReadSetting("VECDB_S3_ACCESS_KEY", &bucket.access_key));
  VECDB_RETURN_IF_ERROR(ReadSetting("VECDB_S3_SECRET_KEY", &bucket.secret_key));
  bucket.prefix = base::RandomId();
  return bucket;
}

absl::StatusOr<std::shared_ptr<S3ObjectStore>> OpenBucket(const Bucket& bucket, S3Writes writes) {
  return OpenS3ObjectStore(
      {.endpoint = bucket.endpoint,
       .bucket = bucket.name,
       .prefix = bucket.prefix,
       .credentials = StaticS3Credentials(
           {.access_key_id = bucket.access_key, .secret_access_key = Secret(bucket.secret_key)}),
       .writes = writes});
}

absl::StatusOr<std::vector<ObjectInfo>> ListBucket(S3ObjectStore& store) {
  std::vector<ObjectInfo> all;
  for (const std::string_view top : {"catalog", "collections", "objects"}) {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse(top));
    VECDB_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> some, store.List(path));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

absl::Status EmptyBucket(S3ObjectStore& store) {
  VECDB_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> objects, ListBucket(store));
  std::vector<ObjectPath> paths;
  for (const ObjectInfo& object : objects) paths.push_back(object.path);
  return store.DeleteAll(paths);
}

}  // namespace vecdb::bench
