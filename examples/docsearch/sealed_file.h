#ifndef DOCSEARCH_SEALED_FILE_H_
#define DOCSEARCH_SEALED_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace docsearch {

/// Writes a file with a checksum, replacing the one that is there in one step. Unavailable when the
/// disk or the folder does not take it.
absl::Status WriteSealedFile(const std::string& path, std::string_view contents);

/// Reads a file that WriteSealedFile wrote. NotFound; DataLoss when it is not as it was written.
absl::StatusOr<std::string> ReadSealedFile(const std::string& path);

}  // namespace docsearch

#endif  // DOCSEARCH_SEALED_FILE_H_
