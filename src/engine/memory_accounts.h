#ifndef VECDB_ENGINE_MEMORY_ACCOUNTS_H_
#define VECDB_ENGINE_MEMORY_ACCOUNTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "vecdb/memory_budget.h"

namespace vecdb::engine {

/// The memory budget of a database, and below it those of its collections. Thread-safe.
class MemoryAccounts : public std::enable_shared_from_this<MemoryAccounts> {
 public:
  /// `host` is the budget of the host, or null.
  MemoryAccounts(MemoryBudget* host, uint64_t limit_bytes)
      : database_("the database", limit_bytes, host) {}

  MemoryBudget& database() { return database_; }

  /// The budget of a collection, the same one as long as anybody holds it. Whoever holds memory of
  /// it holds it, too: what a reader has pinned may be given back after the database is gone.
  std::shared_ptr<MemoryBudget> Of(const std::string& collection_id);

 private:
  MemoryBudget database_;
  base::Mutex mutex_;  // a leaf
  std::map<std::string, std::weak_ptr<MemoryBudget>> budgets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_MEMORY_ACCOUNTS_H_
