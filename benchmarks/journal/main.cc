// journal_bench: what durability costs, how fast it recovers, and what readers notice of writers.
// See ../README.md.
#include <cstdio>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "common/flags.h"
#include "common/machine.h"
#include "journal/read_bench.h"
#include "journal/recovery_bench.h"
#include "journal/store_bench.h"
#include "journal/write_bench.h"
#include "storage/rows.h"

namespace vecdb::bench {
namespace {

struct JournalOptions {
  int dim = 128;
  int num_runs = 7;
  int num_writers = 16;
  int replay_rows = 400'000;
  int open_rows = 1'000'000;
  int read_rows = 100'000;
  int num_queries = 5000;
  int put_ms = 20;
  std::string directory{};
  std::vector<std::string> parts = {"write", "store", "replay", "open", "read", "pinned"};
};

Flags MakeFlags(JournalOptions& options) {
  Flags flags;
  flags.Add("dim", "numbers per vector", &options.dim, 1, 32768);
  flags.Add("runs", "of each measurement; the median counts", &options.num_runs, 1, 1000);
  flags.Add("writers", "that write side by side", &options.num_writers, 2, 256);
  flags.Add("replay-rows", "in the journal that is replayed", &options.replay_rows, 1, 10'000'000);
  flags.Add("open-rows", "of the collection that is opened", &options.open_rows, 1, 100'000'000);
  flags.Add("read-rows", "of the collection that is searched", &options.read_rows, 2000,
            10'000'000);
  flags.Add("queries", "of each half of a run", &options.num_queries, 100, 1'000'000);
  flags.Add("put-ms", "that a put takes of the store in memory", &options.put_ms, 1, 10'000);
  flags.Add("dir", "where databases are made, and removed again", &options.directory);
  flags.Add("parts", "of write, store, replay, open, read, pinned", &options.parts);
  return flags;
}

absl::Status RunWrites(const Matrix& rows, const JournalOptions& options, int rows_per_batch) {
  VECDB_ASSIGN_OR_RETURN(const WriteReport report,
                         MeasureWrites(rows, {.directory = options.directory,
                                              .num_runs = options.num_runs,
                                              .num_batches = rows_per_batch == 1 ? 2000 : 100,
                                              .rows_per_batch = rows_per_batch,
                                              .num_writers = options.num_writers}));
  std::printf("\ndurable inserts of %d rows a batch, %ju bytes in the journal (medians of %d)\n",
              rows_per_batch, static_cast<uintmax_t>(report.record_bytes), options.num_runs);
  std::printf("  probe, append        %10.0f batches/s\n", report.probe_append);
  std::printf("  probe, preallocated  %10.0f batches/s\n", report.probe_preallocated);
  std::printf("  1 writer             %10.0f batches/s, %.2f of the better probe\n",
              report.one_writer, report.one_writer / report.best_probe());
  std::printf("  %-3d writers          %10.0f batches/s, %.2f of one writer\n", options.num_writers,
              report.many_writers, report.many_writers / report.one_writer);
  return absl::OkStatus();
}

absl::Status RunStoreWrites(const Matrix& rows, const JournalOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const StoreWriteReport report,
                         MeasureStoreWrites(rows, {.num_runs = options.num_runs,
                                                   .put_ms = options.put_ms,
                                                   .num_writers = options.num_writers}));
  std::printf(
      "\ndurable inserts of 1 row, journal in a store whose puts take %d ms (medians of %d)\n",
      options.put_ms, options.num_runs);
  Print(report, options.num_writers);
  return absl::OkStatus();
}

absl::Status RunReplay(const JournalOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const Matrix rows,
                         ScatteredRows(static_cast<uint64_t>(options.replay_rows),
                                       static_cast<uint64_t>(options.dim), 1));
  VECDB_ASSIGN_OR_RETURN(const ReplayReport report,
                         MeasureReplay(rows, options.directory, options.num_runs));
  std::printf("\nreplay of %ju rows\n  %.1f MB of log in %.3f s, %.0f MB/s\n",
              static_cast<uintmax_t>(report.num_rows), static_cast<double>(report.log_bytes) / 1e6,
              report.seconds, static_cast<double>(report.log_bytes) / 1e6 / report.seconds);
  return absl::OkStatus();
}

absl::Status RunOpen(const Matrix& rows, const JournalOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const CleanOpenReport report,
                         MeasureCleanOpen(rows, static_cast<uint64_t>(options.open_rows),
                                          options.directory, options.num_runs));
  std::printf("\nopen after a clean close, %ju rows, nothing loaded\n  %.1f ms\n",
              static_cast<uintmax_t>(report.num_rows), report.seconds * 1e3);
  return absl::OkStatus();
}

absl::Status RunReads(const Matrix& rows, const JournalOptions& options) {
  VECDB_ASSIGN_OR_RETURN(
      const ReadReport report,
      MeasureReads(rows, options.directory, options.num_runs, options.num_queries));
  std::printf("\nsearches, idle and beside one writer at %.0f rows/s (medians of %d)\n",
              report.busy_rows_per_second, options.num_runs);
  std::printf("  p50  %8.0f us idle  %8.0f us busy  %.2f\n", report.idle_p50_us, report.busy_p50_us,
              report.busy_p50_us / report.idle_p50_us);
  std::printf("  p99  %8.0f us idle  %8.0f us busy  %.2f\n", report.idle_p99_us, report.busy_p99_us,
              report.busy_p99_us / report.idle_p99_us);
  return absl::OkStatus();
}

absl::Status RunPinned(const Matrix& rows, const JournalOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const PinnedReport report, MeasurePinned(rows, options.directory, 300));
  std::printf(
      "\nreads through a pinned snapshot during %ju flushes and %ju garbage collections\n"
      "  %ju of %ju identical\n",
      static_cast<uintmax_t>(report.num_flushes), static_cast<uintmax_t>(report.num_collections),
      static_cast<uintmax_t>(report.num_reads - report.num_different),
      static_cast<uintmax_t>(report.num_reads));
  return absl::OkStatus();
}

absl::Status Run(const JournalOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const Matrix rows, ScatteredRows(static_cast<uint64_t>(options.read_rows),
                                                          static_cast<uint64_t>(options.dim), 1));
  std::setvbuf(stdout, nullptr, _IOLBF,
               0);  // what was measured is kept when a later part is stopped
  std::printf("%d dims, %s\n", options.dim, CpuName().c_str());
  for (const std::string& part : options.parts) {
    absl::Status status = absl::InvalidArgumentError("--parts: unknown part " + part);
    if (part == "write") {
      status = RunWrites(rows, options, 1);
      if (status.ok()) status = RunWrites(rows, options, 1000);
    }
    if (part == "store") status = RunStoreWrites(rows, options);
    if (part == "replay") status = RunReplay(options);
    if (part == "open") status = RunOpen(rows, options);
    if (part == "read") status = RunReads(rows, options);
    if (part == "pinned") status = RunPinned(rows, options);
    VECDB_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::JournalOptions options;
  return vecdb::bench::RunProgram("journal_bench", vecdb::bench::MakeFlags(options), argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
