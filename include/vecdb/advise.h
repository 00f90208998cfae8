#ifndef VECDB_ADVISE_H_
#define VECDB_ADVISE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/index_spec.h"
#include "vecdb/load.h"

namespace vecdb {

/// What is to be searched, and with what.
struct AdviseRequest {
  uint64_t num_rows = 0;  ///< 1 to 2^40, in all shards together
  int32_t dim = 0;        ///< 1 to 32768
  Metric metric = Metric::kL2;
  /// What the collection may take, as Collection::SetMemoryLimit; 0: as much as it wants.
  uint64_t memory_bytes = 0;
  /// Share of the true nearest `k` rows that are to come back on average: above 0 to 1. 1 is exact.
  double target_recall = 0.95;
  int32_t k = 10;           ///< rows wanted per query, 1 to 16384
  int32_t num_threads = 1;  ///< that build, 1 to 1024
  /// Leave out what keeps all that it searches in memory: DISKANN, and files that are mapped.
  bool on_disk = false;
};

/// One way to do it.
struct Advice {
  IndexSpec spec{};
  SearchParams params{};
  LoadMode load_mode = LoadMode::kRead;
  uint64_t segment_max_bytes = 0;  ///< for CollectionOptions
  uint64_t loaded_bytes = 0;       ///< memory once it is loaded, keys included; within 10 %
  /// On top of that, while the index of one segment is built: its rows, and what the build holds.
  uint64_t build_bytes = 0;
  double build_seconds = 0;    ///< within a factor of 2 on a core of 2023; see docs/sizing.md
  double expected_recall = 0;  ///< what the hardest of the measured sets gave with these parameters
  std::string reason{};        ///< for people
};

/// Says how to index: the fastest way that fits first, then others that fit, smaller ones last.
/// Where the vectors themselves do not fit, an index on disk comes before lists, which would read
/// candidates from the disk too; its cache takes a tenth of the vectors at most, or what is left of
/// `memory_bytes`. The rules, which docs/sizing.md explains, were fitted on real data sets of
/// 10,000 to 100,000 rows of 128 to 784 dims; data that is harder than those finds less: measure a
/// sample of your own.
///
/// InvalidArgument for a number out of range; ResourceExhausted, with the figures, when nothing
/// fits: the least that would do is named.
absl::StatusOr<std::vector<Advice>> Advise(const AdviseRequest& request);

}  // namespace vecdb

#endif  // VECDB_ADVISE_H_
