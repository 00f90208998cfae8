#ifndef VECDB_SCHEMA_INDEX_FIELD_H_
#define VECDB_SCHEMA_INDEX_FIELD_H_

#include "absl/status/status.h"
#include "vecdb/index_spec.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// InvalidArgument unless `spec` is valid, for the dim of `field` too, and `field` may have an
/// index like it; where it may not, the message names the field and its type.
absl::Status CheckIndexField(const FieldSpec& field, const IndexSpec& spec);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_INDEX_FIELD_H_
