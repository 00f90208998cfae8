#ifndef DOCSEARCH_LIBRARY_H_
#define DOCSEARCH_LIBRARY_H_

#include <vecdb/vecdb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "docsearch/corpus.h"

namespace docsearch {

inline constexpr int kDim = 256;

/// A chunk that answers a question.
struct Found {
  float score = 0;  ///< cosine of the angle between question and chunk
  int64_t id = 0;
  std::string source;
  std::string doc_id;
};

struct LibraryStats {
  uint64_t num_rows = 0;
  size_t num_segments = 0;
  uint64_t num_segment_rows = 0;  ///< with those that were replaced and wait for compaction
  uint64_t num_indexed_rows = 0;
  uint64_t store_bytes = 0;
  uint64_t memory_bytes = 0;
};

/// The chunks in a vecdb database: all that docsearch asks of vecdb is in this class.
class Library {
 public:
  /// Opens the library in the folder `path`, or makes an empty one.
  static absl::StatusOr<std::unique_ptr<Library>> OpenOrCreate(const std::string& path);

  /// Opens the library in the folder `path` and loads it, telling `on_percent` how far that is.
  /// NotFound when there is none.
  static absl::StatusOr<std::unique_ptr<Library>> Open(
      const std::string& path, const std::function<void(int32_t percent)>& on_percent);

  /// Adds chunks, replacing those of the same ids. `vectors` has kDim numbers for each.
  absl::Status Put(std::span<const Chunk> chunks, std::span<const float> vectors);

  absl::Status Remove(const std::vector<int64_t>& ids);

  /// Makes everything durable and waits until it is indexed.
  absl::Status Finish();

  /// The `limit` chunks that lie nearest to `vector`, best first; of one source only, unless that
  /// is "".
  absl::StatusOr<std::vector<Found>> Search(std::span<const float> vector, int32_t limit,
                                            std::string_view source) const;

  absl::StatusOr<LibraryStats> Stats() const;

  /// A table of the segments, and what memory the database has taken for what: some lines of text.
  absl::StatusOr<std::string> Report() const;

  /// The library is of no use afterwards.
  absl::Status Close();

 private:
  Library(std::unique_ptr<vecdb::Database> database, std::unique_ptr<vecdb::Collection> docs)
      : database_(std::move(database)), docs_(std::move(docs)) {}

  std::unique_ptr<vecdb::Database> database_;
  std::unique_ptr<vecdb::Collection> docs_;
};

}  // namespace docsearch

#endif  // DOCSEARCH_LIBRARY_H_
