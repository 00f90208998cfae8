#include "format/shredded_field.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/byte_io.h"
#include "base/utf8.h"
#include "format/json_path_tree.h"

namespace vecdb::format {
namespace {

constexpr int32_t kMaxFieldId = 0xffff;
constexpr int32_t kDynamicFieldId = 2;
constexpr uint64_t kCountBytes = 4;
constexpr uint64_t kFieldBytes = 20;

bool CanBeShredded(DataType type) {
  return type == DataType::kBool || type == DataType::kInt64 || type == DataType::kDouble ||
         type == DataType::kVarChar;
}

bool IsJsonField(int32_t id) {
  return id == kDynamicFieldId || (id >= kFirstFieldId && id < kFirstHiddenFieldId);
}

bool IsHiddenField(int32_t id) { return id >= kFirstHiddenFieldId && id <= kMaxFieldId; }

bool GetPath(uint32_t num_keys, base::ByteReader* reader, std::vector<std::string>* path) {
  if (num_keys < 1 || num_keys > kMaxPathKeys) return false;
  for (uint32_t i = 0; i < num_keys; ++i) {
    const auto size = reader->Get<uint16_t>();
    const auto bytes = reader->GetBytes(size);
    path->emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (size > kMaxPathKeyBytes || !base::IsValidUtf8(path->back())) return false;
  }
  return true;
}

bool GetField(base::ByteReader* reader, ShreddedField* field) {
  field->json_field_id = reader->Get<int32_t>();
  field->type = static_cast<DataType>(reader->Get<int32_t>());
  field->states_field_id = reader->Get<int32_t>();
  field->values_field_id = reader->Get<int32_t>();
  const auto num_keys = reader->Get<uint32_t>();
  return GetPath(num_keys, reader, &field->path) && reader->ok() &&
         IsJsonField(field->json_field_id) && CanBeShredded(field->type) &&
         IsHiddenField(field->states_field_id) && IsHiddenField(field->values_field_id);
}

bool AllDiffer(std::span<const ShreddedField> fields) {
  std::set<int32_t> ids;
  std::set<std::pair<int32_t, std::vector<std::string>>> paths;
  return std::all_of(fields.begin(), fields.end(), [&](const ShreddedField& field) {
    return ids.insert(field.states_field_id).second && ids.insert(field.values_field_id).second &&
           paths.emplace(field.json_field_id, field.path).second;
  });
}

}  // namespace

std::string EncodeShredded(std::span<const ShreddedField> fields) {
  base::ByteWriter out;
  out.Put(static_cast<uint32_t>(fields.size()));
  for (const ShreddedField& field : fields) {
    out.Put(field.json_field_id);
    out.Put(static_cast<int32_t>(field.type));
    out.Put(field.states_field_id);
    out.Put(field.values_field_id);
    out.Put(static_cast<uint32_t>(field.path.size()));
    for (const std::string& key : field.path) {
      out.Put(static_cast<uint16_t>(key.size()));
      out.PutBytes(key);
    }
  }
  return out.str();
}

uint64_t MaxShreddedBytes() {
  return kCountBytes +
         kMaxFileShreddedPaths * (kFieldBytes + kMaxPathKeys * (2 + kMaxPathKeyBytes));
}

std::optional<std::vector<ShreddedField>> DecodeShredded(std::string_view bytes) {
  base::ByteReader reader(bytes);
  const auto count = reader.Get<uint32_t>();
  if (count > kMaxFileShreddedPaths || count * kFieldBytes > reader.remaining()) {
    return std::nullopt;
  }
  std::vector<ShreddedField> fields(count);
  for (ShreddedField& field : fields) {
    if (!GetField(&reader, &field)) return std::nullopt;
  }
  if (!reader.ok() || reader.remaining() > 0 || !AllDiffer(fields)) return std::nullopt;
  return fields;
}

}  // namespace vecdb::format
