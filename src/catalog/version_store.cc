#include "catalog/version_store.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/mutex.h"
#include "base/numbered_name.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/sealed_json.h"

namespace vecdb::catalog {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kBoundaryPrefix = "boundary-";
constexpr int kTries = 4;     // to find out what became of a commit
constexpr int kMaxLooks = 5;  // for a newest version that stays until it is read
constexpr absl::Duration kPutLimit = absl::Seconds(30);  // far below the grace of collection
constexpr absl::Duration kReadBackLimit = absl::Seconds(5);

// The number in "<20 digits>.json"; nullopt for any other name. Versions begin at 1.
std::optional<uint64_t> NumberOf(std::string_view name) {
  const std::optional<uint64_t> number = base::NumberInName(name, kSuffix);
  return number == 0u ? std::nullopt : number;
}

void WaitBefore(int attempt) {
  auto wait = std::chrono::milliseconds(10);
  for (int i = 1; i < attempt; ++i) wait *= 4;
  const auto end = std::chrono::steady_clock::now() + wait;
  base::Mutex mutex;
  base::CondVar nobody_signals;
  base::MutexLock lock(&mutex);
  while (std::chrono::steady_clock::now() < end) nobody_signals.WaitUntil(&mutex, end);
}

// Errors by which a store says that it has refused to create an object.
bool IsRefusal(const absl::Status& answer) {
  return absl::IsInvalidArgument(answer) || absl::IsPermissionDenied(answer) ||
         absl::IsResourceExhausted(answer) || absl::IsFailedPrecondition(answer);
}

// A store of the host's that throws instead of answering may have created the object.
absl::Status FinishPut(ObjectWriter& writer) {
  try {
    return writer.Finish(Context::WithTimeout(kPutLimit));
  } catch (const std::bad_alloc&) {
    return base::ErrorOrCode(absl::StatusCode::kUnavailable, "the store has run out of memory");
  }
}

// The codes that say of a commit what this error does not.
absl::Status NothingPut(absl::Status error) {
  if (!absl::IsAborted(error) && !absl::IsUnknown(error)) return error;
  return absl::UnavailableError(
      base::StrFormat("nothing was put: %s", std::string(error.message())));
}

// Calls `read`, which gives a StatusOr, until `settles` accepts its status; not for ever.
template <typename Read, typename Settles>
auto Retry(const std::function<void(int)>& pause, Read read, Settles settles) {
  auto result = read();
  for (int attempt = 1; attempt < kTries && !settles(result.status()); ++attempt) {
    pause(attempt);
    result = read();
  }
  return result;
}

}  // namespace

VersionStore::VersionStore(ObjectStore* store, ObjectPath folder, std::string kind,
                           VersionStoreOptions options)
    : store_(store),
      folder_(std::move(folder)),
      kind_(std::move(kind)),
      options_(std::move(options)) {
  if (!options_.pause) options_.pause = WaitBefore;
  if (!options_.new_id) options_.new_id = base::RandomId;
}

absl::StatusOr<ObjectPath> VersionStore::PathOf(uint64_t number) const {
  return folder_.Join(base::NumberedName(number, kSuffix));
}

absl::StatusOr<ObjectPath> VersionStore::BoundaryPathOf(uint64_t number) const {
  return folder_.Join(
      base::StrFormat("%s%s", kBoundaryPrefix, base::NumberedName(number, kSuffix)));
}

absl::StatusOr<VersionList> VersionStore::List(const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto objects, store_->List(folder_, context));
  return ToVersions(objects);
}

absl::StatusOr<VersionList> VersionStore::ListAfter(uint64_t number, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath known, PathOf(number));
  VECDB_ASSIGN_OR_RETURN(const auto objects, store_->ListAfter(folder_, known, context));
  return ToVersions(objects);
}

VersionList VersionStore::ToVersions(const std::vector<ObjectInfo>& objects) const {
  VersionList list;
  for (const ObjectInfo& object : objects) {
    std::string_view name(object.path.str());
    name.remove_prefix(folder_.str().size() + 1);
    const bool is_boundary = name.starts_with(kBoundaryPrefix);
    if (is_boundary) name.remove_prefix(kBoundaryPrefix.size());
    const std::optional<uint64_t> number = NumberOf(name);
    if (!number.has_value()) continue;
    (is_boundary ? list.boundaries : list.versions)
        .push_back({.number = *number,
                    .size_bytes = object.size_bytes,
                    .modified_ms = object.modified_ms});
  }
  return list;
}

absl::StatusOr<Version> VersionStore::Read(uint64_t number, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
  VECDB_ASSIGN_OR_RETURN(const std::string document,
                         GetObject(*store_, path, format::kMaxSealedJsonBytes, context));
  return FromDocument(path.str(), kind_, number, document);
}

absl::StatusOr<std::optional<Version>> VersionStore::ReadNewest(const Context& context) const {
  VersionList list;
  for (int look = 0; look < kMaxLooks; ++look) {
    VECDB_ASSIGN_OR_RETURN(list, List(context));
    if (list.newest() == 0 && list.boundary() == 0) return std::nullopt;
    // A listing is no snapshot: it may show a boundary and miss the versions above, made meanwhile.
    if (list.newest() == 0 || list.newest() < list.boundary()) continue;
    absl::StatusOr<Version> version = Read(list.newest(), context);
    if (version.ok()) return std::optional<Version>(*std::move(version));
    // Newer ones were made since, so many that this one is garbage already.
    if (!absl::IsNotFound(version.status())) return version.status();
  }
  if (list.newest() == 0 || list.newest() < list.boundary()) {
    return absl::DataLossError(
        base::StrFormat("%s: there were versions up to %d, the newest in %s is %d", kind_,
                        list.boundary(), folder_.str(), list.newest()));
  }
  return absl::UnavailableError(base::StrFormat(
      "%s: version %d was listed and is not there, %d times", kind_, list.newest(), kMaxLooks));
}

absl::StatusOr<Version> VersionStore::CommitNext(const Version& base, uint64_t epoch,
                                                 std::string body, const Context& context) const {
  if (base.number == std::numeric_limits<uint64_t>::max()) {
    return absl::ResourceExhaustedError(
        base::StrFormat("%s: no number is left behind version %d", kind_, base.number));
  }
  Version next{.number = base.number + 1,
               .epoch = epoch,
               .commit_id = options_.new_id(),
               .base_id = base.commit_id,
               .body = std::move(body)};
  auto put = StartPut(next, context);
  if (!put.ok() && !absl::IsAlreadyExists(put.status())) return NothingPut(put.status());
  VECDB_RETURN_IF_ERROR(context.Check());
  // From here on the caller's deadline and cancel could do no more than make a clear answer
  // unclear.
  const absl::Status answer = put.ok() ? FinishPut(**put) : put.status();
  bool is_settled = false;
  const absl::Status settled = base::TryForMemory([&] {
    absl::Status status = Settle(next, answer);
    is_settled = true;
    return status;
  });
  if (!is_settled) {
    return base::ErrorOrCode(absl::StatusCode::kUnknown,
                             "the outcome of a commit is not known, open again: there was no "
                             "memory to find out");
  }
  VECDB_RETURN_IF_ERROR(settled);
  return next;
}

absl::StatusOr<std::unique_ptr<ObjectWriter>> VersionStore::StartPut(const Version& next,
                                                                     const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(next.number));
  VECDB_ASSIGN_OR_RETURN(const std::string document, ToDocument(kind_, next));
  VECDB_ASSIGN_OR_RETURN(auto writer, store_->Create(path, context));
  VECDB_RETURN_IF_ERROR(writer->Append(std::as_bytes(std::span(document)), context));
  return writer;
}

// What `answer` to the put of `next` means. Has a context of its own: the caller's may be the
// reason why the answer is unclear.
absl::Status VersionStore::Settle(const Version& next, const absl::Status& answer) const {
  // That it can be found says nothing then.
  if (absl::IsDataLoss(answer)) return OutcomeUnknown(next, std::string(answer.message()));
  const Context context = Context::WithTimeout(kReadBackLimit);
  if (!answer.ok()) VECDB_RETURN_IF_ERROR(FindOurs(next, answer, context));
  return CheckStands(next, context);
}

// OK when the version is there and is ours. A store may have applied the put and answered with an
// error, a retry below us may have met our own first try, and a put whose answer was lost may still
// be on its way.
absl::Status VersionStore::FindOurs(const Version& next, const absl::Status& answer,
                                    const Context& context) const {
  const bool refused = IsRefusal(answer);
  const auto found = Retry(
      options_.pause, [&] { return Read(next.number, context); },
      [&](const absl::Status& status) {
        return status.ok() || (refused && absl::IsNotFound(status));
      });
  if (refused && absl::IsNotFound(found.status())) return answer;
  if (!found.ok()) {
    return OutcomeUnknown(
        next,
        base::StrFormat("the store answered \"%s\" and reading it back gives \"%s\"",
                        std::string(answer.message()), std::string(found.status().message())));
  }
  if (base::Sabotaged(7)) return absl::OkStatus();
  return found->commit_id == next.commit_id ? absl::OkStatus() : Lost(next.number);
}

// OK when `next`, which is there, is part of the history: the newest, or the base of what follows.
absl::Status VersionStore::CheckStands(const Version& next, const Context& context) const {
  const auto list = Retry(
      options_.pause,
      [&]() -> absl::StatusOr<VersionList> {
        VECDB_ASSIGN_OR_RETURN(VersionList found, List(context));
        if (found.newest() >= next.number) return found;
        return absl::UnavailableError("the store does not list it");
      },
      [](const absl::Status& status) { return status.ok(); });
  if (!list.ok()) return OutcomeUnknown(next, std::string(list.status().message()));
  if (list->newest() == next.number && list->boundary() <= next.number) return absl::OkStatus();
  return CheckIsBase(next, std::max(list->newest(), list->boundary()), context);
}

absl::Status VersionStore::CheckIsBase(const Version& version, uint64_t newest,
                                       const Context& context) const {
  const auto following = Retry(
      options_.pause, [&] { return Read(version.number + 1, context); },
      [](const absl::Status& status) { return status.ok() || absl::IsNotFound(status); });
  if (!following.ok()) {
    return OutcomeUnknown(
        version, base::StrFormat("another writer has gone on to version %d, and the version behind "
                                 "this one cannot be read: %s",
                                 newest, std::string(following.status().message())));
  }
  return following->base_id == version.commit_id ? absl::OkStatus() : Lost(version.number);
}

absl::Status VersionStore::OutcomeUnknown(const Version& next, std::string_view why) const {
  return absl::UnknownError(
      base::StrFormat("commit of %s version %d: the outcome is not known, open again: %s", kind_,
                      next.number, why));
}

absl::Status VersionStore::Lost(uint64_t number) const {
  return absl::AbortedError(
      base::StrFormat("%s version %d was committed by another writer", kind_, number));
}

// That the boundary was there already is as good: whoever made it had the same in mind.
absl::Status VersionStore::PutBoundary(uint64_t number, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, BoundaryPathOf(number));
  const std::string body = base::StrFormat("{\"boundary\":%d}", number);
  const std::string document = format::SealJson(kind_ + "-boundary", options_.new_id(), body);
  const absl::Status put = PutObject(*store_, path, document, context);
  return absl::IsAlreadyExists(put) ? absl::OkStatus() : put;
}

absl::Status VersionStore::DeleteVersion(uint64_t number, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
  return store_->Delete(path, context);
}

absl::Status VersionStore::DeleteBoundary(uint64_t number, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, BoundaryPathOf(number));
  return store_->Delete(path, context);
}

}  // namespace vecdb::catalog
