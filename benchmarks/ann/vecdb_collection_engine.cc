// vecdb through its Collection door: rows go into a database in a temporary directory, and come
// back by their keys.
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "ann/engine.h"
#include "ann/vecdb_params.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/temp_dir.h"
#include "vecdb/database.h"
#include "vecdb/executor.h"

namespace vecdb::bench {
namespace {

class VecdbCollectionEngine : public Engine {
 public:
  VecdbCollectionEngine(const Dataset& dataset, const Options& options, const IndexSpec& spec)
      : dataset_(dataset),
        options_(options),
        spec_(spec),
        executor_(MakeThreadPool(options.num_build_threads)) {}

  absl::StatusOr<BuildReport> Build() override {
    Drop();
    const Stopwatch fill_watch;
    VECDB_RETURN_IF_ERROR(Fill());
    const double fill_seconds = fill_watch.wall_seconds();
    const Stopwatch watch;
    VECDB_RETURN_IF_ERROR(collection_->CreateIndex(kVectorField, spec_));
    VECDB_RETURN_IF_ERROR(collection_->WaitForIndex(kVectorField));
    BuildReport report{.seconds = watch.wall_seconds(), .cpu_seconds = watch.cpu_seconds()};
    VECDB_RETURN_IF_ERROR(collection_->Load());
    VECDB_RETURN_IF_ERROR(Describe(fill_seconds, &report));
    return report;
  }

  absl::Status Configure(const Params& search) override {
    request_.field = std::string(kVectorField);
    VECDB_ASSIGN_OR_RETURN(request_.params, VecdbSearchParams(spec_, search));
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Search(size_t query, std::span<uint32_t> ids) override {
    SearchRequest request = request_;
    request.vectors = dataset_.queries.row(query);
    request.limit = static_cast<int32_t>(ids.size());
    VECDB_ASSIGN_OR_RETURN(const SearchResult result, collection_->Search(request));
    const std::span<const Hit> hits = result.hits(0);
    for (size_t i = 0; i < hits.size(); ++i) ids[i] = static_cast<uint32_t>(hits[i].int64_key());
    for (const SegmentSearchStats& segment : result.stats().segments) {
      if (segment.page_reads + segment.page_hits == 0) continue;
      page_reads_ += segment.page_reads;
      page_hits_ += segment.page_hits;
    }
    return hits.size();
  }

  PageCounts pages() const override { return {.reads = page_reads_, .hits = page_hits_}; }

 private:
  void Drop() {
    collection_.reset();
    database_.reset();
    directory_.reset();
  }

  absl::Status Fill() {
    VECDB_ASSIGN_OR_RETURN(TempDir directory, TempDir::Make(options_.directory));
    directory_.emplace(std::move(directory));
    VECDB_ASSIGN_OR_RETURN(database_, Database::Open({.path = directory_->path().string(),
                                                      .host = {.executor = executor_.get()}}));
    VECDB_ASSIGN_OR_RETURN(
        collection_, database_->CreateCollection("bench", BenchmarkSchema(dataset_.base.dim()),
                                                 OneSegmentOptions(dataset_.base)));
    VECDB_RETURN_IF_ERROR(InsertRows(*collection_, dataset_.base));
    return collection_->Flush();
  }

  absl::Status Describe(double fill_seconds, BuildReport* report) const {
    VECDB_ASSIGN_OR_RETURN(const auto segments, collection_->Segments());
    VECDB_ASSIGN_OR_RETURN(const IndexDescription index, collection_->DescribeIndex(kVectorField));
    uint64_t memory_bytes = 0;
    for (const SegmentDescription& segment : segments) memory_bytes += segment.memory_bytes;
    const uint64_t row_bytes = dataset_.base.num_bytes();
    report->bytes_beyond_rows = memory_bytes > row_bytes ? memory_bytes - row_bytes : 0;
    report->note =
        absl::StrFormat("%d segments, %d of %d rows indexed; insert and flush %.2f s",
                        segments.size(), index.indexed_rows, index.total_rows, fill_seconds);
    return absl::OkStatus();
  }

  const Dataset& dataset_;
  const Options& options_;
  const IndexSpec spec_;
  const std::unique_ptr<Executor> executor_;  // outlives the database
  std::optional<TempDir> directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Collection> collection_;
  SearchRequest request_;
  std::atomic<uint64_t> page_reads_ = 0;
  std::atomic<uint64_t> page_hits_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> MakeVecdbCollectionEngine(const Dataset& dataset,
                                                                  const Options& options) {
  VECDB_ASSIGN_OR_RETURN(const IndexSpec spec, VecdbIndexSpec(options));
  return std::make_unique<VecdbCollectionEngine>(dataset, options, spec);
}

}  // namespace vecdb::bench
