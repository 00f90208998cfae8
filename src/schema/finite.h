#ifndef VECDB_SCHEMA_FINITE_H_
#define VECDB_SCHEMA_FINITE_H_

#include <cstddef>
#include <optional>
#include <span>

namespace vecdb::schema {

/// Position of the first NaN or Inf; nullopt when there is none. Runs at the speed of memory.
std::optional<size_t> FindNonFinite(std::span<const float> numbers);
std::optional<size_t> FindNonFinite(std::span<const double> numbers);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_FINITE_H_
