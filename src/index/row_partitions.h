#ifndef VECDB_INDEX_ROW_PARTITIONS_H_
#define VECDB_INDEX_ROW_PARTITIONS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// The rows of a view in parts that overlap: each row is in two, those whose centroids are nearest
/// to it among the parts that have room. Immutable, thread-safe.
class RowPartitions {
 public:
  /// Rows of one part, those first that part 0 is the first of, and so on; ascending among these.
  struct Members {
    std::vector<uint32_t> rows;
    std::vector<uint32_t> begins;  ///< count() + 1: where the rows begin whose first part is that
  };

  /// `count` parts, 2 to 65,535, of `most_rows` rows at most; all of them but one have room for
  /// every row twice, so that each row finds two.
  /// The centroids are those of k-means of a sample. The same for any number of threads.
  /// ResourceExhausted, Cancelled, DeadlineExceeded.
  static absl::StatusOr<RowPartitions> Make(const VectorView& view, Metric metric, uint32_t count,
                                            uint32_t most_rows, uint64_t seed, const Host& host,
                                            const Context& context);

  /// The least that Make takes.
  static uint64_t LeastBytes(uint64_t num_rows, int32_t dim, uint32_t count);

  /// Bytes held for `num_rows` rows.
  static uint64_t Bytes(uint64_t num_rows) { return 2 * num_rows * sizeof(uint16_t); }

  uint32_t count() const { return count_; }
  uint16_t first(uint32_t row) const { return parts_.as<const uint16_t>()[2 * size_t{row}]; }
  uint16_t second(uint32_t row) const { return parts_.as<const uint16_t>()[2 * size_t{row} + 1]; }

  Members MembersOf(uint32_t part) const;

 private:
  uint32_t count_ = 0;
  uint32_t num_rows_ = 0;
  base::LargeBuffer parts_;  // of each row the first and the second
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROW_PARTITIONS_H_
