#include "format/manifest.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_check.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/sealed_json.h"
#include "schema/index_field.h"
#include "schema/schema_json.h"
#include "schema/target_recall.h"
#include "vecdb/object_store.h"

namespace vecdb {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxSegments = 1 << 20;
// Timestamps of a database come from a clock that must be able to go on behind them.
constexpr uint64_t kMaxTimestamp = std::numeric_limits<int64_t>::max();

// Takes the members of a JSON object that nobody has checked. A member that is missing or of
// another type gives a zero and makes ok() false for good, so that a parser may read all and look
// once.
class Members {
 public:
  explicit Members(const Json& json) : json_(json), ok_(json.is_object()) {}

  std::string Text(const char* key) {
    const Json* value = Find(key, &Json::is_string);
    return value == nullptr ? std::string() : value->get<std::string>();
  }
  bool Flag(const char* key) {
    const Json* value = Find(key, &Json::is_boolean);
    return value != nullptr && value->get<bool>();
  }
  uint64_t Count(const char* key) {
    const Json* value = Find(key, &Json::is_number_unsigned);
    return value == nullptr ? 0 : value->get<uint64_t>();
  }
  int32_t Small(const char* key) {
    const uint64_t value = Count(key);
    if (value > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) ok_ = false;
    return ok_ ? static_cast<int32_t>(value) : 0;
  }
  int64_t Whole(const char* key) {
    const uint64_t value = Count(key);
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) ok_ = false;
    return ok_ ? static_cast<int64_t>(value) : 0;
  }
  double Number(const char* key) {
    const Json* value = Find(key, &Json::is_number);
    return value == nullptr ? 0 : value->get<double>();
  }
  // A checksum, which JSON numbers of other tools could not hold.
  uint64_t Hex(const char* key) {
    const std::string text = Text(key);
    uint64_t value = 0;
    if (text.size() != 16) ok_ = false;
    for (char c : text) {
      const size_t digit = std::string_view("0123456789abcdef").find(c);
      if (digit == std::string_view::npos) ok_ = false;
      value = value << 4 | (digit & 15);
    }
    return value;
  }
  const Json& Array(const char* key) {
    static const Json* const kEmpty = new Json(Json::array());
    const Json* value = Find(key, &Json::is_array);
    return value == nullptr ? *kEmpty : *value;
  }
  // The text of a nested object, for the parser of that object.
  std::string Object(const char* key) {
    const Json* value = Find(key, &Json::is_object);
    return value == nullptr ? std::string() : value->dump();
  }
  const Json* Optional(const char* key) {
    const auto found = ok_ ? json_.find(key) : json_.end();
    return !ok_ || found == json_.end() ? nullptr : &*found;
  }

  bool ok() const { return ok_; }

 private:
  const Json* Find(const char* key, bool (Json::*is_type)() const noexcept) {
    const Json* value = Optional(key);
    if (value != nullptr && (value->*is_type)()) return value;
    ok_ = false;
    return nullptr;
  }

  const Json& json_;
  bool ok_;
};

Json ToJson(const ObjectRef& object) {
  return {{"name", object.name},
          {"size", object.size_bytes},
          {"checksum", base::StrFormat("%016x", object.checksum)}};
}

bool Parse(const Json& json, ObjectRef* object) {
  Members members(json);
  object->name = members.Text("name");
  object->size_bytes = members.Count("size");
  object->checksum = members.Hex("checksum");
  return members.ok() && ObjectPath::Parse(object->name).ok();
}

// An array of [k, effort, recall]; there are many.
Json ToJson(const std::vector<RecallPoint>& calibration) {
  Json json = Json::array();
  for (const RecallPoint& point : calibration) {
    json.push_back({point.k, point.effort, point.recall});
  }
  return json;
}

bool Parse(const Json& json, std::vector<RecallPoint>* calibration) {
  if (!json.is_array() || json.size() > schema::kMaxRecallPoints) return false;
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  for (const Json& point : json) {
    if (!point.is_array() || point.size() != 3 || !point[0].is_number_unsigned() ||
        !point[1].is_number_unsigned() || !point[2].is_number()) {
      return false;
    }
    if (point[0].get<uint64_t>() > kMost || point[1].get<uint64_t>() > kMost) return false;
    calibration->push_back({.k = point[0].get<uint32_t>(),
                            .effort = point[1].get<uint32_t>(),
                            .recall = point[2].get<double>()});
  }
  return true;
}

Json ToJson(const SegmentIndexInfo& index) {
  Json json = {{"field", index.field},
               {"spec", Json::parse(index.spec.ToJson())},
               {"object", ToJson(index.object)}};
  if (!index.calibration.empty()) json["calibration"] = ToJson(index.calibration);
  return json;
}

bool Parse(const Json& json, SegmentIndexInfo* index) {
  Members members(json);
  index->field = members.Text("field");
  const auto spec = IndexSpec::FromJson(members.Object("spec"));
  if (!members.ok() || !spec.ok() || !json.contains("object")) return false;
  index->spec = *spec;
  // Older files have none.
  if (const Json* calibration = members.Optional("calibration"); calibration != nullptr) {
    if (!Parse(*calibration, &index->calibration)) return false;
  }
  return Parse(json["object"], &index->object) &&
         schema::IsCalibration(index->spec, index->calibration);
}

Json ToJson(const SegmentInfo& info, bool with_schema) {
  Json json = {{"folder", info.folder},
               {"rows", info.num_rows},
               {"deletes", info.num_deletes},
               {"min_timestamp", info.min_timestamp},
               {"max_timestamp", info.max_timestamp},
               {"min_key", info.min_key},
               {"max_key", info.max_key},
               {"objects", Json::array()},
               {"indexes", Json::array()}};
  if (with_schema) json["schema"] = Json::parse(schema::SchemaToJson(info.schema));
  for (const ObjectRef& object : info.objects) json["objects"].push_back(ToJson(object));
  for (const SegmentIndexInfo& index : info.indexes) json["indexes"].push_back(ToJson(index));
  if (info.deletes.has_value()) json["delete_object"] = ToJson(*info.deletes);
  return json;
}

// All but the schema.
bool Parse(const Json& json, SegmentInfo* info) {
  Members members(json);
  info->folder = members.Text("folder");
  info->num_rows = members.Count("rows");
  info->num_deletes = members.Count("deletes");
  info->min_timestamp = members.Count("min_timestamp");
  info->max_timestamp = members.Count("max_timestamp");
  info->min_key = members.Text("min_key");
  info->max_key = members.Text("max_key");
  for (const Json& object : members.Array("objects")) {
    if (!Parse(object, &info->objects.emplace_back())) return false;
  }
  for (const Json& index : members.Array("indexes")) {
    if (!Parse(index, &info->indexes.emplace_back())) return false;
  }
  if (const Json* deletes = members.Optional("delete_object"); deletes != nullptr) {
    if (!Parse(*deletes, &info->deletes.emplace())) return false;
  }
  return members.ok() && ObjectPath::Parse(info->folder).ok() &&
         info->num_deletes <= info->num_rows &&
         info->deletes.has_value() == (info->num_deletes > 0) &&
         info->min_timestamp <= info->max_timestamp &&
         info->num_rows <= static_cast<uint64_t>(std::numeric_limits<int32_t>::max());
}

// Indexes, or definitions of such, of one schema: each on a field of its kind, one on a field at
// most.
template <typename Index>
bool FitSchema(const std::vector<Index>& indexes, const Schema& schema) {
  for (auto index = indexes.begin(); index != indexes.end(); ++index) {
    const auto same_field = [&](const Index& other) { return other.field == index->field; };
    const std::optional<size_t> column = schema.FindField(index->field);
    if (!column.has_value() || std::any_of(indexes.begin(), index, same_field)) return false;
    if (!schema::CheckIndexField(schema.fields[*column], index->spec).ok()) return false;
  }
  return true;
}

Json ParseTree(std::string_view json) {
  if (!base::PreCheckJson(json).ok()) return Json();
  Json tree = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  return tree.is_discarded() ? Json() : tree;
}

// Strings may hold bytes that are no UTF-8 only through our own bug; never throw for them.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

uint64_t SegmentInfo::size_bytes() const {
  uint64_t bytes = deletes.has_value() ? deletes->size_bytes : 0;
  for (const ObjectRef& object : objects) bytes += object.size_bytes;
  for (const SegmentIndexInfo& index : indexes) bytes += index.object.size_bytes;
  return bytes;
}

std::string SegmentInfo::ToJson() const { return Dump(vecdb::ToJson(*this, /*with_schema=*/true)); }

absl::StatusOr<SegmentInfo> SegmentInfo::FromJson(std::string_view json) {
  const Json tree = ParseTree(json);
  SegmentInfo info;
  if (!Parse(tree, &info) || !tree.contains("schema"))
    return format::DamagedDocument("segment info", "is impossible");
  VECDB_ASSIGN_OR_RETURN(info.schema, schema::SchemaFromJson(Dump(tree["schema"])));
  if (!FitSchema(info.indexes, info.schema)) {
    return format::DamagedDocument("segment info", "an index has no field of its own");
  }
  return info;
}

absl::StatusOr<SegmentInfo> SegmentInfo::Read(ObjectStore& store, const ObjectPath& folder,
                                              const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, folder.Join("segment.json"));
  VECDB_ASSIGN_OR_RETURN(const std::string document,
                         GetObject(store, path, format::kMaxSealedJsonBytes, context));
  VECDB_ASSIGN_OR_RETURN(const format::SealedDocument sealed,
                         format::UnsealJson(path.str(), "segment", document));
  return FromJson(sealed.body);
}

namespace format {

namespace {

// A log has some files at a time; more than this many is damage.
constexpr uint64_t kMaxLogFiles = 1 << 20;

Json ToJson(const JournalState& journal, JournalPlace place) {
  return {{"place", static_cast<int32_t>(place)},
          {"id", journal.id},
          {"first_file", journal.first_file},
          {"last_file", journal.last_file}};
}

bool Parse(const Json& json, JournalState* journal, JournalPlace* place) {
  Members members(json);
  const int32_t place_number = members.Small("place");
  journal->id = members.Text("id");
  journal->first_file = members.Count("first_file");
  journal->last_file = members.Count("last_file");
  *place = static_cast<JournalPlace>(place_number);
  if (!members.ok() || place_number > 3) return false;
  if (journal->id.empty()) return journal->first_file == 0 && journal->last_file == 0;
  return base::IsRandomId(journal->id) && journal->first_file >= 1 &&
         journal->first_file <= journal->last_file &&
         journal->last_file - journal->first_file < kMaxLogFiles;
}

}  // namespace

bool HasVectorIndex(std::span<const IndexDefinition> indexes) {
  return std::any_of(indexes.begin(), indexes.end(),
                     [](const IndexDefinition& index) { return !index.spec.is_scalar(); });
}

std::string ManifestToJson(const Manifest& manifest) {
  const CollectionOptions& options = manifest.options;
  Json json = {{"collection", manifest.collection_id},
               {"schema", Json::parse(schema::SchemaToJson(manifest.schema))},
               {"num_shards", options.num_shards},
               {"load", static_cast<int32_t>(options.load)},
               {"on_duplicate_key", static_cast<int32_t>(options.on_duplicate_key)},
               {"segment_max_bytes", options.segment_max_bytes},
               {"seal_proportion", options.seal_proportion},
               {"durability", static_cast<int32_t>(options.durability)},
               {"journal_max_bytes", options.journal_max_bytes},
               {"consistency", static_cast<int32_t>(options.consistency)},
               {"staleness_ms", options.staleness_ms},
               {"retention_ms", options.retention_ms},
               {"flushed_timestamp", manifest.flushed_timestamp},
               {"host_sequence", manifest.host_sequence},
               {"journal", ToJson(manifest.journal, options.journal)},
               {"kept_journals", manifest.kept_journals},
               {"indexes", Json::array()},
               {"segments", Json::array()}};
  if (!options.auto_compaction) json["auto_compaction"] = false;
  if (!options.interim_index) json["interim_index"] = false;
  if (options.space_amplification != CollectionOptions{}.space_amplification) {
    json["space_amplification"] = options.space_amplification;
  }
  if (options.ttl_seconds != 0) json["ttl_seconds"] = options.ttl_seconds;
  if (manifest.history_from > 0) json["history_from"] = manifest.history_from;
  if (manifest.expired_until > 0) json["expired_until"] = manifest.expired_until;
  for (const IndexDefinition& index : manifest.indexes) {
    json["indexes"].push_back({{"field", index.field}, {"spec", Json::parse(index.spec.ToJson())}});
  }
  for (const ManifestSegment& segment : manifest.segments) {
    json["segments"].push_back({{"id", segment.id},
                                {"shard", segment.shard},
                                {"info", vecdb::ToJson(segment.info, /*with_schema=*/false)}});
  }
  return Dump(json);
}

absl::StatusOr<Manifest> ManifestFromJson(std::string_view name, std::string_view json) {
  const Json tree = ParseTree(json);
  Members members(tree);
  Manifest manifest;
  manifest.collection_id = members.Text("collection");
  const std::string schema_json = members.Object("schema");
  manifest.options.num_shards = members.Small("num_shards");
  const int32_t load = members.Small("load");
  const int32_t duplicates = members.Small("on_duplicate_key");
  manifest.options.segment_max_bytes = members.Count("segment_max_bytes");
  manifest.options.seal_proportion = members.Number("seal_proportion");
  const int32_t durability = members.Small("durability");
  manifest.options.journal_max_bytes = members.Count("journal_max_bytes");
  const int32_t consistency = members.Small("consistency");
  manifest.options.staleness_ms = members.Whole("staleness_ms");
  manifest.options.retention_ms = members.Whole("retention_ms");
  manifest.flushed_timestamp = members.Count("flushed_timestamp");
  manifest.host_sequence = members.Count("host_sequence");
  // Older files have none of these.
  if (members.Optional("auto_compaction") != nullptr) {
    manifest.options.auto_compaction = members.Flag("auto_compaction");
  }
  if (members.Optional("interim_index") != nullptr) {
    manifest.options.interim_index = members.Flag("interim_index");
  }
  if (members.Optional("space_amplification") != nullptr) {
    manifest.options.space_amplification = members.Number("space_amplification");
  }
  if (members.Optional("history_from") != nullptr) {
    manifest.history_from = members.Count("history_from");
  }
  if (members.Optional("ttl_seconds") != nullptr) {
    manifest.options.ttl_seconds = members.Whole("ttl_seconds");
  }
  if (members.Optional("expired_until") != nullptr) {
    manifest.expired_until = members.Count("expired_until");
  }
  if (!members.ok() || load < 1 || load > 2 || duplicates < 1 || duplicates > 2 || durability < 1 ||
      durability > 3 || consistency > 3 || manifest.flushed_timestamp > kMaxTimestamp ||
      manifest.history_from > manifest.flushed_timestamp ||
      manifest.expired_until > kMaxTimestamp || !tree.contains("journal") ||
      !Parse(tree["journal"], &manifest.journal, &manifest.options.journal)) {
    return DamagedDocument(name, "impossible manifest");
  }
  manifest.options.durability = static_cast<Durability>(durability);
  manifest.options.consistency = static_cast<ConsistencyLevel>(consistency);
  manifest.options.load = static_cast<LoadPolicy>(load);
  manifest.options.on_duplicate_key = static_cast<DuplicateKeyPolicy>(duplicates);
  VECDB_ASSIGN_OR_RETURN(manifest.schema, schema::SchemaFromJson(schema_json));
  for (const Json& index : members.Array("indexes")) {
    Members fields(index);
    const std::string field = fields.Text("field");
    const auto spec = IndexSpec::FromJson(fields.Object("spec"));
    if (!fields.ok() || !spec.ok()) return DamagedDocument(name, "impossible index definition");
    manifest.indexes.push_back({.field = field, .spec = *spec});
  }
  for (const Json& id : members.Array("kept_journals")) {
    if (!id.is_string() || !ObjectPath::Parse(id.get<std::string>()).ok()) {
      return DamagedDocument(name, "impossible id of a journal");
    }
    manifest.kept_journals.push_back(id.get<std::string>());
  }
  if (!FitSchema(manifest.indexes, manifest.schema)) {
    return DamagedDocument(name, "an index definition has no field of its own");
  }
  for (const Json& entry : members.Array("segments")) {
    Members fields(entry);
    ManifestSegment& segment = manifest.segments.emplace_back();
    segment.id = fields.Text("id");
    segment.shard = fields.Small("shard");
    if (!fields.ok() || !entry.contains("info") || !vecdb::Parse(entry["info"], &segment.info) ||
        segment.shard >= manifest.options.num_shards ||
        segment.info.max_timestamp > kMaxTimestamp ||
        !FitSchema(segment.info.indexes, manifest.schema) ||
        manifest.segments.size() > kMaxSegments) {
      return DamagedDocument(name, "impossible segment");
    }
    segment.info.schema = manifest.schema;
  }
  if (!members.ok()) return DamagedDocument(name, "impossible manifest");
  return manifest;
}

std::string CatalogToJson(const std::vector<CatalogEntry>& entries) {
  Json json = {{"collections", Json::array()}};
  for (const CatalogEntry& entry : entries) {
    json["collections"].push_back(
        {{"name", entry.name}, {"id", entry.id}, {"dropped", entry.dropped}});
  }
  return Dump(json);
}

absl::StatusOr<std::vector<CatalogEntry>> CatalogFromJson(std::string_view name,
                                                          std::string_view json) {
  const Json tree = ParseTree(json);
  Members members(tree);
  std::vector<CatalogEntry> entries;
  for (const Json& item : members.Array("collections")) {
    Members fields(item);
    CatalogEntry entry{
        .name = fields.Text("name"), .id = fields.Text("id"), .dropped = fields.Flag("dropped")};
    if (!fields.ok() || !ObjectPath::Parse(entry.id).ok())
      return DamagedDocument(name, "impossible collection");
    entries.push_back(std::move(entry));
  }
  if (!members.ok()) return DamagedDocument(name, "impossible catalog");
  return entries;
}

}  // namespace format
}  // namespace vecdb
