#include "catalog/version_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/sealed_json.h"

namespace vecdb::catalog {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxIdBytes = 64;
// What is around the body takes a few hundred bytes.
constexpr size_t kMaxBodyBytes = format::kMaxSealedJsonBytes - 4096;

absl::Status Damaged(std::string_view name, std::string_view why) {
  return absl::DataLossError(base::StrFormat("object %s: %s", name, why));
}

// Ids go into other documents unescaped.
bool IsId(std::string_view id) {
  return id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c));
         });
}

bool HasMembers(const Json& json) {
  for (const char* key : {"number", "base", "epoch"}) {
    if (!json.contains(key) || !json[key].is_number_unsigned()) return false;
  }
  return json.contains("base_id") && json["base_id"].is_string() && json.contains("state") &&
         json["state"].is_object();
}

bool IsPossible(const Version& version, uint64_t base) {
  return version.number > 0 && base == version.number - 1 && version.epoch > 0 &&
         version.epoch <= version.number && !version.commit_id.empty() && IsId(version.commit_id) &&
         IsId(version.base_id);
}

}  // namespace

absl::StatusOr<std::string> ToDocument(std::string_view kind, const Version& version) {
  if (version.body.size() > kMaxBodyBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s version %d would have %d bytes, at most %d can be read", kind,
                        version.number, version.body.size(), kMaxBodyBytes));
  }
  const std::string body = base::StrFormat(
      R"({"number":%d,"base":%d,"base_id":"%s","epoch":%d,"state":%s})", version.number,
      version.number - 1, version.base_id, version.epoch, version.body);
  return format::SealJson(kind, version.commit_id, body);
}

absl::StatusOr<Version> FromDocument(std::string_view name, std::string_view kind, uint64_t number,
                                     std::string_view document) {
  VECDB_ASSIGN_OR_RETURN(format::SealedDocument sealed, format::UnsealJson(name, kind, document));
  const Json json = Json::parse(sealed.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !HasMembers(json)) return Damaged(name, "not a version of a document");
  Version version{.number = json["number"].get<uint64_t>(),
                  .epoch = json["epoch"].get<uint64_t>(),
                  .commit_id = std::move(sealed.id),
                  .base_id = json["base_id"].get<std::string>()};
  if (version.number != number) {
    return Damaged(name, base::StrFormat("says that it is version %d", version.number));
  }
  if (!IsPossible(version, json["base"].get<uint64_t>())) {
    return Damaged(name, "impossible version, base, epoch or id");
  }
  version.body = json["state"].dump();
  return version;
}

}  // namespace vecdb::catalog
