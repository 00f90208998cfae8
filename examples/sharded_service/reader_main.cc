// A process that has some shards of a collection in memory and answers searches of them.
//
//     sharded_reader --path <folder> --shards 0,1
//
// See README.md.

#include <span>
#include <string>
#include <utility>

#include "sharded_service/flags.h"
#include "sharded_service/reader_service.h"
#include "sharded_service/serve.h"
#include "sharded_service/shard_map.h"
#ifdef SHARDED_SERVICE_S3
#include <vecdb/s3.h>
#endif

namespace sharded_service {
namespace {

// The place of the database: a folder, or a bucket.
absl::Status SetPlace(const Flags& flags, vecdb::DatabaseOptions* options) {
  options->path = flags.Get("path");
  if (!flags.Has("s3-bucket")) return absl::OkStatus();
#ifdef SHARDED_SERVICE_S3
  auto store = vecdb::OpenS3ObjectStore({.endpoint = flags.Get("s3-endpoint"),
                                         .region = flags.Get("s3-region", "us-east-1"),
                                         .bucket = flags.Get("s3-bucket"),
                                         .prefix = flags.Get("s3-prefix"),
                                         .credentials = vecdb::EnvironmentS3Credentials(),
                                         .writes = vecdb::S3Writes::kRefuse});
  if (!store.ok()) return store.status();
  options->store = *std::move(store);
  return absl::OkStatus();
#else
  return absl::UnimplementedError("--s3-bucket: built without the component vecdb::s3");
#endif
}

absl::Status Run(std::span<const char* const> arguments) {
  const auto flags =
      Flags::Parse(arguments, {"path", "s3-endpoint", "s3-region", "s3-bucket", "s3-prefix",
                               "collection", "shards", "refresh-ms", "threads", "listen"});
  if (!flags.ok()) return flags.status();
  ReaderOptions options{.collection = flags->Get("collection", "points")};
  if (absl::Status status = SetPlace(*flags, &options.database); !status.ok()) return status;
  if (flags->Has("shards")) {
    auto shards = ParseShards(flags->Get("shards"));
    if (!shards.ok()) return shards.status();
    options.shards = *std::move(shards);
  }
  const auto refresh_ms = flags->GetNumber("refresh-ms", 1000);
  if (!refresh_ms.ok()) return refresh_ms.status();
  options.database.refresh_interval_ms = *refresh_ms;
  const auto threads = flags->GetNumber("threads", 0);
  if (!threads.ok()) return threads.status();
  options.database.num_threads = *threads;
  const auto service = ReaderService::Open(std::move(options));
  if (!service.ok()) return service.status();
  return Serve(flags->Get("listen", "127.0.0.1:0"), service->get());
}

}  // namespace
}  // namespace sharded_service

int main(int argc, char** argv) {
  sharded_service::BlockStopSignals();
  return sharded_service::RunProgram("sharded_reader", argc, argv, sharded_service::Run);
}
