#ifndef SHARDED_SERVICE_SHARD_MAP_H_
#define SHARDED_SERVICE_SHARD_MAP_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sharded_service {

/// "1, 2, 5" as numbers of shards. InvalidArgument, naming what is none.
absl::StatusOr<std::vector<int32_t>> ParseShards(std::string_view text);

/// Shards that the same readers have loaded: one of these is asked for all of them.
struct Part {
  std::vector<int32_t> shards{};
  std::vector<std::string> readers{};  ///< "host:port"; the first is asked first

  friend bool operator==(const Part&, const Part&) = default;
};

/// Reads lines of a shard map, "0,1=host:port,host:port": shards, and the readers that have them.
/// Lines with the same readers become one part. InvalidArgument, naming the line, for one that is
/// none, and for a shard that comes twice.
absl::StatusOr<std::vector<Part>> ParseShardMap(std::span<const std::string> lines);

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_SHARD_MAP_H_
