#ifndef VECDB_ENGINE_DATABASE_METRICS_H_
#define VECDB_ENGINE_DATABASE_METRICS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/lazy.h"
#include "base/mutex.h"
#include "engine/collection_metrics.h"

namespace vecdb::engine {

/// The calls of a database, for figures of each.
enum class DatabaseOperation : size_t {
  kCreateCollection,
  kOpenCollection,
  kRenameCollection,
  kDropCollection,
  kRefresh,
  kCollectGarbage,
  kVerify,
  kCheckpoint,
};
inline constexpr size_t kNumDatabaseOperations = 8;

/// "create_collection", ...
std::string_view DatabaseOperationName(DatabaseOperation operation);

/// What a database counts, and what its collections do. Thread-safe.
class DatabaseMetrics {
 public:
  /// What the collection of this id counts, from the first call on until Forget.
  std::shared_ptr<CollectionMetrics> Of(const std::string& collection_id);
  /// Of a collection that was dropped.
  void Forget(const std::string& collection_id);

  void NoteCall(DatabaseOperation operation, const absl::Status& status,
                std::chrono::nanoseconds duration) {
    calls_[static_cast<size_t>(operation)].Get().Add(status, duration);
  }
  /// Null when there was none.
  const CallCounts* calls(DatabaseOperation operation) const {
    return calls_[static_cast<size_t>(operation)].Peek();
  }

 private:
  std::array<base::Lazy<CallCounts>, kNumDatabaseOperations> calls_{};
  base::Mutex mutex_;  // a leaf
  std::map<std::string, std::shared_ptr<CollectionMetrics>> collections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_DATABASE_METRICS_H_
