#ifndef VECDB_BENCHMARKS_DATA_DISTANCE_H_
#define VECDB_BENCHMARKS_DATA_DISTANCE_H_

#include <span>

#include "vecdb/index_spec.h"

namespace vecdb::bench {

/// How far apart two vectors are, summed in double precision; smaller is nearer: squared Euclidean
/// distance, minus the dot product, or 1 - cosine (1 when either vector is zero).
double ExactDistance(Metric metric, std::span<const float> a, std::span<const float> b);

/// How far two distances from this pair's query may differ and still be called equal, because
/// float32 arithmetic cannot tell them apart: four units in the last place of the terms that are
/// summed.
double DistanceTolerance(Metric metric, std::span<const float> a, std::span<const float> b);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_DISTANCE_H_
