#include "engine/memory_accounts.h"

#include <utility>

namespace vecdb::engine {
namespace {

// A budget, and what it is a part of.
struct HeldBudget {
  HeldBudget(std::shared_ptr<MemoryAccounts> in, const std::string& collection_id)
      : accounts(std::move(in)),
        budget(collection_id, MemoryBudget::kNoLimit, &accounts->database()) {}

  const std::shared_ptr<MemoryAccounts> accounts;
  MemoryBudget budget;
};

}  // namespace

std::shared_ptr<MemoryBudget> MemoryAccounts::Of(const std::string& collection_id) {
  base::MutexLock lock(&mutex_);
  std::erase_if(budgets_, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<MemoryBudget>& known = budgets_[collection_id];
  if (auto budget = known.lock(); budget != nullptr) return budget;
  const auto held = std::make_shared<HeldBudget>(shared_from_this(), collection_id);
  std::shared_ptr<MemoryBudget> budget(held, &held->budget);
  known = budget;
  return budget;
}

}  // namespace vecdb::engine
