#ifndef VECDB_FORMAT_SEALED_JSON_H_
#define VECDB_FORMAT_SEALED_JSON_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vecdb::format {

// Small documents (manifests, catalogs, segment.json) are JSON objects that carry their own
// checksum:
//
//   {"checksum":"<16 hex digits>","format":1,"kind":"manifest","id":"<32 hex
//   digits>","features":[],
//    "body":{...}}
//
// The checksum is the XXH3-64 of every byte behind its comma. `id` tells who wrote the document.
// `features` lists what a reader must know to understand the body; one it does not know makes it
// refuse the document.

inline constexpr size_t kMaxSealedJsonBytes = 256 << 20;

/// The DataLoss error of a document that says what it must not.
absl::Status DamagedDocument(std::string_view name, std::string_view why);

struct SealedDocument {
  std::string id{};
  std::string body{};  ///< the text of a JSON object
};

/// The document around `body`, which is the text of a JSON object; `id` is of letters and digits.
std::string SealJson(std::string_view kind, std::string_view id, std::string_view body);

/// Takes a document apart. `name` is for messages. DataLoss when the document is damaged, foreign
/// or of another kind; FailedPrecondition for a newer format or an unknown feature.
absl::StatusOr<SealedDocument> UnsealJson(std::string_view name, std::string_view kind,
                                          std::string_view document);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_SEALED_JSON_H_
