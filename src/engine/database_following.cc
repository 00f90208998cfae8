// A DatabaseEngine that reads alone, and follows its writer.
#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/counted_call.h"
#include "engine/database_engine.h"
#include "format/sealed_json.h"

namespace vecdb::engine {
namespace {

constexpr uint64_t kMaxReadIdentityBytes = 64 << 10;
// A lease is renewed when half of its time is gone, and is looked at so often.
constexpr int64_t kLooksPerLease = 8;

}  // namespace

absl::StatusOr<std::shared_ptr<DatabaseEngine>> DatabaseEngine::OpenReadOnly(
    const DatabaseOptions& options, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(Places places, OpenPlaces(options));
  std::shared_ptr<DatabaseEngine> engine(new DatabaseEngine(options, std::move(places)));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse("vecdb.json"));
  const auto document = GetObject(*engine->store_, path, kMaxReadIdentityBytes, context);
  if (absl::IsNotFound(document.status())) {
    return absl::NotFoundError("there is no database: object vecdb.json is missing");
  }
  VECDB_RETURN_IF_ERROR(document.status());
  VECDB_RETURN_IF_ERROR(format::UnsealJson(path.str(), "database", *document).status());
  VECDB_RETURN_IF_ERROR(engine->LookAtCatalog(context));
  engine->refresh_interval_ms_ = options.refresh_interval_ms;
  engine->BeginFollowing();
  return engine;
}

std::unique_ptr<base::Ticker> DatabaseEngine::MakeFollower() {
  if (refresh_interval_ms_ == 0) return nullptr;
  return std::make_unique<base::Ticker>(refresh_interval_ms_, [this](const Context& tick) {
    CountedCall(metrics(), DatabaseOperation::kRefresh, [&] {
      return RefreshAll([this](auto* one, const auto& error) { TellOfRefresh(one, error); }, tick);
    }).IgnoreError();
  });
}

// On a thread of its own: to open a collection, to load or to refresh may take longer than a lease
// runs.
std::unique_ptr<base::Ticker> DatabaseEngine::MakeRenewer() {
  if (!read_only_ || environment_.reader_lease_ms == 0) return nullptr;
  return std::make_unique<base::Ticker>(
      environment_.reader_lease_ms / kLooksPerLease,
      [leases = environment_.leases](const Context& tick) { leases->RenewAll(tick); });
}

void DatabaseEngine::BeginFollowing() {
  auto follower = MakeFollower();
  auto renewer = MakeRenewer();
  base::MutexLock lock(&mutex_);
  if (closed_) return;  // they end without the lock
  follower_.swap(follower);
  renewer_.swap(renewer);
}

void DatabaseEngine::EndFollowing() {
  std::unique_ptr<base::Ticker> follower;  // waits without the lock
  std::unique_ptr<base::Ticker> renewer;
  base::MutexLock lock(&mutex_);
  follower.swap(follower_);
  renewer.swap(renewer_);
}

// Whoever cancels a refresh is closing the database.
void DatabaseEngine::TellOfRefresh(const CollectionEngine* collection,
                                   const absl::Status& error) const {
  if (absl::IsCancelled(error)) return;
  if (collection != nullptr) return collection->NoteRefreshError(error);
  if (environment_.host.log != nullptr) {
    environment_.host.log->Write(
        LogLevel::kWarning,
        base::StrFormat("the catalog could not be refreshed: %s", std::string(error.message())));
  }
  if (environment_.listener != nullptr) {
    environment_.listener->OnError({.source = ErrorSource::kRefresh, .status = error});
  }
}

absl::StatusOr<std::optional<DatabaseEngine::Catalog>> DatabaseEngine::ReadCatalogBehind(
    uint64_t number, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse("catalog"));
  const catalog::VersionStore versions(store_.get(), folder, "catalog");
  if (number > 0) {
    VECDB_ASSIGN_OR_RETURN(const catalog::VersionList later, versions.ListAfter(number, context));
    if (later.versions.empty() && later.boundary() <= number) return std::nullopt;
  }
  VECDB_ASSIGN_OR_RETURN(const auto newest, versions.ReadNewest(context));
  if (!newest.has_value()) return absl::DataLossError("catalog: missing");
  Catalog read{.number = newest->number};
  VECDB_ASSIGN_OR_RETURN(
      read.entries, format::CatalogFromJson(base::StrFormat("catalog, version %d", newest->number),
                                            newest->body));
  return read;
}

// One request when there is no newer one.
absl::Status DatabaseEngine::LookAtCatalog(const Context& context) {
  uint64_t known = 0;
  {
    base::MutexLock lock(&mutex_);
    known = read_catalog_;
  }
  VECDB_ASSIGN_OR_RETURN(auto newer, ReadCatalogBehind(known, context));
  if (!newer.has_value()) return absl::OkStatus();
  base::MutexLock lock(&mutex_);
  entries_ = std::move(newer->entries);
  read_catalog_ = newer->number;
  return absl::OkStatus();
}

// Looks at the catalog, and at what is open. Collections that were dropped meanwhile end as they do
// where they were dropped.
absl::StatusOr<std::vector<std::shared_ptr<CollectionHandle>>> DatabaseEngine::FollowCatalog(
    const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, BeginDdl(context));
  VECDB_RETURN_IF_ERROR(LookAtCatalog(context));
  std::map<std::string, std::shared_ptr<CollectionHandle>> open;
  Entries entries;
  {
    base::MutexLock lock(&mutex_);
    open = open_;
    entries = entries_;
  }
  std::vector<std::shared_ptr<CollectionHandle>> there;
  for (const auto& [id, handle] : open) {
    const auto entry = std::find_if(entries.begin(), entries.end(), [id = id](const auto& each) {
      return each.id == id && !each.dropped;
    });
    if (entry != entries.end()) {
      handle->engine()->set_name(entry->name);
      there.push_back(handle);
      continue;
    }
    handle->Shutdown(absl::FailedPreconditionError("the collection was dropped"));
    metrics().Forget(id);
    base::MutexLock lock(&mutex_);
    open_.erase(id);
  }
  return there;
}

absl::Status DatabaseEngine::Refresh(const Context& context) {
  if (!read_only_) return BeginDdl(context).status();
  return RefreshAll([](auto*, const auto&) {}, context);
}

// The gate is not held while collections are read, which may take as long as loading them does.
absl::Status DatabaseEngine::RefreshAll(const OnRefreshError& on_error, const Context& context) {
  const auto handles = FollowCatalog(context);
  if (!handles.ok()) {
    on_error(nullptr, handles.status());
    return handles.status();
  }
  absl::Status first_error;
  for (const auto& handle : *handles) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const absl::Status refreshed = handle->Refresh(context);
    if (refreshed.ok()) continue;
    // It is damaged, or was dropped after the catalog had been read.
    const auto there = FollowCatalog(context);
    if (there.ok() && std::find(there->begin(), there->end(), handle) == there->end()) continue;
    on_error(handle->engine().get(), refreshed);
    first_error.Update(refreshed);
  }
  return first_error;
}

}  // namespace vecdb::engine
