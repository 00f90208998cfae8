#ifndef VECDB_SCHEMA_SCHEMA_JSON_H_
#define VECDB_SCHEMA_SCHEMA_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// The schema as a JSON object, as manifests and `segment.json` hold it:
///
///     {"description":"docs","enable_dynamic_field":true,"fields":[
///       {"id":100,"name":"id","type":5,"primary_key":true,"auto_id":true},
///       {"id":101,"name":"title","type":21,"max_length":64,"description":"as shown"},
///       {"id":102,"name":"embedding","type":101,"dim":768}]}
///
/// Members that are "", 0 or false are left out, but for the id, name and type of a field. The same
/// schema gives the same text. The schema must be valid.
std::string SchemaToJson(const Schema& schema);

/// Reads what SchemaToJson writes. DataLoss for anything else: an unknown member or type, a field
/// id that is not the next one, a schema that is not valid.
absl::StatusOr<Schema> SchemaFromJson(std::string_view json);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_SCHEMA_JSON_H_
