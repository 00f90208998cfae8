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

void CollectionHandle::Replace(std::shared_ptr<CollectionEngine> engine) {
  base::MutexLock lock(&mutex_);
  engine_.swap(engine);
}

absl::Status CollectionHandle::Refresh(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, refresh_gate_.Enter(context));
  const std::shared_ptr<CollectionEngine> before = engine();
  if (!before->read_only()) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(auto after, before->Reread(context));
  Replace(after);
  before->Retire(
      absl::UnavailableError("the collection was refreshed while it was loading; load it again"));
  after->CheckMappedBehind();
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<CollectionEngine>> CollectionHandle::ForRead(
    const Consistency& consistency, const Context& context) {
  std::shared_ptr<CollectionEngine> current = engine();
  if (!current->read_only()) return current;
  VECDB_RETURN_IF_ERROR(current->AwaitTime(consistency, context));
  const uint64_t required = current->RequiredTimestamp(consistency);
  if (required <= current->settled_timestamp()) return current;
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
