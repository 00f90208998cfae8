#include "index/query_pieces.h"

#include <algorithm>

#include "base/parallel_for.h"

namespace vecdb::index {
namespace {

// What each needs meanwhile stays within the cache.
constexpr size_t kMostQueriesAtOnce = 32;

// So many a thread at least, so that a slow one does not keep the others waiting for long.
constexpr size_t kPiecesPerStrand = 2;

}  // namespace

absl::Status ForQueryPieces(Executor* executor, size_t num_queries, const Context& context,
                            absl::FunctionRef<absl::Status(QueryPiece piece)> answer) {
  if (num_queries == 1) return answer({.begin = 0, .count = 1});
  const size_t least_pieces = kPiecesPerStrand * base::MaxStrands(executor);
  const size_t at_once = std::clamp<size_t>(num_queries / least_pieces, 1, kMostQueriesAtOnce);
  return base::ParallelFor(
      executor, Priority::kSearch, (num_queries + at_once - 1) / at_once, context,
      [&](size_t piece, size_t) {
        const size_t begin = piece * at_once;
        return answer({.begin = begin, .count = std::min(at_once, num_queries - begin)});
      });
}

}  // namespace vecdb::index
