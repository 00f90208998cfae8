#ifndef VECDB_INDEX_VECTOR_INDEX_H_
#define VECDB_INDEX_VECTOR_INDEX_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/row_mask.h"
#include "codec/codec_spec.h"
#include "format/section_file.h"
#include "index/row_limits.h"
#include "index/search_counts.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// One query of an index. Borrows everything.
struct RowQuery {
  const float* vector = nullptr;    ///< dim finite floats
  uint32_t k = 10;                  ///< at least 1
  SearchParams params{};            ///< checked against the spec of the index by the caller
  base::RowMask mask{};             ///< what may be returned; mask.num_rows rows exist
  const RowOrder* order = nullptr;  ///< among equal distances; nullptr: by row
  RowLimits limits{};               ///< which distances count
  /// Bits set in mask.allowed, where the caller knows; else every search counts them.
  std::optional<uint64_t> num_set_bits{};
  SearchCounts* counts = nullptr;  ///< filled when given
  /// A row that walks are not to pass, as if it had not been there when the graph was built; it may
  /// come back all the same.
  uint32_t left_out = kNoRow;
};

/// What every index over a VectorView can do. Immutable, thread-safe; borrows the view's memory.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  /// Finds min(k, rows in the mask and the limits) rows, in the order of IsNearer: exactly the
  /// nearest for FLAT and behind a position, nearly so for others. Replaces `out`. Cancelled,
  /// DeadlineExceeded, ResourceExhausted.
  virtual absl::Status Search(const RowQuery& query, const Context& context,
                              std::vector<Candidate>* out) const = 0;

  /// Answers several queries, as Search would each; out[i] is that of queries[i]. An index that has
  /// to read the same memory for many of them reads it once. The error of the first that fails.
  virtual absl::Status SearchBatch(std::span<const RowQuery> queries, const Context& context,
                                   std::span<std::vector<Candidate>> out) const;

  /// Adds the index's sections to a file of kind kIndex, which the caller has begun and finishes.
  /// The rows and their norms are not among them.
  virtual absl::Status Write(format::SectionWriter& writer, const Context& context) const = 0;

  virtual const IndexSpec& spec() const = 0;

  /// The largest ef or nprobe that makes a difference; 0 for an index that has neither.
  virtual uint32_t most_effort() const { return 0; }

  /// Bytes held beyond the view: links, codes, lists.
  virtual uint64_t index_bytes() const = 0;
};

/// Whether searches in an index of `spec` of vectors of `dim` compare the rows themselves so often
/// that these belong in memory. Other indexes read the few they need, or none.
bool NeedsRowsInMemory(const IndexSpec& spec, int32_t dim);

/// The same of the index in a file: graphs from before there were codes need the rows too. Errors
/// as LoadVectorIndex.
absl::StatusOr<bool> NeedsRowsInMemory(const format::SectionFile& file, const Context& context);

/// What a graph of `spec`, which is an HNSW index, is walked on; nothing: the rows.
std::optional<codec::CodecSpec> WalkedSpec(const IndexSpec& spec, int32_t dim);

/// The copies of rows that an index of `spec` refines candidates by; nothing: it has none.
std::optional<codec::CodecSpec> CopiesSpec(const IndexSpec& spec, int32_t dim);

/// An index whose rows, but for some that have gone, are among those of one that is to be built.
/// Borrows both.
struct IndexSource {
  const VectorIndex* index = nullptr;
  std::span<const uint32_t> rows{};  ///< by its row, the row of the new index; kNoRow: gone
};

/// Builds the index that `spec`, which is valid, asks for. The same bytes for the same input,
/// whatever the number of threads of host.executor. ResourceExhausted, Cancelled, DeadlineExceeded.
/// `rows_done`, which may be null, rises to the number of rows while it is built. A graph of the
/// same spec in `source` is continued where that is worthwhile. With `scratch`, which may be null,
/// a graph that the memory budget has no room for may be built in parts, which what is free decides
/// about.
absl::StatusOr<std::unique_ptr<VectorIndex>> BuildVectorIndex(
    const VectorView& view, const IndexSpec& spec, const Host& host, const Context& context,
    std::atomic<uint64_t>* rows_done = nullptr, const IndexSource& source = {},
    const BuildScratch* scratch = nullptr);

/// The tags of all sections that VectorIndex::Write may add.
std::span<const uint32_t> VectorIndexTags();

/// Reads what VectorIndex::Write wrote, and checks every byte that a search relies on. DataLoss for
/// a damaged file and one that is about rows of another count or dim; FailedPrecondition for a
/// graph without codes over rows that are not in memory.
absl::StatusOr<std::unique_ptr<VectorIndex>> LoadVectorIndex(const format::SectionFile& file,
                                                             const VectorView& view,
                                                             const Host& host,
                                                             const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_VECTOR_INDEX_H_
