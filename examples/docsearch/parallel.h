#ifndef DOCSEARCH_PARALLEL_H_
#define DOCSEARCH_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace docsearch {

/// Cuts 0 to `count` into ranges and gives them to as many threads as there are cores. `work` gets
/// the begin and the end of a range; the ranges do not overlap, and the call returns when all are
/// done.
void ForRanges(size_t count, const std::function<void(size_t begin, size_t end)>& work);

}  // namespace docsearch

#endif  // DOCSEARCH_PARALLEL_H_
