// s3_bench: a bucket against what curl gets out of the same server: transfers, cold readers,
// durable writes. See ../README.md.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "bucket/bucket.h"
#include "bucket/cold_bench.h"
#include "bucket/transfer_bench.h"
#include "common/flags.h"
#include "common/machine.h"
#include "disk/made_rows.h"
#include "journal/store_bench.h"
#include "storage/rows.h"

namespace vecdb::bench {
namespace {

struct BucketOptions {
  int num_rows = 1'000'000;
  int dim = 128;
  int num_runs = 3;
  int num_objects = 16;
  int object_mib = 64;
  std::vector<std::string> parallel = {"1", "2", "4", "8"};
  int num_writers = 16;
  int num_groups = 200;
  std::vector<std::string> parts = {"transfer", "write",          "HNSW",
                                    "IVF_PQ",   "IVF_PQ_REFINED", "DISKANN"};
};

Flags MakeFlags(BucketOptions& options) {
  Flags flags;
  flags.Add("rows", "of the collections that are opened", &options.num_rows, 1000, 100'000'000);
  flags.Add("dim", "of these", &options.dim, 2, 32768);
  flags.Add("runs", "of each measurement; the median counts", &options.num_runs, 1, 1000);
  flags.Add("objects", "that are sent and read", &options.num_objects, 1, 10'000);
  flags.Add("object-mib", "MiB of each", &options.object_mib, 1, 1024);
  flags.Add("parallel", "processes of curl, threads of the library", &options.parallel);
  flags.Add("writers", "that write side by side", &options.num_writers, 2, 256);
  flags.Add("groups", "inserts of each writer", &options.num_groups, 1, 100'000);
  flags.Add("parts", "of transfer, write, HNSW, IVF_PQ, IVF_PQ_REFINED, DISKANN", &options.parts);
  return flags;
}

absl::Status RunTransfers(const Bucket& bucket, const BucketOptions& options) {
  TransferOptions transfer{.num_runs = options.num_runs,
                           .num_objects = options.num_objects,
                           .object_bytes = static_cast<uint64_t>(options.object_mib) << 20};
  for (const std::string& count : options.parallel) {
    VECDB_RETURN_IF_ERROR(ParseInt("--parallel", count, 1, 256, &transfer.parallel.emplace_back()));
  }
  VECDB_ASSIGN_OR_RETURN(const std::vector<TransferRates> rates,
                         MeasureTransfers(bucket, transfer));
  std::printf("\n%d objects of %d MiB, MB/s (medians of %d, in turn)\n", options.num_objects,
              options.object_mib, options.num_runs);
  std::printf("  at a time   up: curl  library   down: curl  library\n");
  TransferRates best;
  for (const TransferRates& rate : rates) {
    std::printf("  %9d %10.0f %8.0f %12.0f %8.0f\n", rate.parallel, rate.curl_up / 1e6,
                rate.library_up / 1e6, rate.curl_down / 1e6, rate.library_down / 1e6);
    best.curl_up = std::max(best.curl_up, rate.curl_up);
    best.curl_down = std::max(best.curl_down, rate.curl_down);
    best.library_up = std::max(best.library_up, rate.library_up);
    best.library_down = std::max(best.library_down, rate.library_down);
  }
  std::printf("  best of the library by best of curl: %.2f up, %.2f down\n",
              best.library_up / best.curl_up, best.library_down / best.curl_down);
  return absl::OkStatus();
}

absl::Status RunWrites(const Bucket& bucket, const BucketOptions& options) {
  const StoreWriteOptions write{
      .num_runs = options.num_runs,
      .put_ms = 0,
      .num_writers = options.num_writers,
      .groups = options.num_groups,
      .make_store = [&]() -> absl::StatusOr<std::shared_ptr<ObjectStore>> {
        VECDB_ASSIGN_OR_RETURN(const auto store, OpenBucket(bucket));
        VECDB_RETURN_IF_ERROR(EmptyBucket(*store));
        return store;
      }};
  VECDB_ASSIGN_OR_RETURN(const Matrix rows,
                         ScatteredRows(100, static_cast<uint64_t>(options.dim), 1));
  VECDB_ASSIGN_OR_RETURN(const StoreWriteReport report, MeasureStoreWrites(rows, write));
  std::printf("\ndurable inserts of 1 row, journal in the bucket (medians of %d)\n",
              options.num_runs);
  Print(report, options.num_writers);
  VECDB_ASSIGN_OR_RETURN(const auto store, OpenBucket(bucket));
  return EmptyBucket(*store);
}

// `made` are the rows of all types, made for the first.
absl::Status RunCold(const Bucket& bucket, const BucketOptions& options, const std::string& type,
                     MadeRows* made) {
  ColdOptions cold{.num_runs = options.num_runs};
  if (type == "HNSW") {
    cold.params = HnswParams{};
  } else if (type == "IVF_PQ") {
    cold.params = IvfPqParams{.nlist = 1024, .refine = Refine::kNone};
    cold.search = IvfSearchParams{.nprobe = 32};
  } else if (type == "IVF_PQ_REFINED") {
    cold.params = IvfPqParams{.nlist = 1024};
    cold.search = IvfSearchParams{.nprobe = 32};
  } else if (type == "DISKANN") {
    cold.params = DiskannParams{};
    cold.search = DiskannSearchParams{.search_list = 32};
  } else {
    return absl::InvalidArgumentError("--parts: unknown part " + type);
  }
  if (made->base.num_rows() == 0) {
    VECDB_ASSIGN_OR_RETURN(*made, MakeRows(static_cast<uint64_t>(options.num_rows), 100,
                                           static_cast<uint64_t>(options.dim), 1));
  }
  VECDB_ASSIGN_OR_RETURN(const ColdReport report,
                         MeasureCold(bucket, made->base, made->queries, cold));
  std::printf("\n%s of %d x %d, cold (medians of %d); built and written in %.1f s\n", type.c_str(),
              options.num_rows, options.dim, options.num_runs, report.build_seconds);
  std::printf("  opened and loaded    %8.2f s: %.2f of curl's %.2f s for its %.1f MB\n",
              report.load_seconds, report.load_seconds / report.curl_seconds, report.curl_seconds,
              static_cast<double>(report.bytes) / 1e6);
  std::printf("  first answer         %8.2f s, %ju requests, recall %.2f\n", report.answer_seconds,
              static_cast<uintmax_t>(report.requests), report.first_recall);
  return absl::OkStatus();
}

absl::Status Run(const BucketOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const Bucket bucket, BucketOfEnvironment());
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::printf("%s\n", CpuName().c_str());
  MadeRows made;
  for (const std::string& part : options.parts) {
    if (part == "transfer") {
      VECDB_RETURN_IF_ERROR(RunTransfers(bucket, options));
    } else if (part == "write") {
      VECDB_RETURN_IF_ERROR(RunWrites(bucket, options));
    } else {
      VECDB_RETURN_IF_ERROR(RunCold(bucket, options, part, &made));
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::BucketOptions options;
  return vecdb::bench::RunProgram("s3_bench", vecdb::bench::MakeFlags(options), argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
