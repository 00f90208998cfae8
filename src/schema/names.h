#ifndef VECDB_SCHEMA_NAMES_H_
#define VECDB_SCHEMA_NAMES_H_

#include <array>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb::schema {

/// Words of the filter language that name no field there, in the spellings that it knows: `In` is
/// a name like any other.
inline constexpr std::array<std::string_view, 18> kFilterWords = {
    "and",  "AND",    "or",     "OR",   "not",  "NOT",  "in",    "IN",    "like",
    "LIKE", "exists", "EXISTS", "true", "True", "TRUE", "false", "False", "FALSE"};

/// InvalidArgument unless `name` may be the name of a field or a collection: 1 to 255 bytes, a
/// letter or '_', then letters, digits and '_' (all ASCII). `what` says in the message whose name
/// it is, for example "collection name".
absl::Status ValidateName(std::string_view what, std::string_view name);

/// The same for a field, which must not be one of kFilterWords either: no filter could name it.
absl::Status ValidateFieldName(std::string_view name);

/// `text` between double quotes for use in a message: escaped, and cut after 64 bytes.
std::string Quoted(std::string_view text);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_NAMES_H_
