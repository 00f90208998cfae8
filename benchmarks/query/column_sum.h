#ifndef VECDB_BENCHMARKS_QUERY_COLUMN_SUM_H_
#define VECDB_BENCHMARKS_QUERY_COLUMN_SUM_H_

#include <cstdint>
#include <span>

namespace vecdb::bench {

/// The sum of a column and `start`, by the fastest loop that the compiler makes for this machine:
/// what a filter that reads the column is measured against.
int64_t SumColumn(std::span<const int64_t> values, int64_t start);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_QUERY_COLUMN_SUM_H_
