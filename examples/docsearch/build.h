#ifndef DOCSEARCH_BUILD_H_
#define DOCSEARCH_BUILD_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "docsearch/data_folder.h"
#include "docsearch/options.h"
#include "docsearch/walk.h"

namespace docsearch {

/// A number that changes when a build would give something else.
uint64_t BuildFingerprint(const std::vector<SourceFile>& files, const Options& options);

/// Reads the files and fills the folder: chunks, model, rows, index. After a finished build the
/// rows are replaced, and those whose text is gone are removed; after an interrupted one it begins
/// with an empty database. FailedPrecondition when the files hold no text worth keeping.
absl::Status Build(const std::vector<SourceFile>& files, const Options& options,
                   const DataFolder& data);

}  // namespace docsearch

#endif  // DOCSEARCH_BUILD_H_
