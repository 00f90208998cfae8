#ifndef VECDB_BENCHMARKS_DATA_DATASET_H_
#define VECDB_BENCHMARKS_DATA_DATASET_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"
#include "data/truth.h"
#include "vecdb/index_spec.h"

namespace vecdb::bench {

struct DatasetFiles {
  std::string base{};
  std::string queries{};
  std::string truth{};  ///< "" to compute it
};

/// What a run searches: rows, queries, metric, and the answers that are right.
struct Dataset {
  std::string name{};
  Metric metric = Metric::kL2;
  Matrix base{};
  Matrix queries{};
  Truth truth{};  ///< at least k neighbours of each query
};

/// Reads a data set, and computes the truth on `num_threads` threads when no file has it. The
/// errors of the readers; InvalidArgument, with the figures, for files that do not belong together.
absl::StatusOr<Dataset> LoadDataset(const DatasetFiles& files, Metric metric, size_t k,
                                    int num_threads);

/// Keeps the first `num_queries` queries and their truth, all when there are no more.
/// ResourceExhausted.
absl::Status KeepQueries(size_t num_queries, Dataset* dataset);

/// The name of a set whose rows lie in `base_path`: the file's, or its folder's when the file is
/// called base or train.
std::string DatasetName(const std::string& base_path);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_DATASET_H_
