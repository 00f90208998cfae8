// storage_bench: what Flush costs over a plain write of the same rows, how soon a closed database
// answers, how fast a collection is loaded, rows are searched that have just come, and what
// searches notice of a compaction. See
// ../README.md.
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "common/flags.h"
#include "common/machine.h"
#include "storage/compact_bench.h"
#include "storage/flush_bench.h"
#include "storage/fresh_bench.h"
#include "storage/load_bench.h"
#include "storage/open_bench.h"
#include "storage/rows.h"

namespace vecdb::bench {
namespace {

struct StorageOptions {
  int num_rows = 100'000;
  int dim = 256;
  int num_runs = 7;
  int num_threads = 2;
  int seed = 1;
  std::string directory{};
  std::string parts = "flush,open";
  std::string cache = "warm";
  std::string codec = "auto";
};

Flags MakeFlags(StorageOptions& options) {
  Flags flags;
  flags.Add("rows", "rows of the collection", &options.num_rows, 1, 100'000'000);
  flags.Add("dim", "numbers per vector", &options.dim, 1, 32768);
  flags.Add("runs", "of each measurement; the median counts", &options.num_runs, 5, 1000);
  flags.Add("threads", "of the database", &options.num_threads, 1, 256);
  flags.Add("seed", "of the rows", &options.seed, 0, 1 << 30);
  flags.Add("dir", "where databases are made, and removed again", &options.directory);
  flags.Add("parts", "some of flush,open,load,fresh,compact", &options.parts);
  flags.Add("codec", "of the HNSW that is loaded: auto or float32", &options.codec);
  flags.Add("cache", "warm, or cold: the page cache is dropped before each open", &options.cache);
  return flags;
}

absl::Status CheckOptions(const StorageOptions& options) {
  for (const absl::string_view part : absl::StrSplit(options.parts, ',')) {
    if (part == "flush" || part == "open" || part == "load") continue;
    if (part == "fresh" || part == "compact") continue;
    return absl::InvalidArgumentError("--parts: some of flush,open,load,fresh,compact");
  }
  if (options.codec != "auto" && options.codec != "float32") {
    return absl::InvalidArgumentError("--codec: auto or float32");
  }
  if (options.cache != "warm" && options.cache != "cold") {
    return absl::InvalidArgumentError("--cache: warm or cold");
  }
  return absl::OkStatus();
}

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

absl::Status RunFlush(const Matrix& rows, const StorageOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const FlushReport report,
                         MeasureFlush(rows, options.directory, options.num_runs));
  std::printf("\nflush, without index, against a plain write (medians of %d, in turn)\n",
              options.num_runs);
  std::printf("  insert           %8.3f s\n", report.insert_seconds);
  std::printf("  flush            %8.3f s, %.1f MB in the store\n", report.flush_seconds,
              Megabytes(report.store_bytes));
  std::printf("  write and sync   %8.3f s, %.1f MB\n", report.write_seconds,
              Megabytes(report.row_bytes));
  std::printf("  flush / write    %8.2f\n", report.flush_seconds / report.write_seconds);
  return absl::OkStatus();
}

absl::Status RunOpen(const Matrix& rows, const StorageOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const OpenReport report,
                         MeasureOpen(rows, {.directory = options.directory,
                                            .num_runs = options.num_runs,
                                            .num_threads = options.num_threads,
                                            .is_cold = options.cache == "cold"}));
  std::printf("\nopen of a closed database to the first answer, HNSW loaded, cache %s\n",
              options.cache.c_str());
  std::printf("  made in          %8.2f s\n", report.prepare_seconds);
  std::printf("  open, median     %8.3f s of %d runs\n", report.open_seconds, options.num_runs);
  std::printf("  open, longest    %8.3f s\n", report.worst_open_seconds);
  std::printf("  rows indexed     %8ju of %ju\n", static_cast<uintmax_t>(report.indexed_rows),
              static_cast<uintmax_t>(report.total_rows));
  std::printf("  index objects    %8ju of %ju objects, %s\n",
              static_cast<uintmax_t>(report.num_index_objects),
              static_cast<uintmax_t>(report.num_objects),
              report.index_objects_unchanged ? "unchanged: nothing was rebuilt" : "CHANGED");
  std::printf("  objects changed  %8ju\n", static_cast<uintmax_t>(report.num_changed_objects));
  return absl::OkStatus();
}

double GigabytesPerSecond(uint64_t bytes, double seconds) {
  return static_cast<double>(bytes) / 1e9 / seconds;
}

absl::Status RunLoad(const Matrix& rows, const StorageOptions& options) {
  VECDB_ASSIGN_OR_RETURN(
      const LoadReportOfRuns report,
      MeasureLoad(rows,
                  {.directory = options.directory,
                   .num_runs = options.num_runs,
                   .num_threads = options.num_threads,
                   .is_cold = options.cache == "cold",
                   .codec = options.codec == "auto" ? HnswCodec::kAuto : HnswCodec::kFloat32}));
  std::printf("\nload of HNSW, codec %s, %d threads, cache %s (medians of %d, in turn)\n",
              options.codec.c_str(), options.num_threads, options.cache.c_str(), options.num_runs);
  std::printf("  made in          %8.2f s\n", report.prepare_seconds);
  std::printf("  load             %8.3f s, %.1f MB: %.2f GB/s (longest %.3f s)\n",
              report.load_seconds, Megabytes(report.load_bytes),
              GigabytesPerSecond(report.load_bytes, report.load_seconds),
              report.worst_load_seconds);
  std::printf("  plain pread      %8.3f s, %.1f MB: %.2f GB/s\n", report.plain_seconds,
              Megabytes(report.plain_bytes),
              GigabytesPerSecond(report.plain_bytes, report.plain_seconds));
  std::printf("  GB per second of CPU: load %.2f, plain pread %.2f\n",
              GigabytesPerSecond(report.load_bytes, report.load_cpu_seconds),
              GigabytesPerSecond(report.plain_bytes, report.plain_cpu_seconds));
  std::printf("  open to the first answer, mapped %.1f ms (longest %.1f ms)\n",
              1e3 * report.mapped_seconds, 1e3 * report.worst_mapped_seconds);
  return absl::OkStatus();
}

void PrintSpeed(const char* name, const FreshSpeed& speed, const FreshSpeed& sealed) {
  std::printf("  %-16s %9.0f QPS, recall %.4f, %.2f of sealed\n", name, speed.qps, speed.recall,
              speed.qps / sealed.qps);
}

absl::Status RunFresh(const Matrix& rows, const StorageOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const FreshReport report,
                         MeasureFresh(rows, {.directory = options.directory,
                                             .num_runs = options.num_runs,
                                             .num_threads = options.num_threads}));
  std::printf("\nsearch of fresh rows, HNSW, ef 64, one thread (fastest of %d passes, in turn)\n",
              options.num_runs);
  PrintSpeed("compared", report.compared, report.sealed);
  PrintSpeed("interim index", report.interim, report.sealed);
  PrintSpeed("sealed", report.sealed, report.sealed);
  std::printf("  CPU seconds: insert %.2f, with interim index %.2f, build when sealed %.2f\n",
              report.insert_cpu_seconds, report.interim_cpu_seconds, report.build_cpu_seconds);
  return absl::OkStatus();
}

absl::Status RunCompact(const Matrix& rows, const StorageOptions& options) {
  VECDB_ASSIGN_OR_RETURN(
      const CompactReport report,
      MeasureCompact(rows, {.directory = options.directory, .num_runs = options.num_runs}));
  std::printf(
      "\nsearches of %ju segments with HNSW, ef 64, beside their compaction (medians of %d)\n",
      static_cast<uintmax_t>(kCompactSegments), options.num_runs);
  std::printf("  idle             p50 %8.1f us, p99 %8.1f us\n", report.idle.p50_us,
              report.idle.p99_us);
  std::printf("  beside           p50 %8.1f us, p99 %8.1f us, %ju searches\n", report.beside.p50_us,
              report.beside.p99_us, static_cast<uintmax_t>(report.num_searches));
  std::printf("  p99 beside/idle  %8.2f of one run (largest %.2f)\n", report.p99_ratio,
              report.worst_p99_ratio);
  std::printf("  compaction       %8.2f s, %.1f MB written\n", report.compact_seconds,
              Megabytes(report.bytes_written));
  return absl::OkStatus();
}

bool HasPart(const StorageOptions& options, std::string_view part) {
  return options.parts.find(part) != std::string::npos;
}

absl::Status Run(const StorageOptions& options) {
  VECDB_RETURN_IF_ERROR(CheckOptions(options));
  VECDB_ASSIGN_OR_RETURN(const Matrix rows, ScatteredRows(static_cast<uint64_t>(options.num_rows),
                                                          static_cast<uint64_t>(options.dim),
                                                          static_cast<uint64_t>(options.seed)));
  std::printf("%d x %d float32 rows, %s\n", options.num_rows, options.dim, CpuName().c_str());
  if (HasPart(options, "flush")) VECDB_RETURN_IF_ERROR(RunFlush(rows, options));
  if (HasPart(options, "open")) VECDB_RETURN_IF_ERROR(RunOpen(rows, options));
  if (HasPart(options, "fresh")) VECDB_RETURN_IF_ERROR(RunFresh(rows, options));
  if (HasPart(options, "load")) VECDB_RETURN_IF_ERROR(RunLoad(rows, options));
  if (HasPart(options, "compact")) VECDB_RETURN_IF_ERROR(RunCompact(rows, options));
  return absl::OkStatus();
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::StorageOptions options;
  return vecdb::bench::RunProgram("storage_bench", vecdb::bench::MakeFlags(options), argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
