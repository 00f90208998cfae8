#include "engine/database_metrics.h"

namespace vecdb::engine {
namespace {

constexpr std::array<std::string_view, kNumDatabaseOperations> kDatabaseOperationNames = {
    "create_collection", "open_collection", "rename_collection", "drop_collection", "refresh",
    "collect_garbage",   "verify",          "checkpoint"};

}  // namespace

std::string_view DatabaseOperationName(DatabaseOperation operation) {
  return kDatabaseOperationNames[static_cast<size_t>(operation)];
}

std::shared_ptr<CollectionMetrics> DatabaseMetrics::Of(const std::string& collection_id) {
  base::MutexLock lock(&mutex_);
  std::shared_ptr<CollectionMetrics>& metrics = collections_[collection_id];
  if (metrics == nullptr) metrics = std::make_shared<CollectionMetrics>();
  return metrics;
}

void DatabaseMetrics::Forget(const std::string& collection_id) {
  base::MutexLock lock(&mutex_);
  collections_.erase(collection_id);
}

}  // namespace vecdb::engine
