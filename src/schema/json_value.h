#ifndef VECDB_SCHEMA_JSON_VALUE_H_
#define VECDB_SCHEMA_JSON_VALUE_H_

#include <string_view>

#include "absl/status/status.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// InvalidArgument with the reason, for the caller to put row and field before, unless `text` may
/// be the value of a Json field: at most 65536 bytes of valid JSON in UTF-8, nested no deeper
/// than 32.
absl::Status CheckJsonValue(std::string_view text);

/// The same for a value of `$meta`: also an object, whose keys are neither names of fields of
/// `schema` nor `$meta`.
absl::Status CheckDynamicValue(const Schema& schema, std::string_view text);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_JSON_VALUE_H_
