#ifndef VECDB_BASE_SHARDED_H_
#define VECDB_BASE_SHARDED_H_

#include <array>
#include <cstddef>
#include <functional>
#include <thread>

namespace vecdb::base {

/// Some T's in cache lines of their own, of which each thread takes one, so that threads which
/// count the same at the same time do not wait for each other's cache lines. Two threads may share
/// one: T is thread-safe.
template <typename T>
class Sharded {
 public:
  static constexpr size_t kNumShards = 8;

  /// That of the calling thread.
  T& Mine() {
    const size_t thread = std::hash<std::thread::id>()(std::this_thread::get_id());
    return shards_[thread % kNumShards].value;
  }

  /// Calls `visit` with each.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Shard& shard : shards_) visit(shard.value);
  }

 private:
  struct alignas(64) Shard {
    T value{};
  };

  std::array<Shard, kNumShards> shards_{};
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_SHARDED_H_
