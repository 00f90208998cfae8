// footprint_bench: what indexes take on disk and in memory, and how near scans of lists come to the
// speed of the memory. See ../README.md.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/flags.h"
#include "common/machine.h"
#include "common/temp_dir.h"
#include "data/matrix.h"
#include "data/vector_file.h"
#include "query/column_sum.h"
#include "storage/file_list.h"
#include "storage/rows.h"
#include "vecdb/database.h"
#include "vecdb/executor.h"
#include "vecdb/index.h"

namespace vecdb::bench {
namespace {

constexpr int kScans = 20;

struct FootprintOptions {
  std::string base{};
  std::string metric = "l2";
  std::string parts = "index,scan";
  std::string directory{};
  int num_rows = 1'000'000;
  int dim = 128;
  int nlist = 256;
  int num_threads = 2;
};

struct NamedSpec {
  std::string_view name{};
  IndexSpec spec{};
};

Metric MetricOf(const FootprintOptions& options) {
  if (options.metric == "ip") return Metric::kIp;
  return options.metric == "cosine" ? Metric::kCosine : Metric::kL2;
}

IndexSpec Sq8(const FootprintOptions& options) {
  return {.metric = MetricOf(options), .params = IvfSq8Params{.nlist = options.nlist}};
}

IndexSpec Pq(const FootprintOptions& options, size_t dim) {
  return {.metric = MetricOf(options),
          .params =
              IvfPqParams{.nlist = options.nlist, .m = static_cast<int32_t>(dim / 4), .nbits = 8}};
}

IndexSpec Flat(const FootprintOptions& options) {
  return {.metric = MetricOf(options), .params = IvfFlatParams{.nlist = options.nlist}};
}

double PerRow(uint64_t bytes, const Matrix& rows) {
  return static_cast<double>(bytes) / static_cast<double>(rows.num_rows());
}

// The file of an index, and by how much the process grows when its collection is loaded.
absl::Status MeasureIndex(const NamedSpec& named, const Matrix& rows, int num_threads,
                          const std::string& directory) {
  VECDB_ASSIGN_OR_RETURN(const TempDir temp, TempDir::Make(directory));
  const DatabaseOptions options{.path = temp.path().string(), .num_threads = num_threads};
  VECDB_RETURN_IF_ERROR(WriteCollection(options, rows, named.spec));
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
  VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection(kCollectionName));
  const uint64_t before = ResidentBytes();
  VECDB_ASSIGN_OR_RETURN(const LoadEstimate estimate, collection->EstimateLoad());
  VECDB_RETURN_IF_ERROR(collection->Load());
  const uint64_t after = ResidentBytes();
  const uint64_t grown = after - std::min(before, after);
  VECDB_ASSIGN_OR_RETURN(const auto files, ListFiles(temp.path()));
  uint64_t file_bytes = 0;
  for (const FileMark& file : WithEnding(files, ".idx")) file_bytes += file.size_bytes;
  const double float_bytes = static_cast<double>(rows.dim() * sizeof(float));
  std::printf(
      "  %-8s bytes a row: file %.1f (float32 / that %.2f), index in memory %.1f, keys %.1f, "
      "process"
      " %.1f (%.2f of the index)\n",
      std::string(named.name).c_str(), PerRow(file_bytes, rows),
      float_bytes / PerRow(file_bytes, rows), PerRow(estimate.index_bytes, rows),
      PerRow(estimate.key_bytes, rows), PerRow(grown, rows),
      static_cast<double>(grown) / static_cast<double>(estimate.index_bytes));
  return database->Close();
}

// Gigabytes a second that one thread reads one after the other.
double ReadSpeed(uint64_t bytes) {
  const auto matrix = Matrix::Make(bytes / sizeof(float) / 1024, 1024);
  if (!matrix.ok()) return 0;
  const auto floats = matrix->values();
  const std::span values(reinterpret_cast<const int64_t*>(floats.data()), floats.size() / 2);
  double least = 0;
  int64_t sum = 0;
  for (int i = 0; i < kScans; ++i) {
    const double start = ThreadCpuSeconds();
    sum = SumColumn(values, sum);
    const double seconds = ThreadCpuSeconds() - start;
    if (least == 0 || seconds < least) least = seconds;
  }
  if (sum != 0) std::printf("  zeros have a sum of %ld\n", static_cast<long>(sum));
  return static_cast<double>(values.size_bytes()) / least / 1e9;
}

// The speed at which one thread scans every list, and a plain read of as many bytes in turn.
absl::Status MeasureScan(const NamedSpec& named, const Matrix& rows, uint64_t row_bytes,
                         Executor* executor) {
  const IndexBuilder builder(static_cast<int32_t>(rows.dim()), named.spec, {.executor = executor});
  VECDB_ASSIGN_OR_RETURN(const auto index, builder.Build(rows.values(), RowStorage::kView));
  const int32_t nlist = std::visit(
      [](const auto& params) -> int32_t {
        if constexpr (requires { params.nlist; }) return params.nlist;
        return 1;
      },
      named.spec.params);
  double least = 0;
  for (int i = 0; i < kScans; ++i) {
    const auto query = rows.row(static_cast<size_t>(i) * 7919 % rows.num_rows());
    const double start = ThreadCpuSeconds();
    VECDB_RETURN_IF_ERROR(
        index->Search({.vectors = query, .k = 10, .params = IvfSearchParams{.nprobe = nlist}})
            .status());
    const double seconds = ThreadCpuSeconds() - start;
    if (least == 0 || seconds < least) least = seconds;
  }
  const uint64_t bytes = rows.num_rows() * row_bytes;
  const double scanned = static_cast<double>(bytes) / least / 1e9;
  const double plain = ReadSpeed(bytes);
  std::printf("  %-8s %8.2f GB/s of codes, plain read %8.2f GB/s: %.0f %%\n",
              std::string(named.name).c_str(), scanned, plain, 100 * scanned / plain);
  return absl::OkStatus();
}

absl::Status Run(const FootprintOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const Matrix rows,
                         options.base.empty()
                             ? ScatteredRows(static_cast<uint64_t>(options.num_rows),
                                             static_cast<uint64_t>(options.dim), 1)
                             : ReadVectors(options.base));
  std::printf("%s\n%zu rows, dim %zu, %s, nlist %d\n", CpuName().c_str(), rows.num_rows(),
              rows.dim(), options.metric.c_str(), options.nlist);
  const auto executor = MakeThreadPool(options.num_threads);
  for (const absl::string_view part : absl::StrSplit(options.parts, ',')) {
    std::printf("%s\n", std::string(part).c_str());
    if (part == "index") {
      for (const NamedSpec& named :
           {NamedSpec{"IVF_SQ8", Sq8(options)}, NamedSpec{"IVF_PQ", Pq(options, rows.dim())},
            NamedSpec{"HNSW", {.metric = MetricOf(options), .params = HnswParams{}}}}) {
        VECDB_RETURN_IF_ERROR(MeasureIndex(named, rows, options.num_threads, options.directory));
      }
    } else if (part == "scan") {
      VECDB_RETURN_IF_ERROR(
          MeasureScan({"IVF_FLAT", Flat(options)}, rows, rows.dim() * 4, executor.get()));
      VECDB_RETURN_IF_ERROR(
          MeasureScan({"IVF_SQ8", Sq8(options)}, rows, rows.dim(), executor.get()));
    } else {
      return absl::InvalidArgumentError("--parts: some of index,scan");
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::FootprintOptions options;
  vecdb::bench::Flags flags;
  flags.Add("base", "the rows; without it, scattered ones", &options.base);
  flags.Add("metric", "l2, ip or cosine", &options.metric);
  flags.Add("parts", "some of index,scan", &options.parts);
  flags.Add("dir", "where files are made, and removed again", &options.directory);
  flags.Add("rows", "scattered rows", &options.num_rows, 1, 100'000'000);
  flags.Add("dim", "numbers per scattered row, a multiple of 4", &options.dim, 4, 32768);
  flags.Add("nlist", "lists", &options.nlist, 1, 65536);
  flags.Add("threads", "that build and load", &options.num_threads, 1, 256);
  return vecdb::bench::RunProgram("footprint_bench", flags, argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
