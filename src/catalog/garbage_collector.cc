#include "catalog/garbage_collector.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::catalog {
namespace {

using Names = std::unordered_set<std::string>;

absl::Status Disturbed(const VersionStore& versions, uint64_t number) {
  return absl::UnavailableError(base::StrFormat(
      "%s: version %d, which garbage collection has to look at, was removed meanwhile",
      versions.kind(), number));
}

// A time in the future is that of a clock ahead of ours: young.
bool IsOlderThanGrace(int64_t modified_ms, int64_t limit_ms, const GarbageOptions& options) {
  if (base::Sabotaged(8)) return true;
  return modified_ms <= limit_ms - options.grace_ms;
}

// Below the boundary lie only versions that are to go: their deletes failed, came back at a power
// cut, or a sleeper has made them anew. Their dates say nothing.
absl::StatusOr<uint64_t> LowestRetained(const VersionStore& versions, const VersionList& list,
                                        const GarbageOptions& options) {
  uint64_t held = std::numeric_limits<uint64_t>::max();
  if (options.lowest_held) {
    VECDB_ASSIGN_OR_RETURN(held, options.lowest_held());
  }
  const auto& all = list.versions;
  auto version = std::find_if(all.begin(), all.end(), [&](const VersionInfo& info) {
    return info.number >= list.boundary();
  });
  if (version == all.end()) return Disturbed(versions, list.boundary());
  for (; version + 1 != all.end(); ++version) {
    if (version->number >= held) break;
    const int64_t replaced_ms = (version + 1)->modified_ms;
    if (!IsOlderThanGrace(replaced_ms, options.now_ms, options)) break;
  }
  return version->number;
}

absl::Status CheckEpoch(const VersionStore& versions, const Version& newest,
                        const GarbageOptions& options) {
  if (base::Sabotaged(10)) return absl::OkStatus();
  if (options.epoch == 0 || newest.epoch <= options.epoch) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("%s: fenced: garbage is collected by the newest writer (epoch %d > %d)",
                      versions.kind(), newest.epoch, options.epoch));
}

absl::StatusOr<Names> NamesInRetention(const VersionStore& versions, const VersionList& list,
                                       uint64_t lowest, const References& references,
                                       const GarbageOptions& options, const Context& context) {
  Names names;
  for (const VersionInfo& info : list.versions) {
    if (info.number < lowest) continue;
    const auto version = versions.Read(info.number, context);
    if (absl::IsNotFound(version.status())) return Disturbed(versions, info.number);
    VECDB_RETURN_IF_ERROR(version.status());
    if (info.number == list.newest()) {
      VECDB_RETURN_IF_ERROR(CheckEpoch(versions, *version, options));
    }
    VECDB_ASSIGN_OR_RETURN(std::vector<std::string> named, references(*version));
    names.insert(std::make_move_iterator(named.begin()), std::make_move_iterator(named.end()));
  }
  return names;
}

// Counts what came of a delete; true when the object is gone.
bool Count(const absl::Status& deleted, uint64_t size_bytes, GarbageReport* report) {
  if (!deleted.ok() && !absl::IsNotFound(deleted)) {
    ++report->delete_errors;
    return false;
  }
  report->bytes_deleted += size_bytes;
  return true;
}

absl::Status RemoveVersions(const VersionStore& versions, const VersionList& list, uint64_t lowest,
                            const GarbageOptions& options, const Context& context,
                            GarbageReport* report) {
  const bool has_old = list.versions.front().number < lowest;
  // Before the first delete: a sleeper that puts a deleted number must find the boundary above it.
  if (has_old && list.boundary() < lowest && !options.dry_run && !base::Sabotaged(24)) {
    VECDB_RETURN_IF_ERROR(versions.PutBoundary(lowest, context));
  }
  for (const VersionInfo& info : list.versions) {
    if (info.number >= lowest) break;
    VECDB_RETURN_IF_ERROR(context.Check());
    const absl::Status deleted =
        options.dry_run ? absl::OkStatus() : versions.DeleteVersion(info.number, context);
    if (Count(deleted, info.size_bytes, report)) ++report->versions_deleted;
  }
  const uint64_t boundary = has_old ? std::max(list.boundary(), lowest) : list.boundary();
  for (const VersionInfo& info : list.boundaries) {
    if (info.number >= boundary || options.dry_run) break;
    VECDB_RETURN_IF_ERROR(context.Check());
    Count(versions.DeleteBoundary(info.number, context), info.size_bytes, report);
  }
  return absl::OkStatus();
}

absl::Status RemoveObjects(ObjectStore& store, const std::vector<ObjectInfo>& objects,
                           const Names& named, const IsPinned& is_pinned,
                           const GarbageOptions& options, const Context& context,
                           GarbageReport* report) {
  // What was made in the millisecond in which a job began may be that job's.
  const int64_t limit_ms = std::min(options.now_ms, options.oldest_job_ms - 1);
  for (const ObjectInfo& object : objects) {
    if (named.contains(object.path.str())) continue;
    VECDB_RETURN_IF_ERROR(context.Check());
    const bool may_go = IsOlderThanGrace(object.modified_ms, limit_ms, options) &&
                        !(is_pinned && is_pinned(object.path.str()));
    const auto remove = [&] {
      return options.dry_run ? absl::OkStatus() : store.Delete(object.path, context);
    };
    if (may_go && Count(remove(), object.size_bytes, report)) {
      ++report->objects_deleted;
    } else {
      ++report->orphan_objects;
      report->orphan_bytes += object.size_bytes;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GarbageReport> CollectGarbage(ObjectStore& store, const VersionStore& versions,
                                             const ObjectPath& scope, const References& references,
                                             const IsPinned& is_pinned,
                                             const GarbageOptions& options,
                                             const Context& context) {
  if (options.grace_ms < 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("grace period of %d ms: must not be negative", options.grace_ms));
  }
  // Objects first, versions second. An object that is listed here and committed before the second
  // list is seen as named. One that is committed later belongs to a job that was running when it
  // was listed, and the job's beginning protects it; were the lists taken the other way round, a
  // job could list its object, commit and end in between, and only the grace period would be left.
  VECDB_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> objects, store.List(scope, context));
  VECDB_ASSIGN_OR_RETURN(const VersionList list, versions.List(context));
  if (list.newest() == 0 && list.boundary() == 0) {
    return absl::NotFoundError(base::StrFormat("%s: there is no version", versions.kind()));
  }
  VECDB_ASSIGN_OR_RETURN(const uint64_t lowest, LowestRetained(versions, list, options));
  VECDB_ASSIGN_OR_RETURN(const Names named,
                         NamesInRetention(versions, list, lowest, references, options, context));
  GarbageReport report;
  // Versions before objects, so that no version is there without its objects.
  VECDB_RETURN_IF_ERROR(RemoveVersions(versions, list, lowest, options, context, &report));
  VECDB_RETURN_IF_ERROR(RemoveObjects(store, objects, named, is_pinned, options, context, &report));
  return report;
}

}  // namespace vecdb::catalog
