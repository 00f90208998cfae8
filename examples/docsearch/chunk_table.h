#ifndef DOCSEARCH_CHUNK_TABLE_H_
#define DOCSEARCH_CHUNK_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "docsearch/corpus.h"

namespace docsearch {

/// What is shown of a chunk: the collection keeps vectors and short names, this table, beside it,
/// the text and the whole path. Immutable.
class ChunkTable {
 public:
  /// A row; points into its table.
  struct Entry {
    int64_t id = 0;
    uint64_t line = 0;
    std::string_view path;
    std::string_view text;
    std::string_view declaration;
  };

  /// The bytes of the table of these chunks, which are in the order of their ids.
  static std::string Pack(std::span<const Chunk> chunks);

  /// The table that Pack wrote. DataLoss when `bytes` is something else.
  static absl::StatusOr<ChunkTable> Unpack(std::string bytes);

  /// nullptr when there is no such chunk.
  const Entry* Find(int64_t id) const;

  std::span<const Entry> entries() const { return entries_; }

 private:
  ChunkTable() = default;

  std::unique_ptr<const std::string> bytes_;  // stays in place when the table moves
  std::vector<Entry> entries_;
};

}  // namespace docsearch

#endif  // DOCSEARCH_CHUNK_TABLE_H_
