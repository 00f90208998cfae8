// How a CollectionEngine that is read alone follows its writer.
#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/collection_call.h"
#include "engine/collection_engine.h"
#include "engine/collection_parts.h"
#include "engine/journal_setup.h"
#include "engine/load_manager.h"
#include "engine/loader.h"
#include "engine/open_core.h"
#include "engine/read_point.h"

namespace vecdb::engine {
namespace {

// A writer at work may rotate and delete logs and collect manifests while they are read, and a log
// that is appended to while it is read looks as if a record in the middle were missing.
constexpr int kReadTries = 5;

bool MayBeARace(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsNotFound(status);
}

bool HasDamage(const View& view) {
  return std::any_of(view.segments.begin(), view.segments.end(),
                     [](const auto& segment) { return !segment.damage.ok(); });
}

// Whether rows of segments, with the deletes that were read from the journal beside them, are what
// they were: not when writes may have been lost with a journal that was given up, nor when they
// came from files that a power cut may cut.
bool SharesSegments(const CollectionCore& before, const CollectionCore& core) {
  const std::string& old_log = before.manifest().journal.id;
  return core.options().journal != JournalPlace::kDirectory &&
         (old_log.empty() || old_log == core.manifest().journal.id);
}

absl::StatusOr<catalog::VersionStore> ManifestsOf(const Environment& environment,
                                                  const ObjectPath& folder) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath manifests, folder.Join("manifest"));
  return catalog::VersionStore(environment.store.get(), manifests, "manifest");
}

// A version with what comes behind it. One request; that of a collection which was dropped is not
// there.
absl::StatusOr<catalog::VersionList> ListFrom(const catalog::VersionStore& manifests,
                                              uint64_t version, const Context& context) {
  return manifests.ListAfter(version - 1, context);
}

bool IsLastOf(const catalog::VersionList& found, uint64_t version) {
  return found.versions.size() == 1 && found.newest() == version && found.boundary() <= version;
}

absl::StatusOr<bool> IsLast(const catalog::VersionStore& manifests, uint64_t version,
                            const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto found, ListFrom(manifests, version, context));
  return IsLastOf(found, version);
}

// Whether the newest manifest, which `list` ends with, needs a file of a log.
absl::StatusOr<bool> NeedsFile(const CollectionCore& core, const catalog::VersionStore& manifests,
                               const catalog::VersionList& list, uint64_t file,
                               const Context& context) {
  if (list.versions.empty()) return false;
  const auto newest = manifests.Read(list.newest(), context);
  if (absl::IsNotFound(newest.status())) return false;  // there are newer ones still
  VECDB_RETURN_IF_ERROR(newest.status());
  VECDB_ASSIGN_OR_RETURN(const format::Manifest manifest,
                         ReadManifest(*newest, core.id(), core.name()));
  return manifest.journal.id == core.manifest().journal.id && manifest.journal.first_file <= file;
}

// What the writer did while a state was read so that what was read may be the state of no moment;
// "" when it is one. No request when objects are there and no log was looked for, one while the
// manifest is the newest still, and one more when it is not.
//
// Of a log, what was listed is read without a gap, so that all there is to doubt is its end: files
// that were there, and had been removed when it was listed, after a manifest had been committed
// that does not need them. Objects without records are left behind by that, and look like a log
// that ends there. So the manifests are looked at once more when the log has been listed: whatever
// was removed by then the newest of them does not need, and it needs all files from its first on.
// When the last file that was listed is among those, nothing behind it was missing.
absl::StatusOr<std::string> WhatWasInTheWay(const CollectionCore& core,
                                            const FollowedJournal& followed,
                                            const catalog::VersionStore& manifests,
                                            const Context& context) {
  const bool lacks_objects = HasDamage(*core.Read().view);
  if (!lacks_objects && !followed.is_read) return "";
  VECDB_ASSIGN_OR_RETURN(const auto list, ListFrom(manifests, core.manifest_version(), context));
  if (IsLastOf(list, core.manifest_version())) return "";
  if (lacks_objects) {
    return "objects were collected while they were opened, DatabaseOptions::gc_grace_ms of the "
           "writer is too short";
  }
  if (followed.is_complete) {
    VECDB_ASSIGN_OR_RETURN(const bool is_needed,
                           NeedsFile(core, manifests, list, followed.last_file, context));
    if (is_needed) return "";
  }
  return "the writer has ended its journal, or moved on in it, while it was read";
}

// Null without.
absl::StatusOr<std::shared_ptr<ReaderLease>> MakeLease(const Environment& environment,
                                                       const std::string& id) {
  if (environment.reader_lease_ms == 0) return nullptr;
  VECDB_ASSIGN_OR_RETURN(ObjectPath folder, ObjectPath::Parse("collections/" + id));
  auto lease = std::make_shared<ReaderLease>(environment.store, std::move(folder),
                                             environment.reader_lease_ms, environment.host.clock);
  if (environment.leases != nullptr) environment.leases->Add(lease);
  return lease;
}

}  // namespace

absl::StatusOr<std::shared_ptr<CollectionEngine>> CollectionEngine::OpenReadOnly(
    const Environment& environment, const std::string& id, std::string_view name,
    CollectionEngine* before, const Context& context) {
  const auto old = before == nullptr ? nullptr : before->core_->Read().view;
  VECDB_ASSIGN_OR_RETURN(auto lease,
                         before == nullptr ? MakeLease(environment, id) : before->parts_->lease);
  for (int attempt = 1;; ++attempt) {
    if (lease != nullptr) VECDB_RETURN_IF_ERROR(lease->Renew(context));
    VECDB_ASSIGN_OR_RETURN(const auto engine, ReadNewest(environment, id, name, before,
                                                         attempt == kReadTries, context));
    if (engine == nullptr) continue;
    if (lease != nullptr) lease->Use(engine->core_->Read().view->pin);
    engine->parts_->lease = lease;
    CollectionCore* core = engine->core_.get();
    const bool was_loaded = old != nullptr && old->loaded;
    if (KeepsItselfLoaded(*core) ||
        (was_loaded && format::HasVectorIndex(core->manifest().indexes))) {
      const LoadOptions options = was_loaded ? old->load : LoadOptions{};
      VECDB_RETURN_IF_ERROR(engine->parts_->loads->Load(options, context));
    }
    VECDB_RETURN_IF_ERROR(core->ViewError());
    return engine;
  }
}

// One look at the newest state, with what `before` has in memory. Null when the writer was in the
// way, unless this is the last try.
absl::StatusOr<std::shared_ptr<CollectionEngine>> CollectionEngine::ReadNewest(
    const Environment& environment, const std::string& id, std::string_view name,
    const CollectionEngine* before, bool last_try, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse("collections/" + id));
  VECDB_ASSIGN_OR_RETURN(const catalog::VersionStore manifests, ManifestsOf(environment, folder));
  const int64_t begun_ms = environment.host.clock->NowMillis();
  VECDB_ASSIGN_OR_RETURN(const auto newest, manifests.ReadNewest(context));
  if (!newest.has_value()) return NoManifest(name, folder);
  VECDB_ASSIGN_OR_RETURN(format::Manifest manifest, ReadManifest(*newest, id, name));
  auto core = MakeCore(environment, id, name, folder, std::move(manifest), *newest, nullptr);
  const std::shared_ptr<const View> old = before == nullptr ? nullptr : before->core_->Read().view;
  const bool shares = before != nullptr && SharesSegments(*before->core_, *core);
  VECDB_RETURN_IF_ERROR(OpenSegments(core.get(), {old.get(), shares}, context));
  std::shared_ptr<CollectionEngine> engine(new CollectionEngine(std::move(core)));
  Parts& parts = *engine->parts_;
  auto followed = ReadJournal(engine->core_.get(), &parts.writer,
                              before == nullptr ? nullptr : &before->parts_->followed,
                              &parts.recovery, context);
  if (!last_try && MayBeARace(followed.status())) return nullptr;
  VECDB_RETURN_IF_ERROR(followed.status());
  VECDB_RETURN_IF_ERROR(parts.writer.ShowCommitted(context));
  VECDB_ASSIGN_OR_RETURN(const std::string in_the_way,
                         WhatWasInTheWay(*engine->core_, *followed, manifests, context));
  if (!in_the_way.empty()) {
    if (!last_try) return nullptr;
    return absl::UnavailableError(
        base::StrFormat("collection %s: %s, %d times", name, in_the_way, kReadTries));
  }
  engine->SetFollowed(*std::move(followed), begun_ms);
  return engine;
}

void CollectionEngine::SetFollowed(FollowedJournal followed, int64_t begun_ms) {
  const uint64_t flushed = core_->manifest().flushed_timestamp;
  parts_->settled_timestamp = followed.is_complete ? TimestampAt(begun_ms) - 1 : flushed;
  parts_->service_timestamp = followed.is_complete ? TimestampAt(begun_ms + 1) - 1 : flushed;
  parts_->is_complete = followed.is_complete;
  parts_->followed = std::move(followed);
}

absl::Status CollectionEngine::Follow(Install install, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  if (parts_->lease != nullptr) VECDB_RETURN_IF_ERROR(parts_->lease->Renew(context));
  CollectionMetrics& counts = core_->events().metrics();
  const uint64_t read_before = core_->last_applied();
  VECDB_ASSIGN_OR_RETURN(const bool is_same, FollowJournal(context));
  if (is_same) {
    const bool has_news = core_->last_applied() != read_before;
    ++(has_news ? counts.refreshes_of_journal : counts.refreshes_of_nothing);
    return absl::OkStatus();
  }
  const std::shared_ptr<const View> old = core_->Read().view;
  VECDB_ASSIGN_OR_RETURN(
      auto after, OpenReadOnly(core_->environment(), core_->id(), core_->name(), this, context));
  VECDB_RETURN_IF_ERROR(FollowLoads(*old, after.get(), context));
  install(std::move(after));
  ++counts.refreshes_of_manifest;
  return absl::OkStatus();
}

// What was loaded or released since `old` is so in `after` too, which may have taken long to open.
absl::Status CollectionEngine::FollowLoads(const View& old, CollectionEngine* after,
                                           const Context& context) {
  const std::shared_ptr<const View> now = core_->Read().view;
  if (now->loaded == old.loaded && now->load == old.load) return absl::OkStatus();
  if (!now->loaded) return after->parts_->loads->Release(context);
  if (!format::HasVectorIndex(after->core_->manifest().indexes)) return absl::OkStatus();
  return after->parts_->loads->Load(now->load, context);
}

// Of what was cut short anywhere nothing is known: the collection is to be opened anew.
absl::Status CollectionEngine::ReadNews(std::span<const journal::LogFileInfo> news,
                                        const Context& context) {
  bool has_ended = false;
  const auto rows = base::OrOutOfMemory([&] {
    auto read =
        ReadJournalOn(core_.get(), &parts_->writer, news, parts_->followed.follower.get(), context);
    has_ended = true;
    return read;
  });
  if (!has_ended) core_->NoteViewError(rows.status());
  VECDB_RETURN_IF_ERROR(rows.status());
  NoteFreshRows(*rows);
  return core_->ViewError();
}

// False when the manifest is another one, or the journal cannot be read on.
//
// The journal is listed before the manifests, as WhatWasInTheWay says why: as long as that of
// before is the newest, none of the files that had come by then is missing in the list.
absl::StatusOr<bool> CollectionEngine::FollowJournal(const Context& context) {
  FollowedJournal& followed = parts_->followed;
  // Of files that grow nothing says what has come.
  if (followed.is_read && followed.follower == nullptr) return false;
  if (!core_->ViewError().ok()) return false;
  const int64_t begun_ms = core_->NowMillis();
  std::vector<journal::LogFileInfo> news;
  if (followed.follower != nullptr) {
    VECDB_ASSIGN_OR_RETURN(news, followed.follower->ListNews(context));
  }
  VECDB_ASSIGN_OR_RETURN(const catalog::VersionStore manifests,
                         ManifestsOf(core_->environment(), core_->folder()));
  VECDB_ASSIGN_OR_RETURN(const bool is_newest,
                         IsLast(manifests, core_->manifest_version(), context));
  if (!is_newest && !base::Sabotaged(28)) return false;
  if (!followed.is_complete) return true;  // what is flushed is the same
  if (!news.empty()) {
    const absl::Status read = ReadNews(news, context);
    if (MayBeARace(read)) return false;
    VECDB_RETURN_IF_ERROR(read);
  }
  parts_->settled_timestamp = TimestampAt(begun_ms) - 1;
  parts_->service_timestamp = TimestampAt(begun_ms + 1) - 1;
  return true;
}

void CollectionEngine::NoteRefreshError(const absl::Status& error) const {
  core_->Log(LogLevel::kWarning,
             base::StrFormat("could not be refreshed, and shows what it did: %s",
                             std::string(error.message())));
  core_->events().Failed(
      {.collection = core_->name(), .source = ErrorSource::kRefresh, .status = error});
}

// Of a time that is named it is not enough that it was over when the last refresh began: a write of
// that time may have been on its way then, and have returned since. Records come in the order of
// their times, so that what comes before one that was read was read.
bool CollectionEngine::HasAllFor(const Consistency& consistency, uint64_t required) const {
  const bool is_time = consistency.kind() == Consistency::Kind::kAtLeast ||
                       consistency.kind() == Consistency::Kind::kAsOf;
  if (!is_time) return required <= parts_->settled_timestamp;
  return required <= core_->manifest().flushed_timestamp ||
         (parts_->is_complete && required <= core_->last_applied());
}

uint64_t CollectionEngine::service_timestamp() const { return parts_->service_timestamp; }

absl::StatusOr<bool> CollectionEngine::IsNewest(const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const catalog::VersionStore manifests,
                         ManifestsOf(core_->environment(), core_->folder()));
  return IsLast(manifests, core_->manifest_version(), context);
}

// Of a manifest that is there, with no boundary above it, nothing has been collected: boundaries
// come before versions are removed, and these before objects are.
absl::Status CollectionEngine::ErrorOfHeld(const Snapshot& state, const absl::Status& error,
                                           const Context& context) {
  if (!read_only() || !MayBeARace(error)) return error;
  const auto& pin = state.view->pin;
  if (pin == nullptr || state.view->collection_id != id()) return error;  // not one of this reader
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  const uint64_t version = pin->version;
  VECDB_ASSIGN_OR_RETURN(const catalog::VersionStore manifests,
                         ManifestsOf(core_->environment(), core_->folder()));
  VECDB_ASSIGN_OR_RETURN(const auto list, ListFrom(manifests, version, context));
  if (list.versions.empty()) return error;  // of a collection that was dropped
  const bool is_there = list.versions.front().number == version;
  if (is_there && list.boundary() <= version) return error;
  return absl::UnavailableError(
      base::StrFormat("what the snapshot or iterator reads has been collected by the writer (%s); "
                      "pin or open a newer one, and see DatabaseOptions::reader_lease_ms",
                      std::string(error.message())));
}

double CollectionEngine::AgeSeconds() const {
  if (!read_only()) return 0;
  const auto read_ms = static_cast<int64_t>(service_timestamp() >> base::HybridClock::kCounterBits);
  return static_cast<double>(std::max<int64_t>(core_->NowMillis() - read_ms, 0)) / 1000;
}

uint64_t CollectionEngine::RequiredTimestamp(const Consistency& consistency) const {
  return vecdb::engine::RequiredTimestamp(*core_, consistency);
}

bool CollectionEngine::IsStrong(const Consistency& consistency) const {
  return vecdb::engine::IsStrong(*core_, consistency);
}

absl::Status CollectionEngine::AwaitTime(const Consistency& consistency, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return vecdb::engine::AwaitTime(*core_, consistency, context);
}

}  // namespace vecdb::engine
