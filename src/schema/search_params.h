#ifndef VECDB_SCHEMA_SEARCH_PARAMS_H_
#define VECDB_SCHEMA_SEARCH_PARAMS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "vecdb/index_spec.h"

namespace vecdb::schema {

/// Largest `ef` of a search.
inline constexpr int32_t kMaxEf = 65536;
/// Largest `nprobe` of a search.
inline constexpr int32_t kMaxNprobe = 65536;
/// Largest `refine_k` of a search.
inline constexpr float kMaxRefineK = 1000;

/// Largest `search_list` and `beamwidth` of a search.
inline constexpr int32_t kMaxSearchList = 65536;
inline constexpr int32_t kMaxBeamwidth = 128;

/// InvalidArgument, naming parameter, value and range, unless `params` fit a search for `k` rows, 1
/// or more, in an index of `spec`. The caller has checked `k`.
absl::Status ValidateSearchParams(const IndexSpec& spec, const SearchParams& params, int32_t k);

/// The `ef` to search an HNSW index with, for parameters that are valid: the one given, or max(k,
/// 64).
int32_t EffectiveEf(const SearchParams& params, int32_t k);

/// The lists to read of an IVF index, which may have fewer, for parameters that are valid.
int32_t EffectiveNprobe(const SearchParams& params);

/// The `search_list` and `beamwidth` to search a DISKANN index with, for parameters that are valid.
int32_t EffectiveSearchList(const SearchParams& params, int32_t k);
int32_t EffectiveBeamwidth(const SearchParams& params);

/// The candidates to look at again, in multiples of the rows wanted, in an index of `spec`, for
/// parameters that are valid for it: the `refine_k` given or its default; 1, that is none beyond
/// those wanted, for an index built without refine.
double EffectiveRefineK(const IndexSpec& spec, const SearchParams& params);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_SEARCH_PARAMS_H_
