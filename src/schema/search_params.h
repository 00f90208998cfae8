#ifndef VECDB_SCHEMA_SEARCH_PARAMS_H_
#define VECDB_SCHEMA_SEARCH_PARAMS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "vecdb/index_spec.h"

namespace vecdb::schema {

/// Largest `ef` of a search.
inline constexpr int32_t kMaxEf = 65536;

/// InvalidArgument, naming parameter, value and range, unless `params` fit a search for `k` rows, 1
/// or more, in an index of `spec`. The caller has checked `k`.
absl::Status ValidateSearchParams(const IndexSpec& spec, const SearchParams& params, int32_t k);

/// The `ef` to search an HNSW index with, for parameters that are valid: the one given, or max(k,
/// 64).
int32_t EffectiveEf(const SearchParams& params, int32_t k);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_SEARCH_PARAMS_H_
