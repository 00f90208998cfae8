#include "store/store_probe.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::store {
namespace {

constexpr std::string_view kFirst = "vecdb looks whether this store creates if absent: first";
constexpr std::string_view kSecond = "vecdb looks whether this store creates if absent: second";
constexpr uint64_t kMaxBytes = 4096;
constexpr absl::Duration kDeleteLimit = absl::Seconds(5);

constexpr std::string_view kUnfit =
    "the store cannot be written to safely, for it does not create objects only if they are absent";

absl::Status Unfit(const ObjectPath& path, std::string_view what) {
  return absl::FailedPreconditionError(
      base::StrFormat("%s: object '%s': %s", kUnfit, path.str(), what));
}

bool IsUnfit(const absl::Status& result) {
  return absl::IsFailedPrecondition(result) && std::string(result.message()).starts_with(kUnfit);
}

// Errors that a store without fault may answer, or that it may not answer next time.
bool SaysNothing(const absl::Status& error) {
  return absl::IsUnavailable(error) || absl::IsCancelled(error) ||
         absl::IsDeadlineExceeded(error) || absl::IsResourceExhausted(error) ||
         absl::IsPermissionDenied(error);
}

absl::Status CheckHoldsFirst(ObjectStore& store, const ObjectPath& path, const Context& context) {
  const auto found = GetObject(store, path, kMaxBytes, context);
  if (found.ok() && *found == kFirst) return absl::OkStatus();
  if (found.ok() && *found == kSecond) return Unfit(path, "the second write replaced the first");
  if (found.ok()) return Unfit(path, "it holds what was never written");
  if (absl::IsNotFound(found.status())) return Unfit(path, "it was written and is not there");
  return found.status();
}

// The answer may be lost, or be to a retry below us that met our own first try.
absl::Status CreateFirst(ObjectStore& store, const ObjectPath& path, const Context& context) {
  const absl::Status put = PutObject(store, path, kFirst, context);
  if (!absl::IsAlreadyExists(put) && !absl::IsUnknown(put)) return put;
  const absl::Status found = CheckHoldsFirst(store, path, context);
  return found.ok() || absl::IsAlreadyExists(put) ? found : put;
}

absl::Status CheckRefusesSecond(ObjectStore& store, const ObjectPath& path,
                                const Context& context) {
  const absl::Status put = PutObject(store, path, kSecond, context);
  if (absl::IsAlreadyExists(put)) return absl::OkStatus();
  if (put.ok()) return Unfit(path, "a second write was answered OK");
  if (SaysNothing(put)) return put;
  return Unfit(path, base::StrFormat("a second write was answered \"%s\", not AlreadyExists",
                                     put.ToString()));
}

absl::Status CheckIsListed(ObjectStore& store, const ObjectPath& folder, const ObjectPath& path,
                           const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto objects, store.List(folder, context));
  const bool listed = std::any_of(objects.begin(), objects.end(), [&](const ObjectInfo& object) {
    return object.path == path && object.size_bytes == kFirst.size();
  });
  return listed ? absl::OkStatus() : Unfit(path, "it was written and is not listed");
}

absl::Status Probe(ObjectStore& store, const ObjectPath& folder, const ObjectPath& path,
                   const Context& context) {
  VECDB_RETURN_IF_ERROR(CreateFirst(store, path, context));
  VECDB_RETURN_IF_ERROR(CheckRefusesSecond(store, path, context));
  VECDB_RETURN_IF_ERROR(CheckHoldsFirst(store, path, context));
  return CheckIsListed(store, folder, path, context);
}

}  // namespace

absl::Status ProbeCreateIfAbsent(ObjectStore& store, const ObjectPath& folder,
                                 std::string_view override_name, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, folder.Join("probe-" + base::RandomId()));
  absl::Status result = Probe(store, folder, path, context);
  // One that stays costs its few bytes: no version store takes its name for a version.
  store.Delete(path, Context::WithTimeout(kDeleteLimit)).IgnoreError();
  if (!IsUnfit(result)) return result;
  return absl::FailedPreconditionError(base::StrFormat(
      "%s (%s opens it all the same)", std::string(result.message()), override_name));
}

}  // namespace vecdb::store
