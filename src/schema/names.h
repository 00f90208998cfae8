#ifndef VECDB_SCHEMA_NAMES_H_
#define VECDB_SCHEMA_NAMES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb::schema {

/// InvalidArgument unless `name` may be the name of a field or a collection: 1 to 255 bytes, a
/// letter or
/// '_', then letters, digits and '_' (all ASCII). `what` says in the message whose name it is, for
/// example "field name".
absl::Status ValidateName(std::string_view what, std::string_view name);

/// `text` between double quotes for use in a message: escaped, and cut after 64 bytes.
std::string Quoted(std::string_view text);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_NAMES_H_
