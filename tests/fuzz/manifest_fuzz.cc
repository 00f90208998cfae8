// Sealed documents and what is in them. kFramed: the rest is the body alone.
//
// mode: bits 0-1 shape; bits 2-3 kind of the document: manifest, catalog, segment
#include <algorithm>

#include "catalog/version_document.h"
#include "format/manifest.h"
#include "format/sealed_json.h"
#include "fuzz/fuzz_support.h"

namespace vecdb::fuzz {
namespace {

constexpr uint64_t kNumber = 2;  // of every version in the corpus

bool IsPath(std::string_view text) { return ObjectPath::Parse(text).ok(); }

bool IsLogId(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Every reference must stay below the root of the store.
void CheckNames(const SegmentInfo& info) {
  bool sound = IsPath(info.folder);
  for (const ObjectRef& object : info.objects) sound = sound && IsPath(object.name);
  for (const SegmentIndexInfo& index : info.indexes) sound = sound && IsPath(index.object.name);
  if (info.deletes.has_value()) sound = sound && IsPath(info.deletes->name);
  Require(sound, "a segment names objects of the store");
}

void UseManifest(std::string_view body) {
  const auto manifest = format::ManifestFromJson("fuzz", body);
  if (!manifest.ok()) return;
  for (const format::ManifestSegment& segment : manifest->segments) CheckNames(segment.info);
  Require(manifest->journal.id.empty() || IsLogId(manifest->journal.id), "a log has an id");
  Require(std::all_of(manifest->kept_journals.begin(), manifest->kept_journals.end(), IsPath),
          "ids of logs that are kept are paths");
  const auto again = format::ManifestFromJson("fuzz", format::ManifestToJson(*manifest));
  Require(again.ok() && *again == *manifest, "a manifest is the same when it is read again");
}

void UseCatalog(std::string_view body) {
  const auto entries = format::CatalogFromJson("fuzz", body);
  if (!entries.ok()) return;
  for (const format::CatalogEntry& entry : *entries) Require(IsPath(entry.id), "ids are paths");
  const auto again = format::CatalogFromJson("fuzz", format::CatalogToJson(*entries));
  Require(again.ok() && *again == *entries, "a catalog is the same when it is read again");
}

void UseSegment(std::string_view body) {
  const auto info = SegmentInfo::FromJson(body);
  if (!info.ok()) return;
  CheckNames(*info);
  const auto again = SegmentInfo::FromJson(info->ToJson());
  Require(again.ok() && *again == *info, "a segment is the same when it is read again");
}

void UseVersion(std::string_view kind, std::string_view document) {
  const auto version = catalog::FromDocument("fuzz", kind, kNumber, document);
  if (!version.ok()) return;
  const auto again = catalog::ToDocument(kind, *version);
  Require(again.ok(), "a version can be written");
  const auto reread = catalog::FromDocument("fuzz", kind, kNumber, *again);
  Require(reread.ok() && reread->body == version->body, "a version keeps its body");
  kind == "manifest" ? UseManifest(version->body) : UseCatalog(version->body);
}

void UseBody(int kind, std::string_view body) {
  if (kind == 0) return UseManifest(body);
  if (kind == 1) return UseCatalog(body);
  UseSegment(body);
}

void UseDocument(int kind, std::string_view document) {
  if (kind == 0) return UseVersion("manifest", document);
  if (kind == 1) return UseVersion("catalog", document);
  const auto sealed = format::UnsealJson("fuzz", "segment", document);
  if (sealed.ok()) UseSegment(sealed->body);
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using vecdb::fuzz::Shape;
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const Shape shape = vecdb::fuzz::ShapeOf(mode);
  if (shape == Shape::kFramed) {
    vecdb::fuzz::UseBody(mode >> 2 & 3, input.rest());
    return 0;
  }
  std::string document(input.rest());
  if (shape == Shape::kFixed) vecdb::fuzz::FixSealedJson(&document);
  vecdb::fuzz::UseDocument(mode >> 2 & 3, document);
  return 0;
}
