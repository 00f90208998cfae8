#include "vecdb/memory_budget.h"

#include <algorithm>
#include <list>
#include <set>
#include <utility>

#include "base/mutex.h"
#include "base/str_format.h"

namespace vecdb {
namespace {

std::string OfLimit(uint64_t bytes) {
  return bytes == MemoryReport::kNoLimit ? "without limit" : base::StrFormat("of %d", bytes);
}

void AppendReport(const MemoryReport& report, size_t indent, std::string* text) {
  const std::string margin(indent, ' ');
  base::StrAppendFormat(text, "%s%s: %d bytes %s, at most %d\n", margin,
                        report.name.empty() ? "memory" : report.name, report.used_bytes,
                        OfLimit(report.limit_bytes), report.peak_bytes);
  for (size_t use = 0; use < kNumMemoryUses; ++use) {
    if (report.bytes_of_use[use] == 0) continue;
    base::StrAppendFormat(text, "%s  %s: %d\n", margin,
                          std::string(MemoryUseName(static_cast<MemoryUse>(use))),
                          report.bytes_of_use[use]);
  }
  for (const MemoryReport& part : report.parts) AppendReport(part, indent + 2, text);
}

}  // namespace

std::string_view MemoryUseName(MemoryUse use) {
  constexpr std::string_view kNames[kNumMemoryUses] = {
      "growing rows", "vectors", "indexes", "columns", "builds", "queries", "other"};
  return kNames[static_cast<size_t>(use)];
}

std::string MemoryReport::ToString() const {
  std::string text;
  AppendReport(*this, 0, &text);
  return text;
}

struct MemoryBudget::Shared {
  struct RegisteredCache {
    MemoryCache* cache = nullptr;
    const MemoryBudget* budget = nullptr;
  };

  base::Mutex mutex;  // held while a cache is emptied
  // The one emptied last is the last.
  std::list<RegisteredCache> caches ABSL_GUARDED_BY(mutex);
  // Those that are there. A host that has closed its database may let its budget go before the
  // handles, whose parts hold nothing any more.
  std::set<const MemoryBudget*> budgets ABSL_GUARDED_BY(mutex);
};

MemoryBudget::MemoryBudget() : MemoryBudget(kNoLimit) {}
MemoryBudget::MemoryBudget(uint64_t limit_bytes) : MemoryBudget("", limit_bytes, nullptr) {}
MemoryBudget::MemoryBudget(std::string name, uint64_t limit_bytes, MemoryBudget* parent)
    : name_(std::move(name)),
      parent_(parent),
      shared_(parent == nullptr ? std::make_shared<Shared>() : parent->shared_),
      limit_bytes_(limit_bytes) {
  base::MutexLock lock(&shared_->mutex);
  // All memory first: nothing takes a pointer back that is in one of both.
  if (parent_ != nullptr) parent_->parts_.reserve(parent_->parts_.size() + 1);
  shared_->budgets.insert(this);
  if (parent_ != nullptr) parent_->parts_.push_back(this);
}

MemoryBudget::~MemoryBudget() {
  base::MutexLock lock(&shared_->mutex);
  shared_->budgets.erase(this);
  if (shared_->budgets.contains(parent_)) std::erase(parent_->parts_, this);
}

bool MemoryBudget::Take(uint64_t bytes, MemoryUse use) {
  const uint64_t limit = limit_bytes();
  uint64_t used = used_bytes();
  do {
    if (bytes > limit || used > limit - bytes) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  bytes_of_use_[static_cast<size_t>(use)].fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

// Once all above have had room, too: what was refused is no peak.
void MemoryBudget::NotePeak() {
  const uint64_t now = used_bytes();
  uint64_t peak = peak_bytes_.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

// The budget that has no room; nullptr when all had. Those above come first: what they refuse is
// not counted below for a moment, where another thread would take it for a peak above their limit.
MemoryBudget* MemoryBudget::TakeFromAll(uint64_t bytes, MemoryUse use) {
  if (parent_ != nullptr) {
    if (MemoryBudget* const full = parent_->TakeFromAll(bytes, use)) return full;
  }
  if (!Take(bytes, use)) {
    if (parent_ != nullptr) parent_->Release(bytes, use);
    return this;
  }
  return nullptr;
}

// The same, and it counts for the peaks.
MemoryBudget* MemoryBudget::TakeAndNote(uint64_t bytes, MemoryUse use) {
  if (MemoryBudget* const full = TakeFromAll(bytes, use)) return full;
  for (MemoryBudget* budget = this; budget != nullptr; budget = budget->parent_) budget->NotePeak();
  return nullptr;
}

bool MemoryBudget::TryReserve(uint64_t bytes, MemoryUse use) {
  return TakeAndNote(bytes, use) == nullptr;
}

absl::Status MemoryBudget::Reserve(uint64_t bytes, std::string_view what, MemoryUse use) {
  return TryReserve(bytes, use) ? absl::OkStatus() : EmptyCachesAndReserve(bytes, what, use);
}

bool MemoryBudget::IsWithin(const MemoryBudget* other) const {
  const MemoryBudget* budget = this;
  while (budget != nullptr && budget != other) budget = budget->parent_;
  return budget != nullptr;
}

absl::Status MemoryBudget::EmptyCachesAndReserve(uint64_t bytes, std::string_view what,
                                                 MemoryUse use) {
  base::MutexLock lock(&shared_->mutex);
  std::list<Shared::RegisteredCache>& caches = shared_->caches;
  const MemoryBudget* full = TakeAndNote(bytes, use);
  for (size_t left = caches.size(); left > 0 && full != nullptr; --left) {
    if (bytes > full->limit_bytes()) break;
    caches.splice(caches.end(), caches, caches.begin());
    if (!caches.back().budget->IsWithin(full)) continue;
    caches.back().cache->DropUnused();
    full = TakeAndNote(bytes, use);
  }
  return full == nullptr ? absl::OkStatus() : Full(*full, bytes, what);
}

absl::Status MemoryBudget::Full(const MemoryBudget& budget, uint64_t bytes,
                                std::string_view what) const {
  const uint64_t limit = budget.limit_bytes();
  const uint64_t used = budget.used_bytes();
  return absl::ResourceExhaustedError(
      base::StrFormat("%s needs %d bytes; the memory budget%s has %d of %d bytes left", what, bytes,
                      budget.name_.empty() ? "" : base::StrFormat(" of %s", budget.name_),
                      used > limit ? 0 : limit - used, limit));
}

void MemoryBudget::Release(uint64_t bytes, MemoryUse use) {
  for (MemoryBudget* budget = this; budget != nullptr; budget = budget->parent_) {
    budget->used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    budget->bytes_of_use_[static_cast<size_t>(use)].fetch_sub(bytes, std::memory_order_relaxed);
  }
}

void MemoryBudget::AddCache(MemoryCache* cache) {
  base::MutexLock lock(&shared_->mutex);
  shared_->caches.push_back({cache, this});
}

void MemoryBudget::RemoveCache(MemoryCache* cache) {
  base::MutexLock lock(&shared_->mutex);
  shared_->caches.remove_if([cache](const auto& one) { return one.cache == cache; });
}

void MemoryBudget::SetName(std::string name) {
  base::MutexLock lock(&shared_->mutex);
  name_ = std::move(name);
}

void MemoryBudget::DropCaches() {
  base::MutexLock lock(&shared_->mutex);
  for (const Shared::RegisteredCache& one : shared_->caches) {
    if (one.budget->IsWithin(this)) one.cache->DropUnused();
  }
}

uint64_t MemoryBudget::FreeBytes() const {
  uint64_t free = kNoLimit;
  for (const MemoryBudget* budget = this; budget != nullptr; budget = budget->parent_) {
    const uint64_t limit = budget->limit_bytes();
    if (limit == kNoLimit) continue;
    free = std::min(free, limit - std::min(limit, budget->used_bytes()));
  }
  return free;
}

MemoryReport MemoryBudget::Report() const {
  base::MutexLock lock(&shared_->mutex);
  return ReportLocked();
}

MemoryReport MemoryBudget::ReportLocked() const {
  MemoryReport report{.name = name_,
                      .limit_bytes = limit_bytes(),
                      .used_bytes = used_bytes(),
                      .peak_bytes = peak_bytes_.load(std::memory_order_relaxed)};
  for (size_t use = 0; use < kNumMemoryUses; ++use) {
    report.bytes_of_use[use] = used_bytes(static_cast<MemoryUse>(use));
  }
  for (const MemoryBudget* part : parts_) report.parts.push_back(part->ReportLocked());
  std::sort(report.parts.begin(), report.parts.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return report;
}

}  // namespace vecdb
