#ifndef VECDB_INDEX_CODED_QUERY_H_
#define VECDB_INDEX_CODED_QUERY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/prefetch.h"
#include "codec/codec.h"
#include "index/row_codes.h"

namespace vecdb::index {

/// Distances from one query to the rows of a view by their codes, for walks through a graph: what
/// QueryDistance is for the rows themselves. Borrows both; the query of `distance` is set. As
/// thread-safe as a CodeDistance that stays as it is.
class CodedQuery {
 public:
  CodedQuery(const RowCodes& codes, const codec::CodeDistance& distance)
      : codes_(codes),
        distance_(distance),
        lines_(std::min((codes.code_bytes() + base::kCacheLineBytes - 1) / base::kCacheLineBytes,
                        kMostLinesAhead)) {}

  float One(uint32_t row) const { return distance_.One(codes_.row(row)); }

  /// One above `bound` may be given as anything above `bound`.
  void Gather(const uint32_t* ids, size_t count, float bound, float* out) const {
    distance_.CompareWithin(codes_.of(ids, count), bound, out);
  }

  /// Begins to bring the code of a row from memory.
  void Prefetch(uint32_t row) const { base::PrefetchLines(codes_.row(row), lines_); }

 private:
  static constexpr size_t kMostLinesAhead = 8;  // the CPU's own prefetchers fetch the others

  const RowCodes& codes_;
  const codec::CodeDistance& distance_;
  const size_t lines_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_CODED_QUERY_H_
