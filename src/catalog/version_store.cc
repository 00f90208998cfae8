#include "catalog/version_store.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "format/sealed_json.h"

namespace vecdb::catalog {
namespace {

constexpr size_t kDigits = 20;
constexpr std::string_view kSuffix = ".json";

// The number in "<folder>/00000000000000000042.json"; nullopt for any other name.
std::optional<uint64_t> NumberOf(std::string_view path, std::string_view folder) {
  if (path.size() != folder.size() + 1 + kDigits + kSuffix.size() || !path.ends_with(kSuffix)) {
    return std::nullopt;
  }
  const std::string_view digits = path.substr(folder.size() + 1, kDigits);
  uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + kDigits, number);
  if (read.ec != std::errc() || read.ptr != digits.data() + kDigits) return std::nullopt;
  return number;
}

}  // namespace

VersionStore::VersionStore(ObjectStore* store, ObjectPath folder, std::string kind)
    : store_(store), folder_(std::move(folder)), kind_(std::move(kind)) {}

absl::StatusOr<ObjectPath> VersionStore::PathOf(uint64_t number) const {
  return folder_.Join(absl::StrFormat("%020d%s", number, kSuffix));
}

absl::StatusOr<Version> VersionStore::Read(uint64_t number, std::string* commit_id,
                                           const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
  VECDB_ASSIGN_OR_RETURN(const std::string document,
                         GetObject(*store_, path, format::kMaxSealedJsonBytes, context));
  VECDB_ASSIGN_OR_RETURN(format::SealedDocument sealed,
                         format::UnsealJson(path.str(), kind_, document));
  if (commit_id != nullptr) *commit_id = std::move(sealed.id);
  return Version{.number = number, .body = std::move(sealed.body)};
}

absl::StatusOr<std::optional<Version>> VersionStore::ReadNewest(const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto objects, store_->List(folder_, context));
  std::optional<uint64_t> newest;
  for (const ObjectInfo& object : objects) {
    const std::optional<uint64_t> number = NumberOf(object.path.str(), folder_.str());
    if (number.has_value() && (!newest.has_value() || *number > *newest)) newest = number;
  }
  if (!newest.has_value()) return std::nullopt;
  VECDB_ASSIGN_OR_RETURN(Version version, Read(*newest, nullptr, context));
  return version;
}

absl::Status VersionStore::Commit(uint64_t number, std::string_view body,
                                  const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
  const std::string commit_id = base::RandomId();
  const absl::Status put =
      PutObject(*store_, path, format::SealJson(kind_, commit_id, body), context);
  if (put.ok()) return put;
  if (absl::IsAlreadyExists(put) || absl::IsUnknown(put) || absl::IsUnavailable(put)) {
    return FindOutcome(number, commit_id, put, context);
  }
  return put;
}

// Reads the version back. A store may have applied the put and answered with an error, and a retry
// below us may have met our own first try.
absl::Status VersionStore::FindOutcome(uint64_t number, std::string_view commit_id,
                                       const absl::Status& answer, const Context& context) const {
  std::string found_id;
  const auto found = Read(number, &found_id, context);
  if (absl::IsNotFound(found.status()) && !absl::IsUnknown(answer)) return answer;
  if (!found.ok()) {
    return absl::UnknownError(absl::StrFormat(
        "commit of %s version %d: the store answered \"%s\" and it cannot be read back: %s; the "
        "outcome is "
        "not known, open again",
        kind_, number, std::string(answer.message()), std::string(found.status().message())));
  }
  if (found_id == commit_id) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrFormat("%s version %d was committed by another writer", kind_, number));
}

}  // namespace vecdb::catalog
