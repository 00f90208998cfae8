#ifndef VECDB_BENCHMARKS_ANN_VECDB_PARAMS_H_
#define VECDB_BENCHMARKS_ANN_VECDB_PARAMS_H_

#include "absl/status/statusor.h"
#include "ann/options.h"
#include "vecdb/index_spec.h"

namespace vecdb::bench {

/// The index that the options ask for. InvalidArgument for what vecdb does not know.
absl::StatusOr<IndexSpec> VecdbIndexSpec(const Options& options);

/// Parameters of a search in such an index. InvalidArgument for what vecdb does not know.
absl::StatusOr<SearchParams> VecdbSearchParams(const IndexSpec& spec, const Params& search);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_VECDB_PARAMS_H_
