#ifndef VECDB_INDEX_IVF_LISTS_H_
#define VECDB_INDEX_IVF_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/large_buffer.h"
#include "base/reservation.h"
#include "codec/centroids.h"
#include "codec/codec.h"
#include "index/hnsw_graph.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// Where the lists of rows lie: the row numbers list after list, ascending within each, and the
/// codes likewise, each list beginning at a multiple of 64 bytes and holding whole blocks.
struct IvfLayout {
  /// `sizes` are the rows of each list. A block is `block_rows` codes of `code_bytes`.
  IvfLayout(std::span<const uint32_t> sizes, size_t code_bytes, size_t block_rows);
  IvfLayout() = default;

  size_t num_lists() const { return row_begins.empty() ? 0 : row_begins.size() - 1; }
  uint32_t size(size_t list) const { return row_begins[list + 1] - row_begins[list]; }
  uint64_t code_bytes() const { return code_begins.empty() ? 0 : code_begins.back(); }

  std::vector<uint32_t> row_begins{};   ///< one more than there are lists
  std::vector<uint64_t> code_begins{};  ///< in bytes
};

/// What an index of inverted lists is made of. Immutable once built.
struct IvfLists {
  codec::Centroids centroids{};
  std::optional<HnswGraph> graph{};  ///< of the centroids, where they are many
  std::unique_ptr<codec::Codec> codec{};
  bool packed = false;     ///< the codes lie as codec::PackFastScan lays them
  bool residuals = false;  ///< a code stands for what its row is without its centroid
  IvfLayout layout{};
  base::LargeBuffer rows{};  ///< uint32 row numbers
  base::LargeBuffer codes{};
  /// Under kL2, where codes are packed: what a row's distance has beside its list's part and the
  /// sum of its table entries, see ivf_terms.h; float32, as `rows` are, and room for a block more.
  base::LargeBuffer terms{};
  std::vector<float> middle{};  ///< of the centroids, where there are terms

  std::span<const uint32_t> rows_of(size_t list) const {
    return rows.as<const uint32_t>().subspan(layout.row_begins[list], layout.size(list));
  }
  const uint8_t* codes_of(size_t list) const {
    return reinterpret_cast<const uint8_t*>(codes.data()) + layout.code_begins[list];
  }
  const float* terms_of(size_t list) const {
    return terms.as<const float>().data() + layout.row_begins[list];
  }
  uint64_t bytes() const;

  /// Counts centroids and codec, which are there, against the budget. ResourceExhausted.
  absl::Status ReserveSmallParts(const Host& host);

  base::Reservation reserved{};  ///< for centroids and codec
};

/// The codes of each list begin at a cache line.
inline constexpr uint64_t kListAlignment = 64;

/// With more lists than these the nearest are looked for in a graph of their centroids, built with
/// this M.
inline constexpr size_t kMostComparedLists = 4096;
inline constexpr uint32_t kListGraphM = 16;

/// Builds that graph where there are more lists. ResourceExhausted, Cancelled, DeadlineExceeded.
absl::Status BuildListGraph(Metric metric, uint64_t seed, const Host& host, const Context& context,
                            IvfLists* lists);

/// The centroids as rows of a graph, and the metric that it is walked by.
VectorView CentroidRows(const codec::Centroids& centroids);
Metric CentroidMetric(Metric metric);

/// The codec of the lists of `spec`, which is one of the IVF types. Under kCosine everything is
/// about rows of length 1, which the codec sees as kIp.
codec::CodecSpec IvfCodecSpec(const IndexSpec& spec, int32_t dim);

/// IVF_FLAT, IVF_SQ8 or IVF_PQ.
bool IsIvf(const IndexSpec& spec);

/// Whether the lists that this library builds hold residuals: those of IVF_PQ do. Lists that were
/// built elsewhere may be of the other kind.
bool IvfHasResiduals(const IndexSpec& spec);

/// Whether codes of that codec are packed.
bool IvfIsPacked(const codec::CodecSpec& spec);

/// Rows of a block of codes.
size_t IvfBlockRows(const codec::CodecSpec& spec);

/// What the nearest centroid is under a metric.
codec::Nearness IvfNearness(Metric metric);

/// The lists asked for and the seed.
struct IvfShape {
  int32_t nlist = 0;
  uint64_t seed = 0;
};
IvfShape IvfShapeOf(const IndexSpec& spec);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_IVF_LISTS_H_
