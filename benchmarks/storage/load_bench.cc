#include "storage/load_bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "storage/file_list.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

constexpr size_t kReadBytes = 4 << 20;

absl::StatusOr<std::vector<int64_t>> NearestKeys(const Collection& collection,
                                                 std::span<const float> query) {
  VECDB_ASSIGN_OR_RETURN(const SearchResult result,
                         collection.Search({.field = std::string(kVectorField),
                                            .vectors = query,
                                            .params = HnswSearchParams{.ef = 64}}));
  std::vector<int64_t> keys;
  for (const Hit& hit : result.hits(0)) keys.push_back(hit.int64_key());
  return keys;
}

void KeepLeast(double seconds, double* least) {
  if (*least == 0 || seconds < *least) *least = seconds;
}

// Seconds of Load alone; `keys` get the answer to `query`.
absl::StatusOr<double> LoadOnce(std::span<const float> query, const DatabaseOptions& options,
                                LoadReportOfRuns* report, std::vector<int64_t>* keys) {
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
  VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection(kCollectionName));
  const Stopwatch watch;
  VECDB_RETURN_IF_ERROR(collection->Load());
  const double seconds = watch.wall_seconds();
  KeepLeast(watch.cpu_seconds(), &report->load_cpu_seconds);
  report->load_bytes = collection->LoadProgress().bytes_done;
  VECDB_ASSIGN_OR_RETURN(*keys, NearestKeys(*collection, query));
  VECDB_RETURN_IF_ERROR(database->Close());
  return seconds;
}

// Seconds from Open to the answer, which must be that of what was read.
absl::StatusOr<double> AnswerMapped(std::span<const float> query, const DatabaseOptions& options,
                                    const std::vector<int64_t>& keys) {
  const Stopwatch watch;
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
  VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection(kCollectionName));
  const LoadOptions mapped{.mode = LoadMode::kMap};
  VECDB_RETURN_IF_ERROR(collection->Load(mapped));
  VECDB_ASSIGN_OR_RETURN(const std::vector<int64_t> found, NearestKeys(*collection, query));
  const double seconds = watch.wall_seconds();
  if (found != keys) return absl::InternalError("mapped, a search gives another answer");
  VECDB_RETURN_IF_ERROR(database->Close());
  return seconds;
}

// Reads pieces of a file until none is left.
void ReadPieces(int file, std::byte* out, size_t size, std::atomic<size_t>* next,
                std::atomic<bool>* failed) {
  for (size_t begin = next->fetch_add(kReadBytes); begin < size;
       begin = next->fetch_add(kReadBytes)) {
    const size_t wanted = std::min(kReadBytes, size - begin);
    const ssize_t count = pread(file, out + begin, wanted, static_cast<off_t>(begin));
    if (count != static_cast<ssize_t>(wanted)) *failed = true;
  }
}

absl::Status ReadPlainly(const std::filesystem::path& path, size_t size, int num_threads) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, path.string());
  void* map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = map == MAP_FAILED;
  if (!failed) {
    madvise(map, size, MADV_HUGEPAGE);
    std::vector<std::thread> threads;
    for (int i = 0; i < num_threads; ++i) {
      threads.emplace_back(
          [&] { ReadPieces(file, static_cast<std::byte*>(map), size, &next, &failed); });
    }
    for (std::thread& thread : threads) thread.join();
    munmap(map, size);
  }
  close(file);
  return failed ? absl::UnknownError(path.string() + ": cannot be read") : absl::OkStatus();
}

// The files that Load reads, all of each.
std::vector<FileMark> LoadedFiles(const std::vector<FileMark>& files, bool with_rows) {
  std::vector<FileMark> loaded = WithEnding(files, ".idx");
  if (!with_rows) return loaded;
  for (const FileMark& file : WithEnding(files, ".vec")) loaded.push_back(file);
  return loaded;
}

absl::StatusOr<double> ReadAllOnce(const TempDir& directory, const std::vector<FileMark>& files,
                                   int num_threads, LoadReportOfRuns* report) {
  const Stopwatch watch;
  for (const FileMark& file : files) {
    VECDB_RETURN_IF_ERROR(ReadPlainly(directory.path() / file.path,
                                      static_cast<size_t>(file.size_bytes), num_threads));
  }
  KeepLeast(watch.cpu_seconds(), &report->plain_cpu_seconds);
  return watch.wall_seconds();
}

absl::Status DropFiles(const TempDir& directory, const std::vector<FileMark>& files) {
  for (const FileMark& file : files) {
    VECDB_RETURN_IF_ERROR(DropFromPageCache(directory.path() / file.path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadReportOfRuns> MeasureLoad(const Matrix& rows, const LoadBenchOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(options.directory));
  const DatabaseOptions database{.path = directory.path().string(),
                                 .num_threads = options.num_threads};
  LoadReportOfRuns report;
  const double start = WallSeconds();
  HnswParams params;
  params.codec = options.codec;
  VECDB_RETURN_IF_ERROR(WriteCollection(database, rows, {.metric = Metric::kL2, .params = params}));
  report.prepare_seconds = WallSeconds() - start;
  VECDB_ASSIGN_OR_RETURN(const std::vector<FileMark> all, ListFiles(directory.path()));
  const std::vector<FileMark> files = LoadedFiles(all, options.codec == HnswCodec::kFloat32);
  for (const FileMark& file : files) report.plain_bytes += file.size_bytes;
  std::vector<double> load;
  std::vector<double> plain;
  std::vector<double> mapped;
  for (int run = 0; run < options.num_runs; ++run) {
    if (options.is_cold) VECDB_RETURN_IF_ERROR(DropFiles(directory, all));
    const auto query = rows.row(static_cast<size_t>(run) * 7919 % rows.num_rows());
    std::vector<int64_t> keys;
    VECDB_ASSIGN_OR_RETURN(load.emplace_back(), LoadOnce(query, database, &report, &keys));
    if (options.is_cold) VECDB_RETURN_IF_ERROR(DropFiles(directory, all));
    VECDB_ASSIGN_OR_RETURN(plain.emplace_back(),
                           ReadAllOnce(directory, files, options.num_threads, &report));
    if (options.is_cold) VECDB_RETURN_IF_ERROR(DropFiles(directory, all));
    VECDB_ASSIGN_OR_RETURN(mapped.emplace_back(), AnswerMapped(query, database, keys));
  }
  report.load_seconds = Median(load);
  report.worst_load_seconds = *std::max_element(load.begin(), load.end());
  report.plain_seconds = Median(plain);
  report.mapped_seconds = Median(mapped);
  report.worst_mapped_seconds = *std::max_element(mapped.begin(), mapped.end());
  return report;
}

}  // namespace vecdb::bench
