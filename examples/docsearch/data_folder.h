#ifndef DOCSEARCH_DATA_FOLDER_H_
#define DOCSEARCH_DATA_FOLDER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "docsearch/chunk_table.h"
#include "docsearch/corpus.h"
#include "docsearch/lsa.h"

namespace docsearch {

/// What a finished build leaves behind, written last.
struct BuildRecord {
  uint64_t fingerprint = 0;  ///< of the files and options that it was built from
  double seconds = 0;        ///< how long it took
};

/// The folder of docsearch: the database, and beside it the model, the table of chunks, and the
/// record of the last finished build. All of it can be built again.
class DataFolder {
 public:
  /// Makes the folder when it is not there.
  static absl::StatusOr<DataFolder> Open(const std::string& path);

  std::string database_path() const { return path_ + "/db"; }

  /// Nothing when no build was finished, or the last one was interrupted.
  std::optional<BuildRecord> ReadRecord() const;
  absl::Status WriteRecord(const BuildRecord& record) const;

  /// Takes the record away: from now on until WriteRecord the rest is not to be trusted.
  absl::Status BeginBuild() const;

  /// Removes the database.
  absl::Status RemoveDatabase() const;

  absl::Status WriteModel(const LsaModel& model) const;
  absl::Status WriteTable(std::span<const Chunk> chunks) const;

  /// NotFound; DataLoss when the file is damaged.
  absl::StatusOr<LsaModel> ReadModel() const;
  absl::StatusOr<ChunkTable> ReadTable() const;

 private:
  explicit DataFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace docsearch

#endif  // DOCSEARCH_DATA_FOLDER_H_
