#ifndef SHARDED_SERVICE_READER_SERVICE_H_
#define SHARDED_SERVICE_READER_SERVICE_H_

#include <vecdb/vecdb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sharded_service.grpc.pb.h"
#include "sharded_service/cancel_watch.h"

namespace sharded_service {

struct ReaderOptions {
  /// Where the database is, and how often to look for newer states (refresh_interval_ms): new
  /// segments of the shards are loaded then. It is opened for reading alone, whatever this says; a
  /// writer may be at it in another process.
  vecdb::DatabaseOptions database{};
  std::string collection{};
  std::vector<int32_t> shards{};  ///< to load; none: all
};

/// Answers searches of some shards of a collection. Thread-safe.
class ReaderService final : public Reader::Service {
 public:
  /// Opens the database and loads the shards. Errors of vecdb.
  static absl::StatusOr<std::unique_ptr<ReaderService>> Open(ReaderOptions options);
  ~ReaderService() override;

  grpc::Status Search(grpc::ServerContext* context, const ReaderRequest* request,
                      Answer* answer) override;

 private:
  ReaderService(std::unique_ptr<vecdb::Database> database,
                std::unique_ptr<vecdb::Collection> collection);

  std::unique_ptr<vecdb::Database> database_;
  std::unique_ptr<vecdb::Collection> collection_;
  CancelWatch watch_;
};

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_READER_SERVICE_H_
