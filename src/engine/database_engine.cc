#include "engine/database_engine.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/collection_options.h"
#include "engine/garbage.h"
#include "engine/journal_setup.h"
#include "format/sealed_json.h"
#include "schema/names.h"
#include "store/store_probe.h"

namespace vecdb::engine {
namespace {

constexpr size_t kMaxCollections = 65536;
constexpr int32_t kMaxResultRowsLimit = 1 << 20;
constexpr int32_t kMaxThreads = 1024;
constexpr int64_t kMaxGraceMillis = 366LL * 86'400'000;
constexpr int64_t kMaxRefreshMillis = 86'400'000;
constexpr uint64_t kMaxIdentityBytes = 64 << 10;
constexpr char kJournalLock[] = ".lock";  // in a directory of journals alone

absl::Status CheckOptions(const DatabaseOptions& options) {
  const int places = (options.path.empty() ? 0 : 1) + (options.store == nullptr ? 0 : 1) +
                     (options.file_system == nullptr ? 0 : 1);
  if (places != 1) {
    return absl::InvalidArgumentError("options: give one of path, store and file_system");
  }
  if (options.max_result_rows < 1 || options.max_result_rows > kMaxResultRowsLimit) {
    return absl::InvalidArgumentError(base::StrFormat(
        "max_result_rows %d: must be 1 to %d", options.max_result_rows, kMaxResultRowsLimit));
  }
  if (options.gc_grace_ms < 0 || options.gc_grace_ms > kMaxGraceMillis) {
    return absl::InvalidArgumentError(
        base::StrFormat("gc_grace_ms %d: must be 0 to %d", options.gc_grace_ms, kMaxGraceMillis));
  }
  if (options.num_threads < 0 || options.num_threads > kMaxThreads) {
    return absl::InvalidArgumentError(
        base::StrFormat("num_threads %d: must be 0 to %d", options.num_threads, kMaxThreads));
  }
  if (options.refresh_interval_ms < 0 || options.refresh_interval_ms > kMaxRefreshMillis) {
    return absl::InvalidArgumentError(base::StrFormat(
        "refresh_interval_ms %d: must be 0 to %d", options.refresh_interval_ms, kMaxRefreshMillis));
  }
  if (options.reader_lease_ms != 0 &&
      (options.reader_lease_ms < kMinLeaseMillis || options.reader_lease_ms > kMaxRefreshMillis)) {
    return absl::InvalidArgumentError(base::StrFormat("reader_lease_ms %d: must be 0, or %d to %d",
                                                      options.reader_lease_ms, kMinLeaseMillis,
                                                      kMaxRefreshMillis));
  }
  if (options.max_index_builds < 0 || options.max_index_builds > kMaxThreads) {
    return absl::InvalidArgumentError(base::StrFormat("max_index_builds %d: must be 0 to %d",
                                                      options.max_index_builds, kMaxThreads));
  }
  return absl::OkStatus();
}

int ThreadCount(const DatabaseOptions& options) {
  if (options.num_threads > 0) return options.num_threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Half of the threads are left to flushes, loads and searches.
int BuildCount(const DatabaseOptions& options, const Executor& executor) {
  if (options.max_index_builds > 0) return options.max_index_builds;
  return std::max(1, static_cast<int>(base::MaxStrands(&executor)) / 2);
}

absl::Status PutIdentity(ObjectStore& store, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse("vecdb.json"));
  const std::string body = base::StrFormat("{\"database\":\"%s\"}", base::RandomId());
  return PutObject(store, path, format::SealJson("database", base::RandomId(), body), context);
}

absl::Status Closed() {
  return base::ErrorOrCode(absl::StatusCode::kFailedPrecondition, "the database is closed");
}

bool HasId(const std::vector<format::CatalogEntry>& entries, const std::string& id) {
  return std::any_of(entries.begin(), entries.end(), [&](const format::CatalogEntry& entry) {
    return entry.id == id && !entry.dropped;
  });
}

}  // namespace

DatabaseEngine::DatabaseEngine(const DatabaseOptions& options, Places places)
    : store_(std::move(places.store)),
      read_only_(options.read_only),
      journal_lock_(std::move(places.journal_lock)) {
  environment_ = {
      .store = store_,
      .host = options.host,
      .journal_files = std::move(places.journal_files),
      .max_result_rows = options.max_result_rows,
      .gc_grace_ms = options.gc_grace_ms,
      .tail_journal = options.tail_journal,
      .reader_lease_ms = options.reader_lease_ms,
      .accounts = std::make_shared<MemoryAccounts>(
          options.host.budget,
          options.memory_limit_bytes == 0 ? MemoryBudget::kNoLimit : options.memory_limit_bytes)};
  environment_.metrics = std::make_shared<DatabaseMetrics>();
  environment_.listener = options.listener;
  environment_.leases = std::make_shared<LeaseBook>();
  if (environment_.host.clock == nullptr) environment_.host.clock = &SystemClock();
  environment_.map_when_full = options.map_when_full;
  environment_.recall_sample_every = options.recall_sample_every;
  if (options.release_unused_collections) {
    environment_.release_others = [this](const CollectionCore& asking, uint64_t bytes) {
      ReleaseUnused(asking, bytes);
    };
  }
  if (options.compaction_bytes_per_second > 0) {
    compaction_throttle_ = std::make_unique<base::Throttle>(options.compaction_bytes_per_second);
    environment_.compaction_throttle = compaction_throttle_.get();
  }
  clock_ = std::make_unique<base::HybridClock>(environment_.host.clock);
  environment_.clock = clock_.get();
  if (environment_.host.executor == nullptr) {
    pool_ = MakeThreadPool(ThreadCount(options));
    environment_.host.executor = pool_.get();
  }
  build_slots_ = std::make_unique<BuildSlots>(BuildCount(options, *environment_.host.executor));
  environment_.build_slots = build_slots_.get();
}

DatabaseEngine::~DatabaseEngine() { Abandon(); }

absl::StatusOr<DatabaseEngine::Places> DatabaseEngine::OpenPlaces(const DatabaseOptions& options) {
  Places places{.store = options.store};
  std::shared_ptr<FileSystem> files = options.file_system;
  if (!options.path.empty()) {
    VECDB_ASSIGN_OR_RETURN(files, OpenLocalFileSystem(options.path));
  }
  if (files != nullptr) {
    VECDB_ASSIGN_OR_RETURN(places.store, OpenLocalObjectStore(files));
  }
  places.journal_files = std::move(files);
  if (options.journal_directory != nullptr) {
    if (!options.read_only) {
      VECDB_ASSIGN_OR_RETURN(places.journal_lock, options.journal_directory->Lock(kJournalLock));
    }
    places.journal_files = options.journal_directory;
  }
  return places;
}

absl::StatusOr<std::shared_ptr<DatabaseEngine>> DatabaseEngine::Open(const DatabaseOptions& options,
                                                                     const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckOptions(options));
  VECDB_RETURN_IF_ERROR(context.Check());
  if (options.read_only) return OpenReadOnly(options, context);
  VECDB_ASSIGN_OR_RETURN(Places places, OpenPlaces(options));
  VECDB_ASSIGN_OR_RETURN(auto lock, places.store->Lock(context));
  std::shared_ptr<DatabaseEngine> engine(new DatabaseEngine(options, std::move(places)));
  engine->lock_ = std::move(lock);
  VECDB_RETURN_IF_ERROR(engine->ReadOrCreateIdentity(context));
  VECDB_RETURN_IF_ERROR(engine->ProbeStore(options.i_promise_single_writer, context));
  VECDB_RETURN_IF_ERROR(engine->ReadCatalog(context));
  engine->RemoveDropped(context);
  return engine;
}

absl::Status DatabaseEngine::ProbeStore(bool promised, const Context& context) {
  if (promised) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse("catalog"));
  return store::ProbeCreateIfAbsent(*store_, folder, "DatabaseOptions::i_promise_single_writer",
                                    context);
}

absl::Status DatabaseEngine::ReadOrCreateIdentity(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse("vecdb.json"));
  const auto document = GetObject(*store_, path, kMaxIdentityBytes, context);
  if (document.ok()) return format::UnsealJson(path.str(), "database", *document).status();
  if (!absl::IsNotFound(document.status())) return document.status();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath catalog, ObjectPath::Parse("catalog"));
  VECDB_ASSIGN_OR_RETURN(const auto versions, store_->List(catalog, context));
  if (!versions.empty()) {
    return absl::DataLossError(
        "object vecdb.json: missing, but there is a catalog; not an empty place");
  }
  return PutIdentity(*store_, context);
}

// Commits the newest catalog once more in a new epoch, which fences an older writer.
absl::Status DatabaseEngine::ReadCatalog(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse("catalog"));
  Entries entries;
  auto catalog = catalog::VersionWriter::TakeOver(
      {store_.get(), folder, "catalog"},
      [&entries](const catalog::Version& newest) -> absl::StatusOr<std::string> {
        VECDB_ASSIGN_OR_RETURN(
            entries, format::CatalogFromJson(base::StrFormat("catalog, version %d", newest.number),
                                             newest.body));
        return newest.body;
      },
      context);
  if (absl::IsNotFound(catalog.status())) return CreateCatalog(folder, context);
  VECDB_RETURN_IF_ERROR(catalog.status());
  catalog_ = *std::move(catalog);
  base::MutexLock lock(&mutex_);
  entries_ = std::move(entries);
  return absl::OkStatus();
}

// A catalog is there before the first collection, so that one that got lost is not taken for none.
absl::Status DatabaseEngine::CreateCatalog(const ObjectPath& folder, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath collections, ObjectPath::Parse("collections"));
  VECDB_ASSIGN_OR_RETURN(const auto objects, store_->List(collections, context));
  if (!objects.empty()) {
    return absl::DataLossError(base::StrFormat(
        "catalog: missing, but there are %d objects of collections", objects.size()));
  }
  VECDB_ASSIGN_OR_RETURN(catalog_,
                         catalog::VersionWriter::CreateFirst({store_.get(), folder, "catalog"},
                                                             format::CatalogToJson({}), context));
  return absl::OkStatus();
}

absl::Status DatabaseEngine::CommitCatalog(Entries entries, const Context& context) {
  VECDB_RETURN_IF_ERROR(catalog_->Commit(format::CatalogToJson(entries), context));
  base::MutexLock lock(&mutex_);
  entries_ = std::move(entries);
  return absl::OkStatus();
}

absl::StatusOr<base::Gate::Pass> DatabaseEngine::BeginDdl(const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_ASSIGN_OR_RETURN(base::Gate::Pass pass, ddl_gate_.Enter(context));
  VECDB_RETURN_IF_ERROR(CheckOpen());
  return pass;
}

absl::StatusOr<base::Gate::Pass> DatabaseEngine::BeginChange(const Context& context) {
  if (read_only_) {
    return absl::FailedPreconditionError("the database was opened for reading alone");
  }
  return BeginDdl(context);
}

absl::Status DatabaseEngine::CheckOpen() const {
  base::MutexLock lock(&mutex_);
  return closed_ ? Closed() : absl::OkStatus();
}

absl::StatusOr<format::CatalogEntry> DatabaseEngine::FindEntry(std::string_view name) const {
  base::MutexLock lock(&mutex_);
  for (const format::CatalogEntry& entry : entries_) {
    if (entry.name == name && !entry.dropped) return entry;
  }
  return absl::NotFoundError(base::StrFormat("collection \"%s\" does not exist", name));
}

std::shared_ptr<CollectionHandle> DatabaseEngine::FindOpen(const std::string& id) {
  base::MutexLock lock(&mutex_);
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : found->second;
}

absl::StatusOr<std::shared_ptr<CollectionEngine>> DatabaseEngine::OpenEngine(
    const format::CatalogEntry& entry, const OpenOptions& options, const Context& context) {
  if (read_only_) {
    return CollectionEngine::OpenReadOnly(environment_, entry.id, entry.name, nullptr, context);
  }
  return CollectionEngine::Open(environment_, entry.id, entry.name, options, context);
}

absl::StatusOr<std::shared_ptr<CollectionHandle>> DatabaseEngine::OpenLocked(
    const format::CatalogEntry& entry, const OpenOptions& options, const Context& context) {
  if (const auto open = FindOpen(entry.id); open != nullptr) {
    if (read_only_ || open->engine()->WriteError().ok()) return open;
    // It takes no writes until it is opened again, which is now.
    open->engine()->Shutdown(absl::FailedPreconditionError(
        base::StrFormat("collection \"%s\" could not be opened again", entry.name)));
    VECDB_ASSIGN_OR_RETURN(auto again, OpenEngine(entry, options, context));
    open->Replace(std::move(again));
    return open;
  }
  VECDB_ASSIGN_OR_RETURN(auto engine, OpenEngine(entry, options, context));
  std::shared_ptr<CollectionHandle> handle;
  const absl::Status kept = base::OrOutOfMemory([&] {
    handle = std::make_shared<CollectionHandle>(engine);
    base::MutexLock lock(&mutex_);
    open_.emplace(entry.id, handle);
  });
  if (!kept.ok()) engine->Shutdown(kept);  // work behind has begun
  if (!kept.ok()) return kept;
  return handle;
}

absl::StatusOr<std::shared_ptr<CollectionHandle>> DatabaseEngine::Create(
    std::string_view name, const Schema& schema, const CollectionOptions& options,
    const Context& context) {
  VECDB_RETURN_IF_ERROR(schema::ValidateName("collection name", name));
  VECDB_RETURN_IF_ERROR(schema.Validate());
  VECDB_RETURN_IF_ERROR(ValidateOptions(options));
  VECDB_ASSIGN_OR_RETURN(const auto pass, BeginChange(context));
  if (FindEntry(name).ok()) {
    return absl::AlreadyExistsError(base::StrFormat("collection \"%s\" exists", name));
  }
  Entries entries = ReadEntries();
  if (entries.size() >= kMaxCollections) {
    return absl::ResourceExhaustedError(
        base::StrFormat("collection \"%s\": there are %d collections, at most %d", name,
                        entries.size(), kMaxCollections));
  }
  const format::CatalogEntry entry{.name = std::string(name), .id = base::RandomId()};
  VECDB_RETURN_IF_ERROR(CollectionEngine::Create(environment_, entry.id, schema, options, context));
  entries.push_back(entry);
  VECDB_RETURN_IF_ERROR(CommitCatalog(std::move(entries), context));
  return OpenLocked(entry, {}, {});
}

absl::StatusOr<std::shared_ptr<CollectionHandle>> DatabaseEngine::OpenCollection(
    std::string_view name, const OpenOptions& options, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, BeginDdl(context));
  VECDB_ASSIGN_OR_RETURN(const format::CatalogEntry entry, FindEntry(name));
  auto opened = OpenLocked(entry, options, context);
  if (!read_only_ || !absl::IsDataLoss(opened.status())) return opened;
  // It is damaged, or was dropped after the catalog had been read.
  VECDB_ASSIGN_OR_RETURN(const auto newest, ReadCatalogBehind(0, context));
  if (HasId(newest->entries, entry.id)) return opened;
  return absl::NotFoundError(base::StrFormat("collection \"%s\" does not exist any more", name));
}

bool DatabaseEngine::Has(std::string_view name) const { return FindEntry(name).ok(); }

std::vector<std::string> DatabaseEngine::List() const {
  base::MutexLock lock(&mutex_);
  std::vector<std::string> names;
  for (const format::CatalogEntry& entry : entries_) {
    if (!entry.dropped) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status DatabaseEngine::Rename(std::string_view from, std::string_view to,
                                    const Context& context) {
  VECDB_RETURN_IF_ERROR(schema::ValidateName("collection name", to));
  VECDB_ASSIGN_OR_RETURN(const auto pass, BeginChange(context));
  VECDB_ASSIGN_OR_RETURN(const format::CatalogEntry entry, FindEntry(from));
  if (FindEntry(to).ok())
    return absl::AlreadyExistsError(base::StrFormat("collection \"%s\" exists", to));
  Entries entries = ReadEntries();
  for (format::CatalogEntry& changed : entries) {
    if (changed.id == entry.id) changed.name = std::string(to);
  }
  VECDB_RETURN_IF_ERROR(CommitCatalog(std::move(entries), context));
  base::MutexLock lock(&mutex_);
  if (const auto found = open_.find(entry.id); found != open_.end())
    found->second->engine()->set_name(to);
  return absl::OkStatus();
}

absl::Status DatabaseEngine::Drop(std::string_view name, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, BeginChange(context));
  VECDB_ASSIGN_OR_RETURN(const format::CatalogEntry entry, FindEntry(name));
  Entries entries = ReadEntries();
  std::shared_ptr<CollectionEngine> engine;
  for (format::CatalogEntry& changed : entries) {
    if (changed.id == entry.id) changed.dropped = true;
  }
  VECDB_RETURN_IF_ERROR(CommitCatalog(std::move(entries), context));
  {
    base::MutexLock lock(&mutex_);
    if (const auto found = open_.find(entry.id); found != open_.end()) {
      engine = found->second->engine();
      open_.erase(found);
    }
  }
  if (engine != nullptr) {
    engine->Shutdown(
        absl::FailedPreconditionError(base::StrFormat("collection \"%s\" was dropped", name)));
  }
  metrics().Forget(entry.id);
  // The collection is gone. What cannot be removed now is tried again by the next open.
  RemoveDropped(context);
  return absl::OkStatus();
}

absl::Status DatabaseEngine::RemoveObjects(const std::string& collection_id,
                                           const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder,
                         ObjectPath::Parse("collections/" + collection_id));
  VECDB_ASSIGN_OR_RETURN(const auto objects, store_->List(folder, context));
  for (const ObjectInfo& object : objects)
    VECDB_RETURN_IF_ERROR(store_->Delete(object.path, context));
  if (environment_.journal_files == nullptr) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(RemoveJournals(*environment_.journal_files, folder.str() + "/journal"));
  environment_.journal_files->RemoveDirectory(folder.str()).IgnoreError();  // empty by now
  return absl::OkStatus();
}

// Forgets dropped collections whose objects are gone; the next commit of the catalog says so.
void DatabaseEngine::RemoveDropped(const Context& context) {
  Entries entries = ReadEntries();
  std::erase_if(entries, [&](const format::CatalogEntry& entry) {
    if (!entry.dropped) return false;
    const absl::Status removed = RemoveObjects(entry.id, context);
    if (!removed.ok() && environment_.host.log != nullptr) {
      environment_.host.log->Write(
          LogLevel::kWarning,
          base::StrFormat("objects of dropped collection %s are left for later: %s", entry.id,
                          std::string(removed.message())));
    }
    return removed.ok();
  });
  base::MutexLock lock(&mutex_);
  entries_ = std::move(entries);
}

std::vector<std::shared_ptr<CollectionEngine>> DatabaseEngine::OpenCollections() const {
  base::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<CollectionEngine>> collections;
  for (const auto& [id, handle] : open_) collections.push_back(handle->engine());
  return collections;
}

std::vector<std::shared_ptr<CollectionEngine>> DatabaseEngine::EnginesToClose() const {
  base::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<CollectionEngine>> all;
  for (const auto& [id, handle] : open_) {
    for (auto& engine : handle->engines()) all.push_back(std::move(engine));
  }
  return all;
}

DatabaseEngine::Entries DatabaseEngine::ReadEntries() const {
  base::MutexLock lock(&mutex_);
  return entries_;
}

absl::StatusOr<GarbageReport> DatabaseEngine::CollectGarbage(const Context& context) {
  GarbageReport report;
  {
    VECDB_ASSIGN_OR_RETURN(const auto pass, BeginChange(context));
    std::vector<std::string> known;
    for (const format::CatalogEntry& entry : ReadEntries()) known.push_back(entry.id);
    VECDB_ASSIGN_OR_RETURN(report, CollectDatabase(environment_, catalog_->current().epoch, known,
                                                   environment_.gc_grace_ms, context));
  }
  for (const auto& collection : OpenCollections()) {
    VECDB_ASSIGN_OR_RETURN(const GarbageReport more, collection->CollectGarbage(context));
    Add(more, &report);
  }
  return report;
}

absl::StatusOr<VerifyReport> DatabaseEngine::Verify(const Context& context) {
  VerifyReport report;
  for (const std::string& name : List()) {
    const auto collection = OpenCollection(name, {}, context);
    if (absl::IsNotFound(collection.status())) continue;  // dropped meanwhile
    if (absl::IsDataLoss(collection.status()) || absl::IsFailedPrecondition(collection.status())) {
      report.damage.push_back(std::string(collection.status().message()));
      continue;
    }
    VECDB_RETURN_IF_ERROR(collection.status());
    VECDB_RETURN_IF_ERROR((*collection)->engine()->Verify(&report, context));
  }
  return report;
}

// The identity comes last: a copy that was broken off is no database.
absl::Status DatabaseEngine::Checkpoint(ObjectStore& target, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, BeginDdl(context));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath identity, ObjectPath::Parse("vecdb.json"));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse("catalog"));
  const absl::Status there = target.Open(identity, context).status();
  if (there.ok()) return absl::AlreadyExistsError("the target of the checkpoint holds a database");
  if (!absl::IsNotFound(there)) return there;
  Entries entries;
  for (const format::CatalogEntry& entry : ReadEntries()) {
    if (entry.dropped) continue;
    VECDB_ASSIGN_OR_RETURN(const auto collection, OpenLocked(entry, {}, context));
    VECDB_RETURN_IF_ERROR(collection->engine()->Checkpoint(target, context));
    entries.push_back(entry);
  }
  VECDB_RETURN_IF_ERROR(catalog::VersionWriter::CreateFirst({&target, folder, "catalog"},
                                                            format::CatalogToJson(entries), context)
                            .status());
  return PutIdentity(target, context);
}

// Collections that are being changed are left alone: waiting for them could go round in a circle.
void DatabaseEngine::ReleaseUnused(const CollectionCore& asking, uint64_t bytes) const {
  std::vector<std::shared_ptr<CollectionEngine>> unused;
  for (const auto& collection : OpenCollections()) {
    if (collection->IsReleasable() && collection->id() != asking.id()) unused.push_back(collection);
  }
  // Nothing is released where that does not help.
  const MemoryBudget& own = *asking.host().budget;
  if (own.limit_bytes() < own.used_bytes() || own.limit_bytes() - own.used_bytes() < bytes) return;
  uint64_t within_reach = own.FreeBytes();
  for (const auto& collection : unused) within_reach += collection->memory_bytes();
  if (within_reach < bytes) return;
  std::sort(unused.begin(), unused.end(),
            [](const auto& a, const auto& b) { return a->last_used_ms() < b->last_used_ms(); });
  for (const auto& collection : unused) {
    if (bytes <= asking.host().budget->FreeBytes()) return;
    if (!collection->TryRelease()) continue;
    asking.Log(LogLevel::kInfo,
               base::StrFormat("collection %s was released for collection %s, which needs %d bytes",
                               collection->name(), asking.name(), bytes));
  }
}

MemoryReport DatabaseEngine::ReportMemory() const {
  return environment_.accounts->database().Report();
}

absl::Status DatabaseEngine::Close(const Context& context) {
  EndFollowing();
  const absl::Status closed = CloseCollections(context);
  if (!CheckOpen().ok()) {
    Abandon();
  } else {
    BeginFollowing();
  }
  return closed;
}

// The database is open still when that is to be tried again.
absl::Status DatabaseEngine::CloseCollections(const Context& context) {
  absl::Status refused;
  {
    VECDB_ASSIGN_OR_RETURN(const auto pass, ddl_gate_.Enter(context));
    if (!CheckOpen().ok()) return absl::OkStatus();
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto collections = EnginesToClose();
    for (size_t i = 0; i < collections.size(); ++i) {
      const absl::Status status = collections[i]->CloseFlushed(Closed(), context);
      if (status.ok()) continue;
      if (collections[i]->WriteError().ok()) {
        for (size_t closed = 0; closed < i; ++closed) collections[closed]->Resume();
        return status;
      }
      if (refused.ok()) refused = status;  // trying again would not help
    }
    base::MutexLock lock(&mutex_);
    closed_ = true;
  }
  return refused;
}

void DatabaseEngine::Abandon() {
  {
    base::MutexLock lock(&mutex_);
    closed_ = true;
  }
  EndFollowing();
  // A call that was inside the gate has seen an open database and may still add a collection.
  const auto pass = ddl_gate_.Enter({});
  decltype(open_) open;  // not a copy, which takes memory
  {
    base::MutexLock lock(&mutex_);
    open.swap(open_);
  }
  for (const auto& collection : open) collection.second->Shutdown(Closed());
  open.clear();
  pool_.reset();
  lock_.reset();
  journal_lock_.reset();
}

}  // namespace vecdb::engine
