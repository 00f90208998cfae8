#ifndef VECDB_CATALOG_VERSION_DOCUMENT_H_
#define VECDB_CATALOG_VERSION_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vecdb::catalog {

/// One committed document.
struct Version {
  uint64_t number = 0;      ///< from 1 on; 0: nothing, what version 1 is based on
  uint64_t epoch = 1;       ///< of the writer that made it; each TakeOver adds one
  std::string commit_id{};  ///< tells it from every other commit, also of the same number
  std::string base_id{};    ///< the commit id of version number - 1; empty for version 1
  std::string body{};       ///< what the document says, JSON
};

// The document of a version is sealed JSON (format/sealed_json.h) whose id is the commit id and
// whose body is
//
//   {"number":7,"base":6,"base_id":"<32 hex digits>","epoch":2,"state":{...}}
//
// The number is in it so that a version which was copied over another one is found out. An epoch is
// at most the number, since each new epoch begins with a version of its own.

/// The document that says `version`. InvalidArgument when it is too large to be read again.
absl::StatusOr<std::string> ToDocument(std::string_view kind, const Version& version);

/// The version in `document`, which was found as object `name` under `number`. DataLoss when it is
/// damaged, of another kind or another number; FailedPrecondition when it was written by a newer
/// library.
absl::StatusOr<Version> FromDocument(std::string_view name, std::string_view kind, uint64_t number,
                                     std::string_view document);

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_VERSION_DOCUMENT_H_
