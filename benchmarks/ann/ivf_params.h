#ifndef VECDB_BENCHMARKS_ANN_IVF_PARAMS_H_
#define VECDB_BENCHMARKS_ANN_IVF_PARAMS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "ann/params.h"
#include "vecdb/index_spec.h"

namespace vecdb::bench {

/// True for IVF_FLAT, IVF_SQ8 and IVF_PQ.
bool IsIvf(std::string_view index);

/// What a peer's inverted lists are made with, so that they are those of vecdb.
struct IvfBuild {
  int nlist = 0;
  int num_parts = 0;  ///< of a vector, in IVF_PQ
  int num_bits = 0;   ///< of a part, in IVF_PQ
  bool refine = false;
};

/// Reads nlist, m, nbits and refine for an index that IsIvf, with the defaults of vecdb; other keys
/// are ignored. nlist is lowered as vecdb does for few rows. InvalidArgument for values out of
/// range, for an m that does not divide the dim, and for none where vecdb's own choice is not
/// simply one part for each two dims (nbits up to 4) or four.
absl::StatusOr<IvfBuild> ReadIvfBuild(std::string_view index, const Params& build, size_t num_rows,
                                      size_t dim);

/// Reads nprobe and refine_k; other keys are ignored. InvalidArgument for values out of range.
absl::StatusOr<IvfSearchParams> ReadIvfSearch(const Params& search);

/// The refine_k that a search of vecdb has: what was given, or the default of the index.
float EffectiveRefineK(std::string_view index, const IvfSearchParams& search);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_IVF_PARAMS_H_
