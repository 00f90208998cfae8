// disk_bench: DISKANN against what the disk gives to random reads, and its builds within less
// memory than the rows take. See ../README.md.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ann/engine.h"
#include "ann/recall.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/flags.h"
#include "common/machine.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "data/dataset.h"
#include "disk/made_rows.h"
#include "disk/probe.h"
#include "index/diskann_index.h"
#include "index/index_state.h"
#include "vecdb/executor.h"
#include "vecdb/index.h"

namespace vecdb::bench {
namespace {

constexpr size_t kProbeDepth = 64;
constexpr double kProbeSeconds = 1;
constexpr double kReadsOfPeer = 27;  // of DiskANN (C++) at recall 0.95
constexpr int kInFlight = 8;

struct DiskOptions {
  DatasetFiles files{};
  int num_rows = 1'000'000;
  int num_queries = 1000;
  int dim = 128;
  int seed = 1;
  int k = 10;
  int num_build_threads = 2;
  int num_runs = 5;
  std::vector<double> build_memory{0};
  std::vector<double> caches{0};
  std::vector<std::string> search_lists{"10", "12", "14", "16", "20", "24", "32", "50", "100"};
  std::vector<std::string> beamwidths{"8"};
  std::string hnsw = "no";
  std::string directory{};
};

Flags MakeFlags(DiskOptions& options) {
  Flags flags;
  flags.Add("base", "vectors; else they are made", &options.files.base);
  flags.Add("query", "vectors", &options.files.queries);
  flags.Add("truth", "nearest rows of the queries; else they are computed", &options.files.truth);
  flags.Add("rows", "to make", &options.num_rows, 1000, 100'000'000);
  flags.Add("queries", "to make", &options.num_queries, 1, 1'000'000);
  flags.Add("dim", "of what is made", &options.dim, 2, 32768);
  flags.Add("seed", "of what is made", &options.seed, 0, 1 << 30);
  flags.Add("k", "neighbours per query", &options.k, 1, 1000);
  flags.Add("build-threads", "that build", &options.num_build_threads, 1, 256);
  flags.Add("runs", "of QPS and probe, in turn; the median counts", &options.num_runs, 3, 100);
  flags.Add("build-memory", "to build in, as shares of the float32 rows, in turn; 0: no limit",
            &options.build_memory);
  flags.Add("caches", "search_cache_budget, in turn", &options.caches);
  flags.Add("search-lists", "rising", &options.search_lists);
  flags.Add("beamwidths", "in turn", &options.beamwidths);
  flags.Add("hnsw", "yes: build HNSW too, to compare the time", &options.hnsw);
  flags.Add("dir", "where indexes are written, and removed again", &options.directory);
  return flags;
}

absl::StatusOr<Dataset> GetDataset(const DiskOptions& options) {
  const auto k = static_cast<size_t>(options.k);
  if (!options.files.base.empty()) {
    return LoadDataset(options.files, Metric::kL2, k, options.num_build_threads);
  }
  VECDB_ASSIGN_OR_RETURN(
      MadeRows made,
      MakeRows(static_cast<uint64_t>(options.num_rows), static_cast<uint64_t>(options.num_queries),
               static_cast<uint64_t>(options.dim), static_cast<uint64_t>(options.seed)));
  Dataset dataset{.name = "made", .base = std::move(made.base), .queries = std::move(made.queries)};
  dataset.truth = ComputeTruth(Metric::kL2, dataset.base, dataset.queries, k,
                               static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  return dataset;
}

// An index in a file, and how it came there.
struct WrittenIndex {
  double build_seconds = 0;
  uint64_t peak_bytes = 0;
  std::unique_ptr<Index> index{};
  std::shared_ptr<const ObjectReader> object{};
};

// How often a page was read, or found in memory, by all searches so far.
PageCounts PagesOf(const Index& index) {
  const auto& diskann =
      static_cast<const index::DiskannIndex&>(*index::IndexAccess::StateOf(index).index);
  return {diskann.page_reads(), diskann.page_hits()};
}

struct Point {
  int search_list = 0;
  int beamwidth = 0;
  double recall = 0;
  double reads = 0;
  double hits = 0;
};

class DiskBench {
 public:
  DiskBench(const Dataset& dataset, const DiskOptions& options)
      : dataset_(dataset),
        options_(options),
        executor_(MakeThreadPool(options.num_build_threads)),
        judge_(dataset, static_cast<size_t>(options.k)) {}

  absl::Status Run() {
    if (options_.hnsw == "yes") VECDB_RETURN_IF_ERROR(BuildHnsw());
    for (const double share : options_.build_memory) {
      for (const double cache : options_.caches) VECDB_RETURN_IF_ERROR(RunIndex(share, cache));
    }
    return absl::OkStatus();
  }

 private:
  double RowBytes() const { return static_cast<double>(dataset_.base.num_bytes()); }

  absl::Status BuildHnsw() {
    const Stopwatch watch;
    const IndexBuilder builder(static_cast<int32_t>(dataset_.base.dim()),
                               {.metric = Metric::kL2, .params = HnswParams{}},
                               {.executor = executor_.get()});
    VECDB_RETURN_IF_ERROR(builder.Build(dataset_.base.values(), RowStorage::kView).status());
    std::printf("HNSW built in %.1f s on %d threads\n", watch.wall_seconds(),
                options_.num_build_threads);
    return absl::OkStatus();
  }

  absl::StatusOr<WrittenIndex> Build(double share, double cache, const TempDir& directory) {
    MemoryBudget budget(share > 0 ? static_cast<uint64_t>(share * RowBytes())
                                  : MemoryBudget::kNoLimit);
    VECDB_ASSIGN_OR_RETURN(const auto store, OpenLocalObjectStore(directory.path().string()));
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse("diskann.idx"));
    VECDB_ASSIGN_OR_RETURN(ObjectPath folder, ObjectPath::Parse("scratch"));
    WrittenIndex written;
    const Stopwatch watch;
    IndexBuilder builder(
        static_cast<int32_t>(dataset_.base.dim()),
        {.metric = Metric::kL2, .params = DiskannParams{.search_cache_budget = cache}},
        {.executor = executor_.get(), .budget = &budget});
    builder.UseScratch({.store = store, .folder = std::move(folder)});
    {
      VECDB_ASSIGN_OR_RETURN(const auto built,
                             builder.Build(dataset_.base.values(), RowStorage::kView));
      VECDB_RETURN_IF_ERROR(built->Save(*store, path));
    }
    written.build_seconds = watch.wall_seconds();
    written.peak_bytes = budget.Report().peak_bytes;
    VECDB_ASSIGN_OR_RETURN(written.object, store->Open(path));
    VECDB_ASSIGN_OR_RETURN(written.index, Index::Load(*store, path));
    return written;
  }

  absl::Status RunIndex(double share, double cache) {
    VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(options_.directory));
    VECDB_ASSIGN_OR_RETURN(const WrittenIndex written, Build(share, cache, directory));
    const double index_bytes = static_cast<double>(written.index->index_bytes());
    const double cached = cache * RowBytes();
    std::printf("\nDISKANN, memory to build in %.2f of the rows, cache %.2f of the rows\n", share,
                cache);
    std::printf("  built and written in %.1f s, peak %.1f MB (%.3f of the rows)\n",
                written.build_seconds, static_cast<double>(written.peak_bytes) / 1e6,
                static_cast<double>(written.peak_bytes) / RowBytes());
    std::printf("  in memory %.1f MB: beside the cache %.4f of the rows; file %.1f MB\n",
                index_bytes / 1e6, std::max(0.0, index_bytes - cached) / RowBytes(),
                static_cast<double>(written.object->size()) / 1e6);
    std::optional<Point> at_95;
    for (const std::string& beamwidth : options_.beamwidths) {
      for (const std::string& search_list : options_.search_lists) {
        int list = 0;
        int width = 0;
        VECDB_RETURN_IF_ERROR(ParseInt("--search-lists", search_list, 1, 65535, &list));
        VECDB_RETURN_IF_ERROR(ParseInt("--beamwidths", beamwidth, 1, 128, &width));
        VECDB_ASSIGN_OR_RETURN(const Point point, Measure(*written.index, list, width));
        std::printf("  beamwidth %2d search_list %3d: recall %.4f, %.2f pages read, %.2f cached\n",
                    point.beamwidth, point.search_list, point.recall, point.reads, point.hits);
        std::fflush(stdout);
        if (!at_95.has_value() && point.recall >= 0.95) at_95 = point;
      }
    }
    return at_95.has_value() ? CompareWithProbe(written, *at_95) : absl::OkStatus();
  }

  absl::StatusOr<Neighbors> Search(const Index& index, size_t query, const Point& point) const {
    return index.Search({.vectors = dataset_.queries.row(query),
                         .k = options_.k,
                         .params = DiskannSearchParams{.search_list = point.search_list,
                                                       .beamwidth = point.beamwidth}});
  }

  absl::StatusOr<Point> Measure(const Index& index, int search_list, int beamwidth) const {
    Point point{.search_list = search_list, .beamwidth = beamwidth};
    const PageCounts before = PagesOf(index);
    const size_t num_queries = dataset_.queries.num_rows();
    size_t hits = 0;
    size_t wanted = 0;
    for (size_t query = 0; query < num_queries; ++query) {
      VECDB_ASSIGN_OR_RETURN(const Neighbors found, Search(index, query, point));
      std::vector<uint32_t> ids;
      for (const Neighbor& one : found.of(0)) ids.push_back(one.row);
      hits += judge_.Hits(query, ids);
      wanted += judge_.Wanted(query);
    }
    const PageCounts after = PagesOf(index);
    const auto count = static_cast<double>(num_queries);
    point.recall = static_cast<double>(hits) / static_cast<double>(wanted);
    point.reads = static_cast<double>(after.reads - before.reads) / count;
    point.hits = static_cast<double>(after.hits - before.hits) / count;
    return point;
  }

  // Every query once, `in_flight` threads taking one each. Seconds of each query.
  absl::StatusOr<std::vector<double>> Pass(const Index& index, const Point& point, int in_flight,
                                           double* seconds) const {
    const size_t num_queries = dataset_.queries.num_rows();
    std::vector<double> times(num_queries);
    std::vector<absl::Status> errors(static_cast<size_t>(in_flight));
    std::vector<std::thread> threads;
    const double start = WallSeconds();
    for (int thread = 0; thread < in_flight; ++thread) {
      threads.emplace_back([&, thread] {
        const auto step = static_cast<size_t>(in_flight);
        for (size_t query = static_cast<size_t>(thread); query < num_queries; query += step) {
          const double begin = WallSeconds();
          errors[static_cast<size_t>(thread)].Update(Search(index, query, point).status());
          times[query] = WallSeconds() - begin;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    *seconds = WallSeconds() - start;
    for (const absl::Status& error : errors) VECDB_RETURN_IF_ERROR(error);
    return times;
  }

  absl::Status CompareWithProbe(const WrittenIndex& written, const Point& point) const {
    DiskProbe probe(written.object);
    std::vector<double> depth1, deep, qps1, qps8, p99, chain, of_peer, of_device, of_chain;
    const double num_queries = static_cast<double>(dataset_.queries.num_rows());
    for (int run = 0; run < options_.num_runs; ++run) {
      VECDB_ASSIGN_OR_RETURN(depth1.emplace_back(), probe.ReadsPerSecond(1, kProbeSeconds));
      double seconds = 0;
      VECDB_ASSIGN_OR_RETURN(const auto times, Pass(*written.index, point, 1, &seconds));
      qps1.push_back(num_queries / seconds);
      p99.push_back(Percentile(times, 0.99));
      VECDB_ASSIGN_OR_RETURN(
          chain.emplace_back(),
          probe.ChainSeconds(static_cast<size_t>(std::max(1.0, point.reads + 0.5)), 0.99));
      VECDB_ASSIGN_OR_RETURN(deep.emplace_back(), probe.ReadsPerSecond(kProbeDepth, kProbeSeconds));
      VECDB_RETURN_IF_ERROR(Pass(*written.index, point, kInFlight, &seconds).status());
      qps8.push_back(num_queries / seconds);
      of_peer.push_back(qps1.back() * kReadsOfPeer / depth1.back());
      of_device.push_back(qps8.back() * point.reads / deep.back());
      of_chain.push_back(p99.back() / chain.back());
    }
    std::printf("  at recall %.4f, against the disk%s (medians of %d, in turn)\n", point.recall,
                probe.passes_cache() ? " past the page cache" : ", THROUGH THE PAGE CACHE",
                options_.num_runs);
    std::printf("    random 4 KiB reads a second: %.0f at depth 1, %.0f at depth %d\n",
                Median(depth1), Median(deep), static_cast<int>(kProbeDepth));
    std::printf("    QPS, one in flight   %8.0f: %.2f of depth 1 / 27\n", Median(qps1),
                Median(of_peer));
    std::printf("    QPS, %d in flight     %8.0f: %.2f of what the disk reads\n", kInFlight,
                Median(qps8), Median(of_device));
    std::printf("    p99, one in flight   %8.0f us: %.2f of as many reads one by one (%.0f us)\n",
                1e6 * Median(p99), Median(of_chain), 1e6 * Median(chain));
    return absl::OkStatus();
  }

  const Dataset& dataset_;
  const DiskOptions& options_;
  const std::unique_ptr<Executor> executor_;
  const RecallJudge judge_;
};

absl::Status Run(const DiskOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const Dataset dataset, GetDataset(options));
  std::printf("%ju x %ju float32 rows, %ju queries, %s\n",
              static_cast<uintmax_t>(dataset.base.num_rows()),
              static_cast<uintmax_t>(dataset.base.dim()),
              static_cast<uintmax_t>(dataset.queries.num_rows()), CpuName().c_str());
  std::fflush(stdout);
  return DiskBench(dataset, options).Run();
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::DiskOptions options;
  return vecdb::bench::RunProgram("disk_bench", vecdb::bench::MakeFlags(options), argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
