// hnswlib, compiled for this machine's best instruction set. Its header defines functions that are
// not inline, so no other file of the program may include it.
#include <hnswlib/hnswlib.h>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "ann/engine.h"
#include "base/status_macros.h"
#include "common/clocks.h"

namespace vecdb::bench {
namespace {

using Graph = hnswlib::HierarchicalNSW<float>;
using Scan = hnswlib::BruteforceSearch<float>;

// A node of libstdc++'s unordered_map from label to id: next, key, value, as malloc rounds them.
constexpr uint64_t kLabelNodeBytes = 32;

absl::Status Failed(const std::exception& error) {
  return absl::InternalError(absl::StrFormat("hnswlib: %s", error.what()));
}

template <typename Map>
uint64_t LabelMapBytes(const Map& map) {
  return map.size() * kLabelNodeBytes + map.bucket_count() * sizeof(void*);
}

// Adds all rows as the README of hnswlib shows: the first alone, the others by a number of threads
// that take the next row when they are done with one. Throws what the first thread that failed
// threw.
void AddRows(hnswlib::AlgorithmInterface<float>& index, const Matrix& rows, int num_threads) {
  index.addPoint(rows.row(0).data(), 0);
  std::atomic<size_t> next = 1;  // hands out rows and publishes nothing else
  std::mutex mutex;              // guards `failure`
  std::exception_ptr failure;
  auto work = [&] {
    try {
      for (size_t row = next++; row < rows.num_rows(); row = next++) {
        index.addPoint(rows.row(row).data(), row);
      }
    } catch (...) {
      next = rows.num_rows();
      std::lock_guard<std::mutex> lock(mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<size_t>(num_threads));
  for (int i = 0; i < num_threads; ++i) threads.emplace_back(work);
  threads.clear();
  if (failure) std::rethrow_exception(failure);
}

// What hnswlib holds for searching: everything it allocates but its locks, the lists of visited
// rows, which belong to a search, and the rows.
void CountBytes(const Graph& graph, const Matrix& rows, BuildReport* report) {
  const auto num_rows = static_cast<double>(rows.num_rows());
  uint64_t upper_bytes = 0;
  for (size_t row = 0; row < graph.cur_element_count; ++row) {
    const auto level = static_cast<uint64_t>(graph.element_levels_[row]);
    if (level > 0) upper_bytes += level * graph.size_links_per_element_ + 1;
  }
  const uint64_t level0_bytes =
      (graph.size_data_per_element_ - graph.data_size_) * graph.max_elements_;
  const uint64_t per_row_bytes = (sizeof(char*) + sizeof(int)) * graph.max_elements_;
  const uint64_t label_bytes = LabelMapBytes(graph.label_lookup_);
  const uint64_t lock_bytes =
      (graph.link_list_locks_.size() + graph.link_list_update_locks_.size()) * sizeof(std::mutex);
  report->bytes_beyond_rows = level0_bytes + upper_bytes + per_row_bytes + label_bytes;
  report->note = absl::StrFormat(
      "bytes per row: level 0 %.1f, upper levels %.1f, their pointers and levels %.1f, label map "
      "%.1f; not counted: locks %.1f",
      static_cast<double>(level0_bytes) / num_rows, static_cast<double>(upper_bytes) / num_rows,
      static_cast<double>(per_row_bytes) / num_rows, static_cast<double>(label_bytes) / num_rows,
      static_cast<double>(lock_bytes) / num_rows);
}

class HnswlibEngine : public Engine {
 public:
  HnswlibEngine(const Dataset& dataset, const Options& options)
      : dataset_(dataset), options_(options) {
    if (dataset.metric == Metric::kL2) {
      space_ = std::make_unique<hnswlib::L2Space>(dataset.base.dim());
    } else {
      space_ = std::make_unique<hnswlib::InnerProductSpace>(dataset.base.dim());
    }
  }

  absl::StatusOr<BuildReport> Build() override {
    if (dataset_.metric != Metric::kCosine) return BuildFrom(dataset_.base);
    VECDB_ASSIGN_OR_RETURN(normalized_queries_, Normalized(dataset_.queries));
    VECDB_ASSIGN_OR_RETURN(const Matrix normalized, Normalized(dataset_.base));
    return BuildFrom(normalized);
  }

  absl::Status Configure(const Params& search) override {
    VECDB_ASSIGN_OR_RETURN(const int ef, IntParam(search, "ef", 64));
    if (graph_) graph_->setEf(static_cast<size_t>(ef));
    return absl::OkStatus();
  }

  // Version 0.6.2 has no filters but marks of deletion.
  absl::Status SetFilter(const RowFilter& filter) override {
    if (graph_ == nullptr) return Engine::SetFilter(filter);
    try {
      for (size_t row = 0; row < dataset_.base.num_rows(); ++row) {
        const bool is_marked = graph_->isMarkedDeleted(graph_->label_lookup_.at(row));
        const bool is_masked = !filter.rows.Contains(row);
        if (is_masked && !is_marked) graph_->markDelete(row);
        if (!is_masked && is_marked) graph_->unmarkDelete(row);
      }
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return Failed(error);
    }
  }

  absl::StatusOr<size_t> Search(size_t query, std::span<uint32_t> ids) override {
    const Matrix& queries =
        dataset_.metric == Metric::kCosine ? normalized_queries_ : dataset_.queries;
    try {
      auto farthest_first = index_->searchKnn(queries.row(query).data(), ids.size());
      const size_t found = farthest_first.size();
      for (size_t i = found; i-- > 0; farthest_first.pop()) {
        ids[i] = static_cast<uint32_t>(farthest_first.top().second);
      }
      return found;
    } catch (const std::exception& error) {
      return Failed(error);
    }
  }

 private:
  absl::StatusOr<BuildReport> BuildFrom(const Matrix& rows) {
    VECDB_ASSIGN_OR_RETURN(const int m, IntParam(options_.build, "M", 16));
    VECDB_ASSIGN_OR_RETURN(const int ef, IntParam(options_.build, "efConstruction", 200));
    graph_ = nullptr;
    index_.reset();
    try {
      return options_.index == "FLAT"
                 ? BuildScan(rows)
                 : BuildGraph(rows, static_cast<size_t>(m), static_cast<size_t>(ef));
    } catch (const std::exception& error) {
      return Failed(error);
    }
  }

  BuildReport BuildGraph(const Matrix& rows, size_t m, size_t ef_construction) {
    const Stopwatch watch;
    auto graph = std::make_unique<Graph>(space_.get(), rows.num_rows(), m, ef_construction);
    AddRows(*graph, rows, options_.num_build_threads);
    BuildReport report{.seconds = watch.wall_seconds(), .cpu_seconds = watch.cpu_seconds()};
    CountBytes(*graph, rows, &report);
    graph_ = graph.get();
    index_ = std::move(graph);
    return report;
  }

  BuildReport BuildScan(const Matrix& rows) {
    const Stopwatch watch;
    auto scan = std::make_unique<Scan>(space_.get(), rows.num_rows());
    AddRows(*scan, rows, 1);
    BuildReport report{.seconds = watch.wall_seconds(), .cpu_seconds = watch.cpu_seconds()};
    report.bytes_beyond_rows = rows.num_rows() * sizeof(hnswlib::labeltype) +
                               LabelMapBytes(scan->dict_external_to_internal);
    index_ = std::move(scan);
    return report;
  }

  const Dataset& dataset_;
  const Options& options_;
  Matrix normalized_queries_;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  std::unique_ptr<hnswlib::AlgorithmInterface<float>> index_;
  Graph* graph_ = nullptr;  // what index_ owns, when it is a graph
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> MakeHnswlibEngine(const Dataset& dataset,
                                                          const Options& options) {
  if (options.index != "HNSW" && options.index != "FLAT") {
    return absl::InvalidArgumentError(
        absl::StrFormat("hnswlib has the indexes HNSW and FLAT, not %s", options.index));
  }
  return std::make_unique<HnswlibEngine>(dataset, options);
}

}  // namespace vecdb::bench
