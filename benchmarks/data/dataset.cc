#include "data/dataset.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "data/vector_file.h"

namespace vecdb::bench {
namespace {

absl::Status CheckShapes(const DatasetFiles& files, const Dataset& dataset, size_t k) {
  if (dataset.base.dim() != dataset.queries.dim()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s has dim %d, %s has dim %d", files.base,
                                                      dataset.base.dim(), files.queries,
                                                      dataset.queries.dim()));
  }
  if (k > dataset.base.num_rows()) {
    return absl::InvalidArgumentError(absl::StrFormat("k %d is more than the %d rows of %s", k,
                                                      dataset.base.num_rows(), files.base));
  }
  return absl::OkStatus();
}

absl::StatusOr<Truth> ReadTruthFor(const std::string& path, const Dataset& dataset, size_t k) {
  VECDB_ASSIGN_OR_RETURN(Truth truth, ReadTruth(path));
  if (truth.num_queries != dataset.queries.num_rows()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s answers %d queries, there are %d", path,
                                                      truth.num_queries,
                                                      dataset.queries.num_rows()));
  }
  if (truth.k < k) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has %d neighbours per query, k is %d", path, truth.k, k));
  }
  VECDB_RETURN_IF_ERROR(CheckTruth(truth, dataset.metric, dataset.base, dataset.queries, k));
  return truth;
}

}  // namespace

absl::StatusOr<Dataset> LoadDataset(const DatasetFiles& files, Metric metric, size_t k,
                                    int num_threads) {
  Dataset dataset{.name = DatasetName(files.base), .metric = metric};
  VECDB_ASSIGN_OR_RETURN(dataset.base, ReadVectors(files.base));
  VECDB_ASSIGN_OR_RETURN(dataset.queries, ReadVectors(files.queries));
  VECDB_RETURN_IF_ERROR(CheckShapes(files, dataset, k));
  if (files.truth.empty()) {
    dataset.truth = ComputeTruth(metric, dataset.base, dataset.queries, k, num_threads);
    return dataset;
  }
  VECDB_ASSIGN_OR_RETURN(dataset.truth, ReadTruthFor(files.truth, dataset, k));
  return dataset;
}

absl::Status KeepQueries(size_t num_queries, Dataset* dataset) {
  if (num_queries >= dataset->queries.num_rows()) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(Matrix kept, Matrix::Make(num_queries, dataset->queries.dim()));
  const std::span<const float> values = dataset->queries.values().first(kept.values().size());
  std::copy(values.begin(), values.end(), kept.values().begin());
  dataset->queries = std::move(kept);
  dataset->truth.num_queries = num_queries;
  dataset->truth.ids.resize(num_queries * dataset->truth.k);
  return absl::OkStatus();
}

std::string DatasetName(const std::string& base_path) {
  const std::filesystem::path path = std::filesystem::absolute(base_path);
  const std::string stem = path.stem().string();
  if (stem != "base" && stem != "train") return stem;
  return path.parent_path().filename().string();
}

}  // namespace vecdb::bench
