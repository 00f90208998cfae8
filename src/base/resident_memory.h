#ifndef VECDB_BASE_RESIDENT_MEMORY_H_
#define VECDB_BASE_RESIDENT_MEMORY_H_

#include <cstdint>
#include <optional>

namespace vecdb::base {

/// What the process has in memory; nullopt where the system does not say.
std::optional<uint64_t> ResidentBytes();

}  // namespace vecdb::base

#endif  // VECDB_BASE_RESIDENT_MEMORY_H_
