#include "journal/kept_log_place.h"

#include <cstring>
#include <utility>

#include "base/status_macros.h"

namespace vecdb::journal {
namespace {

absl::StatusOr<base::LargeBuffer> CopyOf(const base::LargeBuffer& bytes, const Host& host) {
  VECDB_ASSIGN_OR_RETURN(
      auto copy, base::LargeBuffer::Make(bytes.size(), host, "a log object", MemoryUse::kBuilds));
  if (bytes.size() > 0) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

}  // namespace

void KeptLogPlace::Forget(uint64_t number) {
  std::vector<std::shared_ptr<const base::LargeBuffer>> gone;  // freed without the lock
  base::MutexLock lock(&mutex_);
  while (!kept_.empty() && kept_.begin()->first < number) {
    kept_bytes_ -= kept_.begin()->second->size();
    gone.push_back(std::move(kept_.begin()->second));
    kept_.erase(kept_.begin());
  }
}

absl::StatusOr<base::LargeBuffer> KeptLogPlace::Read(uint64_t number, const Host& host,
                                                     const Context& context) {
  std::shared_ptr<const base::LargeBuffer> known;
  {
    base::MutexLock lock(&mutex_);
    if (const auto found = kept_.find(number); found != kept_.end()) known = found->second;
  }
  if (known != nullptr) return CopyOf(*known, host);
  VECDB_ASSIGN_OR_RETURN(auto bytes, base_->Read(number, host, context));
  Keep(number, bytes, host);
  return bytes;
}

void KeptLogPlace::Keep(uint64_t number, const base::LargeBuffer& bytes, const Host& host) {
  {
    base::MutexLock lock(&mutex_);
    if (kept_bytes_ + bytes.size() > max_bytes_) return;
  }
  auto copy = CopyOf(bytes, host);
  if (!copy.ok()) return;
  auto kept = std::make_shared<const base::LargeBuffer>(*std::move(copy));
  base::MutexLock lock(&mutex_);
  if (kept_.emplace(number, std::move(kept)).second) kept_bytes_ += bytes.size();
}

}  // namespace vecdb::journal
