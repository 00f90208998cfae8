#include <algorithm>
#include <string_view>
#include <utility>

#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "store/cache_counters.h"
#include "store/cache_directory.h"
#include "store/cache_name.h"
#include "store/cached_reader.h"
#include "store/object_arrival.h"
#include "store/object_flights.h"
#include "vecdb/cached_store.h"

namespace vecdb {
namespace store {
namespace {

constexpr size_t kMaxStoreNameBytes = 4096;
constexpr uint64_t kMaxRangeBytes = uint64_t{1} << 30;
constexpr int kMaxParallelRanges = 64;

class CachedStoreImpl final : public CachedObjectStore,
                              public std::enable_shared_from_this<CachedStoreImpl> {
 public:
  CachedStoreImpl(std::shared_ptr<CacheCore> core, CachedStoreOptions options)
      : core_(std::move(core)),
        options_(std::move(options)),
        flights_(std::make_shared<ObjectFlights>(core_)) {}
  ~CachedStoreImpl() override { flights_->Close(); }

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<ObjectReader>> {
      VECDB_RETURN_IF_ERROR(context.Check());
      const CacheUse use = options_.use(path);
      if (use == CacheUse::kStore) return core_->store->Open(path, context);
      VECDB_ASSIGN_OR_RETURN(Arrived arrived,
                             Bring(path, FetchUpTo(use), Priority::kSearch, context));
      if (arrived.file == nullptr) {
        return OpenPassed(path, use, std::move(arrived.object), context);
      }
      CountArrived(arrived);
      return std::make_unique<CachedReader>(std::move(arrived.file), core_->store, path,
                                            core_->counters);
    });
  }

  // A name that is about to be given for the first time, or anew, is that of nothing kept.
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<ObjectWriter>> {
      VECDB_ASSIGN_OR_RETURN(auto writer, core_->store->Create(path, context));
      if (options_.use(path) != CacheUse::kStore) Forget(KeyOf(path));
      return writer;
    });
  }

  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::Status {
      if (options_.use(path) == CacheUse::kStore) return core_->store->Delete(path, context);
      const std::string key = KeyOf(path);
      const absl::Status deleted = core_->store->Delete(path, context);
      Forget(key);  // also after an error, which may have come behind the deed
      return deleted;
    });
  }

  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    return core_->store->List(prefix, context);
  }

  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override {
    return core_->store->ListAfter(prefix, after, context);
  }

  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    return core_->store->Lock(context);
  }

  absl::StatusOr<PrefetchResult> Prefetch(std::span<const ObjectPath> paths,
                                          const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<PrefetchResult> {
      VECDB_RETURN_IF_ERROR(context.Check());
      std::vector<ObjectPath> kept;
      for (const ObjectPath& path : paths) {
        if (options_.use(path) != CacheUse::kStore) kept.push_back(path);
      }
      return FetchAll(kept, context);
    });
  }

  absl::StatusOr<PrefetchResult> PrefetchBelow(const ObjectPath& prefix,
                                               const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<PrefetchResult> {
      VECDB_ASSIGN_OR_RETURN(const auto infos, core_->store->List(prefix, context));
      std::vector<ObjectPath> kept;
      uint64_t bytes = 0;
      for (const ObjectInfo& info : infos) {
        if (options_.use(info.path) == CacheUse::kStore) continue;
        kept.push_back(info.path);
        bytes += info.size_bytes;
      }
      if (bytes > options_.budget_bytes) {
        return absl::ResourceExhaustedError(
            base::StrFormat("the %d objects below '%s' take %d bytes, the budget of the cache is "
                            "%d",
                            kept.size(), prefix.str(), bytes, options_.budget_bytes));
      }
      return FetchAll(kept, context);
    });
  }

  absl::Status Drop(const ObjectPath& path, const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::Status {
      VECDB_RETURN_IF_ERROR(context.Check());
      Forget(KeyOf(path));
      return absl::OkStatus();
    });
  }

  CacheUsage usage() const override { return core_->counters->Usage(); }

  std::vector<MetricFamily> CollectMetrics() const override {
    return CacheMetrics(usage(), options_.budget_bytes);
  }

 private:
  // What a prefetch has brought.
  struct Kept {
    bool is_there = false;
    bool was_fetched = false;
    uint64_t size_bytes = 0;
  };

  std::string KeyOf(const ObjectPath& path) const { return CacheKeyOf(options_.store_name, path); }

  // Objects of what size are fetched when they are opened.
  uint64_t FetchUpTo(CacheUse use) const {
    const uint64_t limit = options_.whole_up_to_bytes;
    if (use == CacheUse::kWhole) return limit;
    return use == CacheUse::kWhenRead ? std::min(limit, LazyReader::kMinBytes) : 0;
  }

  void CountArrived(const Arrived& arrived) {
    CacheCounters& counters = *core_->counters;
    CacheCounters::Add(arrived.was_fetched ? counters.misses : counters.hits);
  }

  absl::StatusOr<std::unique_ptr<ObjectReader>> OpenPassed(
      const ObjectPath& path, CacheUse use, std::shared_ptr<const ObjectReader> object,
      const Context& context) {
    if (object == nullptr) {
      CacheCounters::Add(core_->counters->store_opens);
      VECDB_ASSIGN_OR_RETURN(object, core_->store->Open(path, context));
    }
    CacheCounters::Add(core_->counters->passed_opens);
    auto passed = std::make_unique<PassedReader>(std::move(object), core_->counters);
    const bool is_lazy = use == CacheUse::kWhenRead && passed->size() > LazyReader::kMinBytes &&
                         passed->size() <= options_.whole_up_to_bytes;
    if (!is_lazy) return passed;
    return std::make_unique<LazyReader>(std::move(passed), core_->store, path, core_->counters,
                                        [self = shared_from_this(), path](const Context& reading) {
                                          return self->FetchLate(path, reading);
                                        });
  }

  absl::StatusOr<std::shared_ptr<CacheFile>> FetchLate(const ObjectPath& path,
                                                       const Context& context) {
    VECDB_ASSIGN_OR_RETURN(Arrived arrived,
                           Bring(path, options_.whole_up_to_bytes, Priority::kSearch, context));
    if (arrived.file != nullptr) CountArrived(arrived);
    return std::move(arrived.file);
  }

  absl::StatusOr<Arrived> Bring(const ObjectPath& path, uint64_t fetch_up_to, Priority priority,
                                const Context& context) {
    return flights_->Bring(path, KeyOf(path), fetch_up_to, priority, context);
  }

  // First what is on its way is not to be kept any more, then what is kept goes; then nobody is to
  // join a call that has found it before that.
  void Forget(const std::string& key) {
    flights_->Doom(key);
    core_->directory->Remove(key);
    flights_->Doom(key);
  }

  absl::StatusOr<PrefetchResult> FetchAll(const std::vector<ObjectPath>& paths,
                                          const Context& context) {
    // What has come is not held open meanwhile: there may be more than there are descriptors.
    std::vector<Kept> kept(paths.size());
    const absl::Status fetched = base::ParallelFor(
        core_->host.executor, Priority::kBackground, paths.size(), context,
        [&](size_t i, size_t) -> absl::Status {
          VECDB_ASSIGN_OR_RETURN(const Arrived arrived, Bring(paths[i], options_.budget_bytes,
                                                              Priority::kBackground, context));
          if (arrived.file == nullptr) return absl::OkStatus();
          kept[i] = {true, arrived.was_fetched, arrived.file->name().size_bytes};
          return absl::OkStatus();
        });
    VECDB_RETURN_IF_ERROR(fetched);
    PrefetchResult result{.objects = paths.size()};
    for (const Kept& one : kept) {
      if (!one.is_there) ++result.left_out;
      if (one.was_fetched) ++result.fetched_objects;
      result.bytes += one.size_bytes;
    }
    return result;
  }

  const std::shared_ptr<CacheCore> core_;
  const CachedStoreOptions options_;
  const std::shared_ptr<ObjectFlights> flights_;
};

absl::Status CheckOptions(const std::shared_ptr<ObjectStore>& store,
                          const CachedStoreOptions& options) {
  if (store == nullptr) return absl::InvalidArgumentError("a cache needs a store");
  if (options.directory.empty() == (options.file_system == nullptr)) {
    return absl::InvalidArgumentError(
        "CachedStoreOptions: one of directory and file_system is to be given");
  }
  if (options.store_name.empty() || options.store_name.size() > kMaxStoreNameBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("CachedStoreOptions::store_name has %d bytes, 1 to %d are allowed",
                        options.store_name.size(), kMaxStoreNameBytes));
  }
  if (options.budget_bytes == 0) {
    return absl::InvalidArgumentError(
        "CachedStoreOptions::budget_bytes is 0, at least 1 is allowed");
  }
  if (options.range_bytes == 0 || options.range_bytes % kCachePieceBytes != 0 ||
      options.range_bytes > kMaxRangeBytes) {
    return absl::InvalidArgumentError(base::StrFormat(
        "CachedStoreOptions::range_bytes is %d, a multiple of %d up to %d is allowed",
        options.range_bytes, kCachePieceBytes, kMaxRangeBytes));
  }
  if (options.parallel_ranges < 1 || options.parallel_ranges > kMaxParallelRanges) {
    return absl::InvalidArgumentError(
        base::StrFormat("CachedStoreOptions::parallel_ranges is %d, 1 to %d are allowed",
                        options.parallel_ranges, kMaxParallelRanges));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<CachedObjectStore>> OpenCache(std::shared_ptr<ObjectStore> store,
                                                             CachedStoreOptions options,
                                                             const Host& host) {
  VECDB_RETURN_IF_ERROR(CheckOptions(store, options));
  std::shared_ptr<FileSystem> files = options.file_system;
  if (files == nullptr) {
    VECDB_ASSIGN_OR_RETURN(files, OpenLocalFileSystem(options.directory));
  }
  if (!options.use) options.use = DefaultCacheUse;
  auto core = std::make_shared<CacheCore>();
  core->store = std::move(store);
  core->counters = std::make_shared<CacheCounters>();
  core->ranges = {.range_bytes = options.range_bytes, .parallel_ranges = options.parallel_ranges};
  core->host = host;
  const Clock& clock = host.clock == nullptr ? SystemClock() : *host.clock;
  VECDB_ASSIGN_OR_RETURN(
      core->directory,
      CacheDirectory::Open(std::move(files), options.budget_bytes, clock, core->counters));
  return std::make_shared<CachedStoreImpl>(std::move(core), std::move(options));
}

}  // namespace
}  // namespace store

CacheUse DefaultCacheUse(const ObjectPath& path) {
  const std::string_view text = path.str();
  const bool is_of_segment =
      text.starts_with("segments/") || text.find("/segments/") != std::string_view::npos;
  if (!is_of_segment) return CacheUse::kStore;
  const bool are_rows = text.ends_with(".vseg") || text.ends_with(".vec");
  return are_rows ? CacheUse::kWhenRead : CacheUse::kWhole;
}

absl::StatusOr<std::shared_ptr<CachedObjectStore>> OpenCachedObjectStore(
    std::shared_ptr<ObjectStore> store, CachedStoreOptions options, const Host& host) {
  return base::OrOutOfMemory(
      [&] { return store::OpenCache(std::move(store), std::move(options), host); });
}

}  // namespace vecdb
