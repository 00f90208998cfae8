#include "format/sealed_json.h"

#include <nlohmann/json.hpp>

#include "base/checksum.h"
#include "base/json_check.h"
#include "base/str_format.h"

namespace vecdb::format {
namespace {

constexpr uint64_t kDocumentFormatVersion = 1;
constexpr std::string_view kPrefix = "{\"checksum\":\"";
constexpr size_t kDigits = 16;
constexpr size_t kCoveredFrom =
    kPrefix.size() + kDigits + 2;  // behind the digits, their quote and comma

}  // namespace

absl::Status DamagedDocument(std::string_view name, std::string_view why) {
  return absl::DataLossError(base::StrFormat("object %s: %s", name, why));
}

std::string SealJson(std::string_view kind, std::string_view id, std::string_view body) {
  const std::string covered =
      base::StrFormat("\"format\":%d,\"kind\":\"%s\",\"id\":\"%s\",\"features\":[],\"body\":%s}\n",
                      kDocumentFormatVersion, kind, id, body);
  return base::StrFormat("%s%016x\",%s", kPrefix, base::Xxh3(covered), covered);
}

absl::StatusOr<SealedDocument> UnsealJson(std::string_view name, std::string_view kind,
                                          std::string_view document) {
  if (document.size() < kCoveredFrom || !document.starts_with(kPrefix)) {
    return DamagedDocument(name, "not a vecdb document");
  }
  const std::string_view covered = document.substr(kCoveredFrom);
  const std::string digits = base::StrFormat("%016x\",", base::Xxh3(covered));
  if (document.substr(kPrefix.size(), kDigits + 2) != digits)
    return DamagedDocument(name, "checksum differs");
  if (!base::PreCheckJson(document).ok()) return DamagedDocument(name, "not a vecdb document");
  const auto json = nlohmann::json::parse(document, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("format") || !json["format"].is_number_unsigned() ||
      !json.contains("kind") || !json["kind"].is_string() || !json.contains("id") ||
      !json["id"].is_string() || !json.contains("features") || !json["features"].is_array() ||
      !json.contains("body") || !json["body"].is_object()) {
    return DamagedDocument(name, "not a vecdb document");
  }
  if (json["format"].get<uint64_t>() > kDocumentFormatVersion) {
    return absl::FailedPreconditionError(
        base::StrFormat("object %s: format version %d; this library reads up to %d", name,
                        json["format"].get<uint64_t>(), kDocumentFormatVersion));
  }
  if (!json["features"].empty()) {
    return absl::FailedPreconditionError(
        base::StrFormat("object %s: needs the feature %s, which this library does not have", name,
                        json["features"][0].dump()));
  }
  if (json["kind"].get<std::string>() != kind)
    return DamagedDocument(name, "a document of another kind");
  return SealedDocument{.id = json["id"].get<std::string>(), .body = json["body"].dump()};
}

}  // namespace vecdb::format
