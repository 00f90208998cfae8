// vecdb through its Index door: the benchmark keeps the rows.
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "ann/engine.h"
#include "ann/vecdb_params.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/temp_dir.h"
#include "index/diskann_index.h"
#include "index/index_state.h"
#include "index/vector_index.h"
#include "schema/index_params.h"
#include "vecdb/executor.h"
#include "vecdb/index.h"

namespace vecdb::bench {
namespace {

// Whether searches read the float32 rows, and not only codes and copies that the index has made.
bool ReadsRows(const IndexSpec& spec, int32_t dim) {
  return index::NeedsRowsInMemory(spec, dim) ||
         schema::EffectiveRefine(spec, dim) == Refine::kFloat32;
}

class VecdbIndexEngine : public Engine {
 public:
  VecdbIndexEngine(const Dataset& dataset, const Options& options, const IndexSpec& spec)
      : dataset_(dataset),
        options_(options),
        spec_(spec),
        executor_(MakeThreadPool(options.num_build_threads)) {}

  absl::StatusOr<BuildReport> Build() override {
    index_.reset();
    const Matrix& rows = dataset_.base;
    const auto dim = static_cast<int32_t>(rows.dim());
    const Stopwatch watch;
    const IndexBuilder builder(dim, spec_, {.executor = executor_.get()});
    VECDB_ASSIGN_OR_RETURN(index_, builder.Build(rows.values(), options_.row_storage));
    if (std::holds_alternative<DiskannParams>(spec_.params)) return ReadBack(watch);
    const bool copies = options_.row_storage == RowStorage::kCopy;
    return BuildReport{.seconds = watch.wall_seconds(),
                       .cpu_seconds = watch.cpu_seconds(),
                       .bytes_beyond_rows = index_->index_bytes(),
                       .holds_rows = copies,
                       .needs_rows = ReadsRows(spec_, dim),
                       .note = copies ? "rows copied" : "rows viewed in the benchmark's array"};
  }

  absl::Status Configure(const Params& search) override {
    VECDB_ASSIGN_OR_RETURN(search_params_, VecdbSearchParams(spec_, search));
    return absl::OkStatus();
  }

  absl::Status SetFilter(const RowFilter& filter) override {
    const bool all = filter.rows.size() == dataset_.base.num_rows();
    allowed_ = all ? std::nullopt : std::optional<RowBitmap>(filter.rows.words());
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Search(size_t query, std::span<uint32_t> ids) override {
    VECDB_ASSIGN_OR_RETURN(const Neighbors found,
                           index_->Search({.vectors = dataset_.queries.row(query),
                                           .k = static_cast<int32_t>(ids.size()),
                                           .params = search_params_,
                                           .allowed = allowed_}));
    const std::span<const Neighbor> hits = found.of(0);
    for (size_t i = 0; i < hits.size(); ++i) ids[i] = hits[i].row;
    return hits.size();
  }

  PageCounts pages() const override {
    if (!std::holds_alternative<DiskannParams>(spec_.params)) return {};
    const auto& index =
        static_cast<const index::DiskannIndex&>(*index::IndexAccess::StateOf(*index_).index);
    return {.reads = index.page_reads(), .hits = index.page_hits()};
  }

 private:
  // Writes an index on disk to a file and opens it there: searches read it past the page cache.
  absl::StatusOr<BuildReport> ReadBack(const Stopwatch& watch) {
    VECDB_ASSIGN_OR_RETURN(TempDir directory, TempDir::Make(options_.directory));
    VECDB_ASSIGN_OR_RETURN(const auto store, OpenLocalObjectStore(directory.path().string()));
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse("diskann.idx"));
    VECDB_RETURN_IF_ERROR(index_->Save(*store, path));
    BuildReport report{.seconds = watch.wall_seconds(), .cpu_seconds = watch.cpu_seconds()};
    VECDB_ASSIGN_OR_RETURN(const auto reader, store->Open(path));
    VECDB_ASSIGN_OR_RETURN(index_, Index::Load(*store, path, {.executor = executor_.get()}));
    directory_.emplace(std::move(directory));
    report.bytes_beyond_rows = index_->index_bytes();
    report.holds_rows = report.needs_rows = false;
    report.note = absl::StrFormat(
        "%.1f bytes a vector on disk, past the page cache where the file system allows it",
        static_cast<double>(reader->size()) / static_cast<double>(index_->num_rows()));
    return report;
  }

  const Dataset& dataset_;
  const Options& options_;
  const IndexSpec spec_;
  const std::unique_ptr<Executor> executor_;
  std::optional<TempDir> directory_;  // of an index on disk
  std::unique_ptr<Index> index_;
  SearchParams search_params_;
  std::optional<RowBitmap> allowed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> MakeVecdbIndexEngine(const Dataset& dataset,
                                                             const Options& options) {
  VECDB_ASSIGN_OR_RETURN(const IndexSpec spec, VecdbIndexSpec(options));
  return std::make_unique<VecdbIndexEngine>(dataset, options, spec);
}

}  // namespace vecdb::bench
