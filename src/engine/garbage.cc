#include "engine/garbage.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/file_path.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "catalog/garbage_collector.h"
#include "engine/reader_lease.h"
#include "engine/segment_objects.h"
#include "format/log_file.h"
#include "journal/log_name.h"

namespace vecdb::engine {
namespace {

GarbageReport ToPublic(const catalog::GarbageReport& report) {
  return {.versions_deleted = report.versions_deleted,
          .objects_deleted = report.objects_deleted,
          .bytes_deleted = report.bytes_deleted,
          .orphan_objects = report.orphan_objects,
          .orphan_bytes = report.orphan_bytes,
          .delete_errors = report.delete_errors};
}

// An object that nothing names: it goes when it is old enough, and is counted when not.
void CountOrphan(bool removed, uint64_t size_bytes, GarbageReport* report) {
  if (removed) {
    ++report->objects_deleted;
    report->bytes_deleted += size_bytes;
  } else {
    ++report->orphan_objects;
    report->orphan_bytes += size_bytes;
  }
}

absl::StatusOr<std::vector<std::string>> References(const catalog::Version& version) {
  VECDB_ASSIGN_OR_RETURN(const format::Manifest manifest,
                         format::ManifestFromJson(
                             base::StrFormat("manifest version %d", version.number), version.body));
  return ObjectNamesOf(manifest);
}

// Whether a file of the logs of a collection is no part of any: a log of another id, or a file
// before the first one needed. Logs that were salvaged or given up are kept for their owner.
bool IsStale(const format::Manifest& manifest, std::string_view log_id, std::string_view file) {
  const auto& kept = manifest.kept_journals;
  if (std::find(kept.begin(), kept.end(), log_id) != kept.end()) return false;
  if (log_id != manifest.journal.id) return true;
  const auto number = journal::LogFileNumber(file);
  return number.has_value() && *number < manifest.journal.first_file;
}

// Whether no directory is one that a job has made for the first file of its log, which comes next.
// The directories have been listed: one that is made from now on is none of them.
bool NoLogIsBegun(const CollectionCore& core) {
  return core.oldest_job_ms() == std::numeric_limits<int64_t>::max();
}

absl::Status CollectLogFiles(const CollectionCore& core, const std::string& folder,
                             const format::Manifest& manifest, int64_t young_from_ms,
                             GarbageReport* report) {
  FileSystem& files = *core.journal_files();
  const auto logs = files.List(folder);
  if (absl::IsNotFound(logs.status())) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(logs.status());
  const bool may_remove = NoLogIsBegun(core);
  for (const DirectoryEntry& log : *logs) {
    const std::string directory = base::JoinPath(folder, log.name);
    const auto entries = files.List(directory);
    if (!entries.ok()) continue;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.is_directory || !IsStale(manifest, log.name, entry.name)) continue;
      const bool removed = entry.modified_ms < young_from_ms &&
                           files.Unlink(base::JoinPath(directory, entry.name)).ok();
      CountOrphan(removed, entry.size_bytes, report);
    }
    if (may_remove) files.RemoveDirectory(directory).IgnoreError();  // when it was the last
  }
  return absl::OkStatus();
}

// An object of a log, by parts of its name.
struct LogObject {
  const ObjectInfo* info = nullptr;
  std::string_view log_id{};
  std::optional<uint64_t> number{};
};

// Takes out of `objects`, stale ones without records in the order of their names, those that may be
// what keeps a writer that sleeps, however long, from making its number anew. There is one for each
// time that somebody took over from a crash: the first object of that epoch, behind all of before,
// which is never removed. Flushes make such objects, too: the first of a log, and others behind the
// first of their epoch.
absl::Status KeepFences(ObjectStore& store, std::vector<LogObject>* objects,
                        const Context& context) {
  std::vector<LogObject> others;
  std::set<std::pair<std::string_view, uint64_t>> fenced;  // logs with epochs
  for (size_t i = 0; i < objects->size(); ++i) {
    const LogObject& object = (*objects)[i];
    if (!object.number.has_value()) continue;
    if (*object.number == 1) {
      others.push_back(object);
      continue;
    }
    // One that is alone in its log need not be read.
    const bool has_before = i > 0 && (*objects)[i - 1].log_id == object.log_id;
    const bool has_behind = i + 1 < objects->size() && (*objects)[i + 1].log_id == object.log_id;
    if (!has_before && !has_behind) continue;
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto bytes = GetObject(store, object.info->path, format::kLogHeaderBytes, context);
    if (!bytes.ok()) continue;
    const auto header =
        format::DecodeLogHeader(object.info->path.str(), std::as_bytes(std::span(*bytes)));
    if (!header.ok() || header->log_id != object.log_id || header->number != object.number)
      continue;
    const bool is_first = fenced.emplace(object.log_id, header->epoch).second;
    if (!is_first) others.push_back(object);
  }
  objects->swap(others);
  return absl::OkStatus();
}

absl::Status CollectLogObjects(ObjectStore& store, const ObjectPath& folder,
                               const format::Manifest& manifest, int64_t young_from_ms,
                               GarbageReport* report, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto listed, store.List(folder, context));
  std::vector<LogObject> stale;
  std::vector<LogObject> empty;  // the same, without records
  for (const ObjectInfo& info : listed) {
    const std::string_view name(info.path.str());
    const size_t slash = name.rfind('/');
    const size_t begin = folder.str().size() + 1;
    if (slash < begin) continue;
    const LogObject object{.info = &info,
                           .log_id = name.substr(begin, slash - begin),
                           .number = journal::LogFileNumber(name.substr(slash + 1))};
    if (!IsStale(manifest, object.log_id, name.substr(slash + 1))) continue;
    const bool is_empty = info.size_bytes == format::kLogHeaderBytes && !base::Sabotaged(26);
    (is_empty ? empty : stale).push_back(object);
  }
  VECDB_RETURN_IF_ERROR(KeepFences(store, &empty, context));
  stale.insert(stale.end(), empty.begin(), empty.end());
  for (const LogObject& object : stale) {
    const bool removed =
        object.info->modified_ms < young_from_ms && store.Delete(object.info->path, context).ok();
    CountOrphan(removed, object.info->size_bytes, report);
  }
  return absl::OkStatus();
}

}  // namespace

void Add(const GarbageReport& more, GarbageReport* sum) {
  sum->versions_deleted += more.versions_deleted;
  sum->objects_deleted += more.objects_deleted;
  sum->bytes_deleted += more.bytes_deleted;
  sum->orphan_objects += more.orphan_objects;
  sum->orphan_bytes += more.orphan_bytes;
  sum->delete_errors += more.delete_errors;
}

absl::StatusOr<GarbageReport> CollectCollection(const CollectionCore& core, int64_t grace_ms,
                                                const Context& context) {
  const int64_t now = core.NowMillis();
  const int64_t oldest_job = core.oldest_job_ms();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath manifests, core.folder().Join("manifest"));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath segments, core.folder().Join("segments"));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath journals, core.folder().Join("journal"));
  const catalog::VersionStore versions(core.store().get(), manifests, "manifest");
  VECDB_ASSIGN_OR_RETURN(
      const catalog::GarbageReport collected,
      catalog::CollectGarbage(
          *core.store(), versions, segments, References,
          [&core](const std::string& name) { return core.IsPinned(name); },
          {.grace_ms = grace_ms,
           .now_ms = now,
           .oldest_job_ms = oldest_job,
           .epoch = core.epoch(),
           .lowest_held =
               [&] { return LowestLeased(*core.store(), core.folder(), now, grace_ms, context); }},
          context));
  GarbageReport report = ToPublic(collected);
  // The newest manifest was read by now: a log that it does not name was never named, or is not
  // needed any more. A log that is being started is younger than its job.
  const int64_t young_from = std::min(now, oldest_job) - grace_ms;
  VECDB_ASSIGN_OR_RETURN(const auto newest, versions.ReadNewest(context));
  VECDB_ASSIGN_OR_RETURN(const format::Manifest manifest,
                         format::ManifestFromJson(manifests.str(), newest->body));
  if (core.journal_files() != nullptr && core.options().journal == JournalPlace::kDirectory) {
    VECDB_RETURN_IF_ERROR(CollectLogFiles(core, journals.str(), manifest, young_from, &report));
  } else if (core.options().journal == JournalPlace::kObjectStore) {
    VECDB_RETURN_IF_ERROR(
        CollectLogObjects(*core.store(), journals, manifest, young_from, &report, context));
  }
  return report;
}

absl::StatusOr<GarbageReport> CollectDatabase(const Environment& environment, uint64_t epoch,
                                              const std::vector<std::string>& known,
                                              int64_t grace_ms, const Context& context) {
  ObjectStore& store = *environment.store;
  const int64_t now = environment.host.clock->NowMillis();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath catalog, ObjectPath::Parse("catalog"));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath collections, ObjectPath::Parse("collections"));
  VECDB_ASSIGN_OR_RETURN(const auto objects, store.List(collections, context));
  // No data object belongs to the catalog itself: the scope is empty.
  VECDB_ASSIGN_OR_RETURN(const ObjectPath nothing, ObjectPath::Parse("catalog/objects"));
  VECDB_ASSIGN_OR_RETURN(const catalog::GarbageReport collected,
                         catalog::CollectGarbage(
                             store, catalog::VersionStore(&store, catalog, "catalog"), nothing,
                             [](const catalog::Version&) { return std::vector<std::string>(); },
                             [](const std::string&) { return false; },
                             {.grace_ms = grace_ms, .now_ms = now, .epoch = epoch}, context));
  // Only now is it known that no newer writer was there when the objects were listed: those of a
  // collection that it has created are not in `known`.
  GarbageReport report = ToPublic(collected);
  const std::set<std::string, std::less<>> ids(known.begin(), known.end());
  for (const ObjectInfo& object : objects) {
    const std::string_view below =
        std::string_view(object.path.str()).substr(collections.str().size() + 1);
    if (ids.contains(below.substr(0, below.find('/')))) continue;
    VECDB_RETURN_IF_ERROR(context.Check());
    const bool removed =
        object.modified_ms < now - grace_ms && store.Delete(object.path, context).ok();
    CountOrphan(removed, object.size_bytes, &report);
  }
  return report;
}

}  // namespace vecdb::engine
