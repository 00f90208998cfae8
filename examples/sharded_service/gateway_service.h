#ifndef SHARDED_SERVICE_GATEWAY_SERVICE_H_
#define SHARDED_SERVICE_GATEWAY_SERVICE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "sharded_service.grpc.pb.h"
#include "sharded_service/gather.h"
#include "sharded_service/shard_map.h"

namespace sharded_service {

struct GatewayOptions {
  std::vector<Part> parts{};  ///< all shards of the collection
  /// How long a search may take whose client asks for no shorter time.
  std::chrono::milliseconds deadline{1000};
  std::optional<std::chrono::milliseconds> hedge_after{};  ///< see GatherOptions
};

/// Hands searches to readers and merges what they answer. Holds no rows. Thread-safe.
///
/// A search of which some shards were not answered for is Unavailable, or DeadlineExceeded, with
/// their numbers and what their readers said, unless the client allows an answer without them.
class GatewayService final : public Gateway::Service {
 public:
  explicit GatewayService(GatewayOptions options);

  grpc::Status Search(grpc::ServerContext* context, const GatewayRequest* request,
                      GatewayAnswer* answer) override;

 private:
  const GatewayOptions options_;
  std::vector<std::unique_ptr<PartReaders>> parts_;
};

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_GATEWAY_SERVICE_H_
