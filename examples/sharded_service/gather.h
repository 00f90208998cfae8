#ifndef SHARDED_SERVICE_GATHER_H_
#define SHARDED_SERVICE_GATHER_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sharded_service.grpc.pb.h"
#include "sharded_service/latency_window.h"
#include "sharded_service/shard_map.h"

namespace sharded_service {

/// The readers of one part, connected when they are first asked. Thread-safe.
class PartReaders {
 public:
  explicit PartReaders(Part part);

  const Part& part() const { return part_; }
  size_t size() const { return stubs_.size(); }
  Reader::Stub& stub(size_t reader) { return *stubs_[reader]; }

  /// The reader to ask first: the last one that answered.
  size_t preferred() const { return preferred_.load(std::memory_order_relaxed); }
  void Prefer(size_t reader) { preferred_.store(reader, std::memory_order_relaxed); }

  LatencyWindow& latencies() { return latencies_; }

 private:
  const Part part_;
  std::vector<std::unique_ptr<Reader::Stub>> stubs_;
  std::atomic<size_t> preferred_{0};  // a hint, read and written alone
  LatencyWindow latencies_;
};

/// How to ask.
struct GatherOptions {
  std::chrono::steady_clock::time_point deadline{};
  /// How long a reader may take before the next one is asked too; nullopt: as long as 95 of 100
  /// answers of late took.
  std::optional<std::chrono::microseconds> hedge_after{};
  /// True when nobody waits for the answer any more.
  std::function<bool()> is_cancelled = [] { return false; };
};

/// What became of one part.
struct Outcome {
  absl::Status status{};  ///< of the readers, when none answered
  Answer answer{};
  std::string reader{};  ///< that answered
  bool hedged = false;   ///< a further reader was asked because one kept it waiting
  std::chrono::microseconds elapsed{};
};

/// Asks one reader of each part for its shards, all at once, and returns what became of each part.
/// A reader that takes too long is hedged: the next one of the part is asked too, the first answer
/// counts, and the other call is cancelled. One that fails is followed by the next at once, but for
/// errors that are the asker's. Returns when all parts are answered or failed, at the latest at the
/// deadline; no call is on its way then.
std::vector<Outcome> Gather(std::span<const std::unique_ptr<PartReaders>> parts, const Query& query,
                            const GatherOptions& options);

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_GATHER_H_
