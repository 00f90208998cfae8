// Links the component s3, and asks a server that is not there.
#include <vecdb/s3.h>
#include <vecdb/vecdb.h>

#include <cstdio>

int main() {
  const auto store = vecdb::OpenS3ObjectStore(
      {.endpoint = "http://127.0.0.1:1",
       .bucket = "bucket",
       .credentials = vecdb::StaticS3Credentials(
           {.access_key_id = "key", .secret_access_key = vecdb::Secret("secret")}),
       .retry_for = absl::ZeroDuration()});
  std::printf("%s\n", store.status().ToString().c_str());
  return absl::IsUnavailable(store.status()) ? 0 : 1;
}
