// FAISS as Debian builds it: no instructions beyond SSE2.
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <omp.h>

#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "ann/engine.h"
#include "ann/faiss_ivf.h"
#include "base/status_macros.h"
#include "common/clocks.h"

namespace vecdb::bench {
namespace {

absl::Status Failed(const std::exception& error) {
  return absl::InternalError(absl::StrFormat("faiss: %s", error.what()));
}

template <typename T>
uint64_t VectorBytes(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}

uint64_t GraphBytes(const faiss::HNSW& graph) {
  return VectorBytes(graph.neighbors) + VectorBytes(graph.offsets) + VectorBytes(graph.levels);
}

class FaissEngine : public Engine {
 public:
  // `ivf_build` is there when the index is one with inverted lists.
  FaissEngine(const Dataset& dataset, const Options& options, std::optional<IvfBuild> ivf_build)
      : dataset_(dataset),
        options_(options),
        ivf_build_(ivf_build),
        metric_(dataset.metric == Metric::kL2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT) {}

  absl::StatusOr<BuildReport> Build() override {
    if (dataset_.metric != Metric::kCosine) return BuildFrom(dataset_.base);
    VECDB_ASSIGN_OR_RETURN(normalized_queries_, Normalized(dataset_.queries));
    VECDB_ASSIGN_OR_RETURN(const Matrix normalized, Normalized(dataset_.base));
    return BuildFrom(normalized);
  }

  absl::Status Configure(const Params& search) override {
    if (ivf_build_) return ConfigureIvf(search);
    VECDB_ASSIGN_OR_RETURN(const int ef, IntParam(search, "ef", 64));
    if (graph_) graph_->hnsw.efSearch = ef;
    return absl::OkStatus();
  }

  // The setting is one of the thread's, and one query is a matter of one thread.
  void EnterThread() override { omp_set_num_threads(1); }

  absl::StatusOr<size_t> Search(size_t query, std::span<uint32_t> ids) override {
    const Matrix& queries =
        dataset_.metric == Metric::kCosine ? normalized_queries_ : dataset_.queries;
    thread_local std::vector<faiss::Index::idx_t> labels;
    thread_local std::vector<float> distances;
    labels.resize(ids.size());
    distances.resize(ids.size());
    try {
      const faiss::Index& index = ivf_ ? ivf_->index() : *index_;
      index.search(1, queries.row(query).data(), static_cast<faiss::Index::idx_t>(ids.size()),
                   distances.data(), labels.data());
    } catch (const std::exception& error) {
      return Failed(error);
    }
    size_t found = 0;
    while (found < ids.size() && labels[found] >= 0) {
      ids[found] = static_cast<uint32_t>(labels[found]);
      ++found;
    }
    return found;
  }

 private:
  absl::Status ConfigureIvf(const Params& search) {
    VECDB_ASSIGN_OR_RETURN(const IvfSearchParams params, ReadIvfSearch(search));
    if (ivf_) ivf_->Configure(params.nprobe, EffectiveRefineK(options_.index, params));
    return absl::OkStatus();
  }

  absl::StatusOr<BuildReport> BuildFrom(const Matrix& rows) {
    return ivf_build_ ? BuildIvf(rows) : BuildPlain(rows);
  }

  absl::StatusOr<BuildReport> BuildIvf(const Matrix& rows) {
    ivf_.reset();
    try {
      const Stopwatch watch;
      omp_set_num_threads(options_.num_build_threads);
      ivf_.emplace(options_.index, *ivf_build_, rows.dim(), metric_);
      ivf_->Add(rows);
      BuildReport report{.seconds = watch.wall_seconds(), .cpu_seconds = watch.cpu_seconds()};
      ivf_->Describe(&report);
      return report;
    } catch (const std::exception& error) {
      return Failed(error);
    }
  }

  absl::StatusOr<BuildReport> BuildPlain(const Matrix& rows) {
    VECDB_ASSIGN_OR_RETURN(const int m, IntParam(options_.build, "M", 16));
    VECDB_ASSIGN_OR_RETURN(const int ef, IntParam(options_.build, "efConstruction", 200));
    graph_ = nullptr;
    index_.reset();
    try {
      const Stopwatch watch;
      MakeIndex(static_cast<int>(rows.dim()), m, ef);
      omp_set_num_threads(options_.num_build_threads);
      index_->add(static_cast<faiss::Index::idx_t>(rows.num_rows()), rows.values().data());
      BuildReport report{.seconds = watch.wall_seconds(), .cpu_seconds = watch.cpu_seconds()};
      if (graph_) report.bytes_beyond_rows = GraphBytes(graph_->hnsw);
      return report;
    } catch (const std::exception& error) {
      return Failed(error);
    }
  }

  void MakeIndex(int dim, int m, int ef_construction) {
    if (options_.index == "FLAT") {
      index_ = std::make_unique<faiss::IndexFlat>(dim, metric_);
      return;
    }
    auto graph = std::make_unique<faiss::IndexHNSWFlat>(dim, m, metric_);
    graph->hnsw.efConstruction = ef_construction;
    graph_ = graph.get();
    index_ = std::move(graph);
  }

  const Dataset& dataset_;
  const Options& options_;
  const std::optional<IvfBuild> ivf_build_;
  const faiss::MetricType metric_;
  Matrix normalized_queries_;
  std::unique_ptr<faiss::Index> index_;
  faiss::IndexHNSW* graph_ = nullptr;  // what index_ is, when it is a graph
  std::optional<FaissIvf> ivf_;        // in the place of index_, when there are lists
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> MakeFaissEngine(const Dataset& dataset,
                                                        const Options& options) {
  std::optional<IvfBuild> ivf_build;
  if (IsIvf(options.index)) {
    VECDB_ASSIGN_OR_RETURN(ivf_build, ReadIvfBuild(options.index, options.build,
                                                   dataset.base.num_rows(), dataset.base.dim()));
  } else if (options.index != "HNSW" && options.index != "FLAT") {
    return absl::InvalidArgumentError(
        absl::StrFormat("faiss is not used with the index %s", options.index));
  }
  return std::make_unique<FaissEngine>(dataset, options, ivf_build);
}

}  // namespace vecdb::bench
