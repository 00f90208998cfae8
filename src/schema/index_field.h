#ifndef VECDB_SCHEMA_INDEX_FIELD_H_
#define VECDB_SCHEMA_INDEX_FIELD_H_

#include "absl/status/status.h"
#include "vecdb/index_spec.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// InvalidArgument, naming the field and its type, unless `field` may have an index like `spec`,
/// which is valid.
absl::Status CheckIndexField(const FieldSpec& field, const IndexSpec& spec);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_INDEX_FIELD_H_
