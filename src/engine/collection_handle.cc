#include "engine/collection_handle.h"

#include <limits>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/read_point.h"

namespace vecdb::engine {

std::shared_ptr<CollectionEngine> CollectionHandle::engine() const {
  base::MutexLock lock(&mutex_);
  return engine_;
}

std::vector<std::shared_ptr<CollectionEngine>> CollectionHandle::engines() const {
  base::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<CollectionEngine>> engines = {engine_};
  for (const auto& retired : retired_) {
    if (auto held = retired.lock(); held != nullptr) engines.push_back(std::move(held));
  }
  return engines;
}

void CollectionHandle::Replace(std::shared_ptr<CollectionEngine> engine) {
  absl::Status closed;
  {
    base::MutexLock lock(&mutex_);
    closed = closed_;
    if (closed.ok()) {
      std::erase_if(retired_, [](const auto& retired) { return retired.expired(); });
      if (engine_->read_only()) retired_.push_back(engine_);
      engine_.swap(engine);
    }
  }
  if (!closed.ok()) engine->Shutdown(closed);
}

void CollectionHandle::Shutdown(const absl::Status& reason) {
  std::shared_ptr<CollectionEngine> last;
  std::vector<std::weak_ptr<CollectionEngine>> retired;  // not copied, which takes memory
  {
    base::MutexLock lock(&mutex_);
    if (closed_.ok()) closed_ = reason;
    last = engine_;
    retired.swap(retired_);
  }
  last->Shutdown(reason);
  for (const auto& each : retired) {
    if (const auto held = each.lock(); held != nullptr) held->Shutdown(reason);
  }
}

absl::Status CollectionHandle::Refresh(const Context& context) {
  if (!engine()->read_only()) return absl::OkStatus();
  return refreshes_.Join([&] { return RefreshOnce(context); }, context);
}

absl::Status CollectionHandle::RefreshOnce(const Context& context) {
  const std::shared_ptr<CollectionEngine> before = engine();
  // Inside a call of `before`, so that whoever closes the database waits for it.
  const auto install = [&](std::shared_ptr<CollectionEngine> after) {
    Replace(after);
    before->Retire(
        absl::UnavailableError("the collection was refreshed while it was loading; load it again"));
    after->CheckMappedBehind();
  };
  return before->Follow(install, context);
}

absl::StatusOr<std::shared_ptr<CollectionEngine>> CollectionHandle::AfterCollection(
    CollectionEngine& current, const Consistency& consistency, const absl::Status& error,
    const Context& context) {
  if (!absl::IsNotFound(error) && !absl::IsDataLoss(error)) return nullptr;
  if (consistency.kind() == Consistency::Kind::kSnapshot) {
    if (consistency.snapshot() == nullptr) return nullptr;
    return current.ErrorOfHeld(*consistency.snapshot()->state(), error, context);
  }
  const auto is_newest = current.IsNewest(context);
  if (is_newest.ok() && *is_newest) return nullptr;  // it is not there, or is damaged
  const absl::Status refreshed = is_newest.ok() ? Refresh(context) : is_newest.status();
  if (refreshed.ok()) return engine();
  if (absl::IsCancelled(refreshed) || absl::IsDeadlineExceeded(refreshed)) return refreshed;
  return absl::UnavailableError(
      base::StrFormat("the state that this reader shows may have been collected by the writer "
                      "(%s); Refresh, and see "
                      "DatabaseOptions::reader_lease_ms: %s",
                      std::string(error.message()), std::string(refreshed.message())));
}

absl::StatusOr<std::shared_ptr<CollectionEngine>> CollectionHandle::ForRead(
    const Consistency& consistency, const Context& context) {
  std::shared_ptr<CollectionEngine> current = engine();
  if (!current->read_only()) return current;
  VECDB_RETURN_IF_ERROR(current->AwaitTime(consistency, context));
  const uint64_t required = current->RequiredTimestamp(consistency);
  if (current->HasAllFor(consistency, required)) return current;
  VECDB_RETURN_IF_ERROR(Refresh(context));
  current = engine();
  if (required <= current->service_timestamp()) return current;
  const std::string message = base::StrFormat(
      "the journal of the writer cannot be read from here, and what it has flushed ends at "
      "timestamp "
      "%d; asked for is %d",
      current->service_timestamp(), required);
  return current->IsStrong(consistency) ? absl::FailedPreconditionError(message)
                                        : absl::UnavailableError(message);
}

}  // namespace vecdb::engine
