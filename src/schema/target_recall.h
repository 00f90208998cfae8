#ifndef VECDB_SCHEMA_TARGET_RECALL_H_
#define VECDB_SCHEMA_TARGET_RECALL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "vecdb/index_spec.h"
#include "vecdb/segment.h"

namespace vecdb::schema {

// How TargetRecall becomes an effort: ef of HNSW, nprobe of IVF. An effort found more or less, for
// some k, when the index was built; those figures are its calibration.

inline constexpr double kLeastTargetRecall = 0.5;
inline constexpr double kMostTargetRecall = 0.999;

/// More points than any calibration has.
inline constexpr size_t kMaxRecallPoints = 256;

/// InvalidArgument, naming parameter, value and range.
absl::Status CheckTargetRecall(const TargetRecall& target);

/// Whether `calibration` may be one of an index of `spec`: within ranges and in order, as
/// SegmentIndexInfo says.
bool IsCalibration(const IndexSpec& spec, std::span<const RecallPoint> calibration);

/// The efforts to be measured for `k` rows in an index of `spec`, rising, up to `most`; none for an
/// index that knows no effort.
std::vector<uint32_t> EffortLadder(const IndexSpec& spec, uint32_t k, uint32_t most);

/// Parameters of that effort for a search of `k` rows in an index of `spec`.
SearchParams ParamsOfEffort(const IndexSpec& spec, uint32_t effort, uint32_t k);

/// Parameters for a search of `k` rows in an index of `spec` that is to find `target`, which is
/// valid. Without a calibration a rule of thumb.
SearchParams ParamsForTarget(const IndexSpec& spec, std::span<const RecallPoint> calibration,
                             const TargetRecall& target, uint32_t k);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_TARGET_RECALL_H_
