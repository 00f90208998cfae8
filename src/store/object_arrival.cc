#include "store/object_arrival.h"

#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "store/pause.h"

namespace vecdb::store {
namespace {

constexpr std::chrono::milliseconds kLookAtKey{5};
constexpr std::chrono::milliseconds kLookAtProgress{500};

void Log(const Host& host, LogLevel level, std::string_view message) {
  if (host.log != nullptr) host.log->Write(level, message);
}

}  // namespace

void CacheCore::CountFailure(const absl::Status& failure) {
  CacheCounters::Add(counters->failures);
  if (is_failing.exchange(true, std::memory_order_relaxed)) return;
  Log(host, LogLevel::kWarning,
      base::StrFormat("the cache fails, objects are read from the store: %s", failure.message()));
}

ObjectArrival::~ObjectArrival() { CloseFetch(); }

void ObjectArrival::CloseFetch() {
  fetch_.reset();
  part_.reset();
  lock_.reset();
}

absl::StatusOr<std::shared_ptr<CacheFile>> ObjectArrival::Run(Priority priority,
                                                              const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (fetch_ == nullptr) {
    auto kept = FindKept(context);
    if (!absl::IsNotFound(kept.status())) return kept;
    if (fetch_up_to_bytes_ == 0 || is_given_up_) return nullptr;
    VECDB_RETURN_IF_ERROR(LockKey(context));
    if (is_given_up_) return nullptr;
    // Another process may have brought it while this one waited.
    kept = FindKept(context);
    if (!absl::IsNotFound(kept.status()) || is_given_up_) {
      CloseFetch();
      return is_given_up_ ? nullptr : std::move(kept);
    }
    VECDB_RETURN_IF_ERROR(BeginFetch(context));
    if (fetch_ == nullptr) {
      CloseFetch();
      return nullptr;
    }
  }
  const absl::Status fetched = fetch_->Continue(priority, context);
  if (!fetched.ok() && !fetch_->failed_here()) return fetched;
  if (!fetched.ok()) {
    GiveUp(fetched);
    return nullptr;
  }
  return EndFetch();
}

// NotFound when it is not there, or what is there is of no use.
absl::StatusOr<std::shared_ptr<CacheFile>> ObjectArrival::FindKept(const Context& context) {
  auto file = core_->directory->OpenKept(key_);
  if (absl::IsNotFound(file.status())) return file;
  absl::Status checked = file.status();
  if (file.ok()) {
    if (core_->directory->IsVerified((*file)->name())) return file;
    checked = (*file)->Verify(core_->host, context);
    if (checked.ok()) {
      core_->directory->SetVerified((*file)->name());
      return file;
    }
    if (IsOfContext(checked)) return checked;
  }
  // Without memory, descriptors or permission nothing is known about it.
  if (absl::IsResourceExhausted(checked) || absl::IsPermissionDenied(checked)) {
    GiveUp(checked);
    return absl::NotFoundError(checked.message());
  }
  CacheCounters::Add(core_->counters->damaged_files);
  Log(core_->host, LogLevel::kWarning,
      base::StrFormat("object '%s' is fetched again, it was damaged in the cache: %s", path_.str(),
                      checked.message()));
  if (file.ok()) {
    core_->directory->RemoveDamaged(**file);
  } else {
    core_->directory->Remove(key_);
  }
  return absl::NotFoundError(checked.message());
}

absl::Status ObjectArrival::LockKey(const Context& context) {
  std::string progress;
  auto looked = std::chrono::steady_clock::time_point::min();
  auto moved = std::chrono::steady_clock::now();
  while (lock_ == nullptr) {
    auto lock = core_->directory->LockKey(key_);
    if (lock.ok()) {
      lock_ = *std::move(lock);
      break;
    }
    if (!absl::IsFailedPrecondition(lock.status())) {
      GiveUp(lock.status());
      break;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - kLookAtProgress >= looked) {
      looked = now;
      std::string seen = core_->directory->ProgressOf(key_);
      if (seen != progress) moved = now;
      progress = std::move(seen);
    }
    if (now - moved > core_->stall) {
      GiveUp(absl::UnavailableError("another process has begun to fetch it, and does not go on"));
      break;
    }
    VECDB_RETURN_IF_ERROR(Pause(context, kLookAtKey));
  }
  return absl::OkStatus();
}

// Leaves fetch_ as it is where the object is to be read from the store.
absl::Status ObjectArrival::BeginFetch(const Context& context) {
  auto part = core_->directory->Begin(key_);
  if (!part.ok()) {
    GiveUp(part.status());
    return absl::OkStatus();
  }
  part_ = *std::move(part);
  CacheCounters::Add(core_->counters->store_opens);
  auto opened = core_->store->Open(path_, context);
  if (!opened.ok()) {
    CloseFetch();
    return opened.status();
  }
  object_ = *std::move(opened);
  const uint64_t size_bytes = object_->size();
  if (size_bytes == 0 || size_bytes > fetch_up_to_bytes_) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const bool has_room, MakeRoom(size_bytes, context));
  if (!has_room) return absl::OkStatus();
  was_fetched_.store(true, std::memory_order_relaxed);
  fetch_ = std::make_unique<ObjectFetch>(object_, &part_->file(), core_->ranges, core_->host,
                                         core_->counters);
  return absl::OkStatus();
}

// The errors of the context alone; without room the object is to be read from the store.
absl::StatusOr<bool> ObjectArrival::MakeRoom(uint64_t size_bytes, const Context& context) {
  const auto reserved = core_->directory->Reserve(*part_, size_bytes, context);
  if (reserved.ok() && !*reserved) CacheCounters::Add(core_->counters->no_room);
  if (reserved.ok() || IsOfContext(reserved.status())) return reserved;
  // What is NotFound was forgotten meanwhile.
  if (!absl::IsNotFound(reserved.status())) GiveUp(reserved.status());
  return false;
}

absl::StatusOr<std::shared_ptr<CacheFile>> ObjectArrival::EndFetch() {
  auto file =
      core_->directory->Publish(*part_, fetch_->checksum(), [&] { return !is_doomed_.load(); });
  if (!file.ok()) {
    // What is NotFound was forgotten meanwhile, by this process or another.
    if (!absl::IsNotFound(file.status())) GiveUp(file.status());
    CloseFetch();
    return nullptr;
  }
  CloseFetch();
  core_->is_failing.store(false, std::memory_order_relaxed);
  CacheCounters::Add(core_->counters->fetched_objects);
  return file;
}

void ObjectArrival::GiveUp(const absl::Status& failure) {
  is_given_up_ = true;
  core_->CountFailure(failure);
  CloseFetch();
}

}  // namespace vecdb::store
