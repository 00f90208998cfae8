#ifndef VECDB_BENCHMARKS_COMMON_MACHINE_H_
#define VECDB_BENCHMARKS_COMMON_MACHINE_H_

#include <cstdint>
#include <string>

namespace vecdb::bench {

/// Model name of the processor, as Linux tells it; "unknown" where it does not.
std::string CpuName();

/// Memory of this process that is resident now, after the heap gave back what it does not use.
uint64_t ResidentBytes();

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_MACHINE_H_
