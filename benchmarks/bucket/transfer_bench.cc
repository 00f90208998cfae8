#include "bucket/transfer_bench.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "bucket/curl.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "common/threads.h"

namespace vecdb::bench {
namespace {

// That a writer is given at a time, and a reader asked for, as flushes and loads do.
constexpr uint64_t kAppendBytes = 1 << 20;
constexpr uint64_t kReadBytes = 16 << 20;

std::vector<std::string> Names(const std::string& stem, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(absl::StrCat(stem, "/", i));
  return names;
}

absl::Status Upload(S3ObjectStore& store, const std::string& name,
                    std::span<const std::byte> bytes) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse(name));
  VECDB_ASSIGN_OR_RETURN(const auto writer, store.Create(path));
  for (uint64_t begin = 0; begin < bytes.size(); begin += kAppendBytes) {
    const uint64_t count = std::min<uint64_t>(kAppendBytes, bytes.size() - begin);
    VECDB_RETURN_IF_ERROR(writer->Append(bytes.subspan(begin, count)));
  }
  return writer->Finish();
}

absl::Status Download(S3ObjectStore& store, const std::string& name, std::span<std::byte> out) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse(name));
  VECDB_ASSIGN_OR_RETURN(const auto reader, store.Open(path));
  for (uint64_t begin = 0; begin < reader->size(); begin += kReadBytes) {
    const uint64_t count = std::min<uint64_t>(kReadBytes, reader->size() - begin);
    VECDB_RETURN_IF_ERROR(reader->ReadAt(begin, out.first(count)));
  }
  return absl::OkStatus();
}

// Seconds until `num_threads` have done `work` of each name.
absl::StatusOr<double> OverNames(const std::vector<std::string>& names, int num_threads,
                                 const std::function<absl::Status(const std::string& name)>& work) {
  std::atomic<size_t> next = 0;
  std::atomic<int> failures = 0;
  const double seconds = SecondsTogether(num_threads, [&] {
    for (size_t i = next++; i < names.size(); i = next++) {
      const absl::Status status = work(names[i]);
      if (status.ok()) continue;
      ++failures;
      std::fprintf(stderr, "%s: %s\n", names[i].c_str(), std::string(status.message()).c_str());
    }
  });
  if (failures > 0) return absl::InternalError("transfers failed");
  return seconds;
}

class Transfers {
 public:
  Transfers(Bucket bucket, const TransferOptions& options, std::shared_ptr<S3ObjectStore> store,
            std::string file)
      : bucket_(std::move(bucket)), options_(options), store_(std::move(store)), file_(file) {
    bytes_.resize(options.object_bytes);
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<std::byte>(i * i >> 7);
  }

  absl::Status WriteFile() const {
    std::ofstream out(file_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes_.data()),
              static_cast<std::streamsize>(bytes_.size()));
    return out.flush() ? absl::OkStatus() : absl::UnknownError(file_ + ": cannot be written");
  }

  // Up and down, in seconds; the objects are gone afterwards.
  absl::StatusOr<std::pair<double, double>> ByCurl(int num_processes) {
    const auto names = Names("objects/curl", options_.num_objects);
    VECDB_ASSIGN_OR_RETURN(const double up, UploadByCurl(bucket_, file_, names, num_processes));
    std::vector<Piece> pieces;
    for (const auto& name : names) pieces.push_back({name, 0, options_.object_bytes});
    VECDB_ASSIGN_OR_RETURN(const double down, DownloadByCurl(bucket_, pieces, num_processes));
    VECDB_RETURN_IF_ERROR(EmptyBucket(*store_));
    return std::pair(up, down);
  }

  absl::StatusOr<std::pair<double, double>> ByLibrary(int num_threads) {
    const auto names = Names("objects/library", options_.num_objects);
    const auto upload = [&](const std::string& name) { return Upload(*store_, name, bytes_); };
    const auto download = [&](const std::string& name) {
      thread_local std::vector<std::byte> out;
      out.resize(kReadBytes);
      return Download(*store_, name, out);
    };
    VECDB_ASSIGN_OR_RETURN(const double up, OverNames(names, num_threads, upload));
    VECDB_ASSIGN_OR_RETURN(const double down, OverNames(names, num_threads, download));
    VECDB_RETURN_IF_ERROR(EmptyBucket(*store_));
    return std::pair(up, down);
  }

 private:
  const Bucket bucket_;
  const TransferOptions options_;
  const std::shared_ptr<S3ObjectStore> store_;
  const std::string file_;
  std::vector<std::byte> bytes_;
};

}  // namespace

absl::StatusOr<std::vector<TransferRates>> MeasureTransfers(const Bucket& bucket,
                                                            const TransferOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const auto store, OpenBucket(bucket));
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make("/dev/shm"));
  Transfers transfers(bucket, options, store, (directory.path() / "object").string());
  VECDB_RETURN_IF_ERROR(transfers.WriteFile());
  struct Seconds {
    std::vector<double> curl_up, curl_down, library_up, library_down;
  };
  std::vector<Seconds> seconds(options.parallel.size());
  for (int run = 0; run < options.num_runs; ++run) {
    for (size_t i = 0; i < options.parallel.size(); ++i) {
      VECDB_ASSIGN_OR_RETURN(const auto curl, transfers.ByCurl(options.parallel[i]));
      seconds[i].curl_up.push_back(curl.first);
      seconds[i].curl_down.push_back(curl.second);
      VECDB_ASSIGN_OR_RETURN(const auto library, transfers.ByLibrary(options.parallel[i]));
      seconds[i].library_up.push_back(library.first);
      seconds[i].library_down.push_back(library.second);
    }
  }
  const double bytes = options.num_objects * static_cast<double>(options.object_bytes);
  std::vector<TransferRates> rates;
  for (size_t i = 0; i < seconds.size(); ++i) {
    rates.push_back({.parallel = options.parallel[i],
                     .curl_up = bytes / Median(seconds[i].curl_up),
                     .curl_down = bytes / Median(seconds[i].curl_down),
                     .library_up = bytes / Median(seconds[i].library_up),
                     .library_down = bytes / Median(seconds[i].library_down)});
  }
  return rates;
}

}  // namespace vecdb::bench
