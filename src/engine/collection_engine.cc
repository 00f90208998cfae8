#include "engine/collection_engine.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/checkpoint.h"
#include "engine/collection_call.h"
#include "engine/collection_options.h"
#include "engine/collection_parts.h"
#include "engine/describe.h"
#include "engine/flush.h"
#include "engine/garbage.h"
#include "engine/journal_setup.h"
#include "engine/load_manager.h"
#include "engine/loader.h"
#include "engine/open_core.h"
#include "engine/read_point.h"
#include "engine/verify.h"

namespace vecdb::engine {
namespace {

// While flushes fail, growing rows may come to this many times what is flushed at once.
constexpr uint64_t kMaxUnflushed = 8;
// For the sake of memory so many bytes of growing rows are flushed at least.
constexpr uint64_t kLeastFlushedBytes = 1 << 20;
// Writers flush themselves once growing rows hold so many times what is left of the budget.
constexpr uint64_t kPressedShare = 3;

}  // namespace

CollectionEngine::CollectionEngine(std::shared_ptr<CollectionCore> core)
    : core_(std::move(core)), parts_(std::make_shared<Parts>(core_.get())) {
  // A background job may hold the manager alone.
  const auto rebuild = [parts = std::weak_ptr<Parts>(parts_)](const Context& context) {
    const auto held = parts.lock();
    if (held != nullptr) held->indexes.BuildBehind(context);
  };
  const auto loaded = [core = core_.get(), parts = std::weak_ptr<Parts>(parts_)] {
    const auto held = parts.lock();
    if (held != nullptr) ExtendInterimsBehind(core, held);
  };
  parts_->loads = std::make_shared<LoadManager>(core_.get(), rebuild, loaded);
}

// A task that a host's executor keeps, for ever maybe, holds the parts: of an engine that another
// has replaced, and nobody has shut down, they are to hold neither memory nor store.
CollectionEngine::~CollectionEngine() {
  if (read_only()) parts_->LetGo();
}

absl::Status CollectionEngine::Create(const Environment& environment, const std::string& id,
                                      const Schema& schema, const CollectionOptions& options,
                                      const Context& context) {
  format::Manifest manifest{.collection_id = id, .schema = schema, .options = options};
  VECDB_ASSIGN_OR_RETURN(manifest.options.journal,
                         ResolveJournalPlace(environment, options.journal));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder,
                         ObjectPath::Parse("collections/" + id + "/manifest"));
  return catalog::VersionWriter::CreateFirst({environment.store.get(), folder, "manifest"},
                                             format::ManifestToJson(manifest), context)
      .status();
}

namespace {

// Commits the newest manifest once more in a new epoch, which fences an older writer.
absl::StatusOr<std::shared_ptr<CollectionCore>> TakeOver(const Environment& environment,
                                                         const std::string& id,
                                                         std::string_view name,
                                                         const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse("collections/" + id));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath manifest_folder, folder.Join("manifest"));
  format::Manifest manifest;
  auto manifests = catalog::VersionWriter::TakeOver(
      {environment.store.get(), manifest_folder, "manifest"},
      [&](const catalog::Version& newest) -> absl::StatusOr<std::string> {
        VECDB_ASSIGN_OR_RETURN(manifest, ReadManifest(newest, id, name));
        return newest.body;
      },
      context);
  if (absl::IsNotFound(manifests.status())) return NoManifest(name, manifest_folder);
  VECDB_RETURN_IF_ERROR(manifests.status());
  const catalog::Version version = (*manifests)->current();
  return MakeCore(environment, id, name, folder, std::move(manifest), version,
                  *std::move(manifests));
}

}  // namespace

absl::StatusOr<std::shared_ptr<CollectionEngine>> CollectionEngine::Open(
    const Environment& environment, const std::string& id, std::string_view name,
    const OpenOptions& options, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto core, TakeOver(environment, id, name, context));
  VECDB_RETURN_IF_ERROR(OpenSegments(core.get(), {}, context));
  std::shared_ptr<CollectionEngine> engine(new CollectionEngine(std::move(core)));
  CollectionCore* opened = engine->core_.get();
  VECDB_ASSIGN_OR_RETURN(engine->parts_->recovery,
                         RecoverJournal(opened, &engine->parts_->writer, options, context));
  VECDB_RETURN_IF_ERROR(engine->parts_->writer.ShowCommitted(context));
  if (KeepsItselfLoaded(*opened)) {
    VECDB_RETURN_IF_ERROR(engine->parts_->loads->Load(options.load, context));
  }
  if (engine->parts_->recovery.num_records > 0) engine->FlushBehind();
  BuildBehind(opened, engine->parts_);
  CompactBehind(opened, engine->parts_);
  return engine;
}

absl::Status CollectionEngine::CloseFlushed(const absl::Status& reason, const Context& context) {
  parts_->loads->StopAll(reason);
  absl::Status status = core_->StopCalls(reason, context);
  if (status.ok() && read_only()) return status;
  if (status.ok()) status = FlushAndEndJournal(core_.get(), &parts_->writer, context);
  if (!status.ok()) core_->ResumeCalls();
  return status;
}

void CollectionEngine::Shutdown(const absl::Status& reason) {
  parts_->loads->StopAll(reason);
  core_->StopCalls(reason, {}).IgnoreError();  // waits as long as it takes
  parts_->loads->StopAll(reason);              // that were begun between
  core_->DropView();
  if (parts_->lease != nullptr) parts_->lease->Release();
  parts_->LetGo();
}

void CollectionEngine::Resume() {
  parts_->ForgetScheduled();
  core_->ResumeCalls();
  BuildBehind(core_.get(), parts_);
  CompactBehind(core_.get(), parts_);
}

uint64_t CollectionEngine::seal_bytes() const {
  const CollectionOptions& options = core_->options();
  return static_cast<uint64_t>(static_cast<double>(options.segment_max_bytes) *
                               options.seal_proportion);
}

absl::StatusOr<WriteResult> CollectionEngine::Write(const RowBatch& rows, bool replace,
                                                    const WriteOptions& options,
                                                    const Context& context) {
  VECDB_RETURN_IF_ERROR(BeginWrite(context));
  VECDB_ASSIGN_OR_RETURN(WriteResult result,
                         parts_->writer.Insert(rows, replace, options, context));
  if (parts_->writer.largest_growing_bytes() >= seal_bytes()) FlushBehind();
  NoteFreshRows(rows.num_rows());
  return result;
}

// Brings the journal into being, and keeps rows in memory and bytes in the journal bounded.
absl::Status CollectionEngine::BeginWrite(const Context& context) {
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  VECDB_RETURN_IF_ERROR(StartJournal(core_.get(), context));
  return MakeRoom(context);
}

uint64_t CollectionEngine::journal_bytes() const {
  const std::shared_ptr<journal::Journal> log = core_->journal();
  return log == nullptr ? 0 : log->bytes();
}

uint64_t CollectionEngine::unflushed_bytes() const {
  uint64_t bytes = 0;
  for (const query::SegmentView& segment : core_->Read().view->segments) {
    if (segment.sealed == nullptr && segment.growing != nullptr) {
      bytes += segment.growing->memory_bytes();
    }
  }
  return bytes;
}

// How near the growing rows have come to what is left of the memory budget.
CollectionEngine::Pressure CollectionEngine::MemoryPressure() const {
  const uint64_t free = core_->host().budget->FreeBytes();
  if (free == MemoryBudget::kNoLimit) return Pressure::kNone;
  const uint64_t growing = unflushed_bytes();
  // Smaller segments would pile up, and give little back.
  if (growing < std::min(kLeastFlushedBytes, seal_bytes() / 16)) return Pressure::kNone;
  if (growing / kPressedShare > free) return Pressure::kFlushNow;
  return growing > free ? Pressure::kFlushBehind : Pressure::kNone;
}

uint64_t CollectionEngine::max_growing_bytes() const {
  return kMaxUnflushed * seal_bytes() * static_cast<uint64_t>(core_->options().num_shards);
}

CollectionEngine::Backlog CollectionEngine::UnflushedNow() const {
  const uint64_t max_log_bytes = core_->options().journal_max_bytes;
  // A flush that fails has sealed the growing segments all the same: those of now say nothing of
  // them.
  Backlog backlog{.journal_bytes = journal_bytes(),
                  .growing_bytes = parts_->flush_failed ? unflushed_bytes() : 0};
  const Pressure pressure = MemoryPressure();
  backlog.wants_flush =
      backlog.journal_bytes >= max_log_bytes / 2 || pressure == Pressure::kFlushBehind;
  if (pressure == Pressure::kFlushNow) {
    backlog.stall = StallReason::kMemory;
  } else if (backlog.journal_bytes >= max_log_bytes / 4 * 3) {
    backlog.stall = StallReason::kJournal;
  } else if (parts_->writer.largest_growing_bytes() >= 2 * seal_bytes() ||
             backlog.growing_bytes >= max_growing_bytes()) {
    backlog.stall = StallReason::kGrowingRows;
  }
  return backlog;
}

// A writer that outruns the flush behind it flushes itself. While that fails writes go on, since
// they are safe in the journal, until memory or journal have come to their limit.
absl::Status CollectionEngine::MakeRoom(const Context& context) {
  const Backlog backlog = UnflushedNow();
  if (backlog.wants_flush) FlushBehind();
  if (!backlog.stall.has_value()) return absl::OkStatus();
  const absl::Status flushed = FlushInTheWay(*backlog.stall, context);
  if (flushed.ok()) return flushed;
  if (absl::IsCancelled(flushed) || absl::IsDeadlineExceeded(flushed)) {
    FlushBehind();  // or writers that are always in a hurry would never come through
    return flushed;
  }
  const uint64_t max_log_bytes = core_->options().journal_max_bytes;
  if (backlog.journal_bytes < max_log_bytes && backlog.growing_bytes < max_growing_bytes()) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(base::StrFormat(
      "%d bytes of rows wait in memory (limit %d) and %d bytes in the journal (limit %d), and they "
      "cannot be flushed: %s",
      backlog.growing_bytes, max_growing_bytes(), backlog.journal_bytes, max_log_bytes,
      std::string(flushed.message())));
}

absl::StatusOr<WriteResult> CollectionEngine::Insert(const RowBatch& rows,
                                                     const WriteOptions& options,
                                                     const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return Write(rows, core_->options().on_duplicate_key == DuplicateKeyPolicy::kReplace, options,
               context);
}

absl::StatusOr<WriteResult> CollectionEngine::Upsert(const RowBatch& rows,
                                                     const WriteOptions& options,
                                                     const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  const Schema& schema = *core_->schema();
  const FieldSpec& key = schema.fields[schema.primary_key_index()];
  if (key.auto_id) {
    return absl::InvalidArgumentError(base::StrFormat(
        "Upsert: primary key \"%s\" is auto_id, so rows cannot name what to replace", key.name));
  }
  VECDB_ASSIGN_OR_RETURN(WriteResult result, Write(rows, /*replace=*/true, options, context));
  std::swap(result.insert_count, result.upsert_count);
  return result;
}

absl::StatusOr<WriteResult> CollectionEngine::Delete(const Keys& keys, const WriteOptions& options,
                                                     const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(BeginWrite(context));
  VECDB_ASSIGN_OR_RETURN(const WriteResult result, parts_->writer.Delete(keys, options, context));
  NoteDeletes(result.delete_count);
  return result;
}

absl::StatusOr<WriteResult> CollectionEngine::DeleteWhere(const RowFilter& filter,
                                                          const WriteOptions& options,
                                                          const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const auto bound, query::BoundFilter::Make(filter, *core_->schema()));
  if (bound.matches_all()) {
    return absl::InvalidArgumentError(
        "DeleteWhere: an empty filter would delete every row; write `true` if that is meant");
  }
  VECDB_RETURN_IF_ERROR(BeginWrite(context));
  VECDB_ASSIGN_OR_RETURN(const WriteResult result,
                         parts_->writer.DeleteWhere(bound, options, context));
  NoteDeletes(result.delete_count);
  return result;
}

absl::StatusOr<uint64_t> CollectionEngine::DurableUpTo() {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  return core_->durable_host_sequence();
}

// What a definition that is committed wants.
absl::Status CollectionEngine::FollowDefinition() {
  BuildBehind(core_.get(), parts_);
  ExtendInterimsBehind(core_.get(), parts_);
  return absl::OkStatus();
}

absl::Status CollectionEngine::CreateIndex(std::string_view field, const IndexSpec& spec,
                                           const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(parts_->indexes.Create(field, spec, context));
  return FollowDefinition();
}

absl::Status CollectionEngine::AlterIndex(std::string_view field, const IndexSpec& spec,
                                          const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(parts_->indexes.Alter(field, spec, context));
  return FollowDefinition();
}

absl::Status CollectionEngine::AttachIndex(std::string_view field, const Index& index,
                                           const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(parts_->indexes.Attach(field, index, context));
  return FollowDefinition();
}

absl::Status CollectionEngine::WaitForIndex(std::string_view field, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  if (core_->Read().view->FindIndex(field) == nullptr) {
    return absl::NotFoundError(base::StrFormat("field \"%s\" has no index", field));
  }
  return parts_->indexes.BuildMissing(field, context);
}

absl::Status CollectionEngine::DropIndex(std::string_view field, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return parts_->indexes.Drop(field, context);
}

absl::StatusOr<IndexDescription> CollectionEngine::DescribeIndex(std::string_view field) {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(IndexDescription description, parts_->indexes.Describe(field));
  description.live_recall = parts_->recall.Of(field);
  return description;
}

absl::StatusOr<CollectionDescription> CollectionEngine::Describe() {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  const Snapshot snapshot = core_->Read();
  CollectionDescription description{.name = core_->name(),
                                    .schema = *core_->schema(),
                                    .options = core_->options(),
                                    .num_rows = snapshot.live_rows,
                                    .manifest_version = core_->manifest_version(),
                                    .journal_bytes = journal_bytes(),
                                    .recovery = parts_->recovery};
  for (const query::SegmentView& segment : snapshot.view->segments) {
    if (segment.sealed != nullptr) description.store_bytes += segment.sealed->info().size_bytes();
    if (segment.damaged_info != nullptr) {
      description.store_bytes += segment.damaged_info->size_bytes();
    }
  }
  description.load_state = parts_->loads->State();
  {
    base::MutexLock lock(&parts_->mutex);
    description.orphan_objects = parts_->garbage.orphan_objects;
    description.orphan_bytes = parts_->garbage.orphan_bytes;
  }
  description.compaction_error = parts_->compactions.last_error();
  description.compacted_bytes = parts_->compactions.bytes_written();
  for (const format::IndexDefinition& index : snapshot.view->indexes) {
    auto described = parts_->indexes.Describe(index.field);
    if (!described.ok()) continue;  // dropped meanwhile
    described->live_recall = parts_->recall.Of(index.field);
    description.indexes.push_back(*std::move(described));
  }
  return description;
}

absl::StatusOr<std::vector<SegmentDescription>> CollectionEngine::Segments() {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  const Snapshot snapshot = core_->Read();
  std::vector<SegmentDescription> descriptions;
  for (const query::SegmentView& segment : snapshot.view->segments) {
    descriptions.push_back(DescribeSegment(segment));
  }
  return descriptions;
}

}  // namespace vecdb::engine
