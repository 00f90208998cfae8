#include "engine/compactor.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/expiry.h"
#include "engine/index_jobs.h"
#include "engine/loader.h"
#include "engine/read_point.h"
#include "engine/segment_objects.h"
#include "index/vector_index.h"
#include "segment/merge.h"
#include "segment/scalar_index_builder.h"
#include "segment/segment_writer.h"
#include "store/throttled_store.h"

namespace vecdb::engine {
namespace {

// How often indexes may change while those of the new segment are built.
constexpr int kTries = 4;
// A look of a collection at itself does not count deletes of less than one row in so many.
constexpr uint64_t kOneInMany = 20;

// The earliest time that a read may ask for, and what no read needs from now on.
struct Removable {
  uint64_t oldest_as_of = 0;
  segment::NeedlessRows rows{};
};

// A delete that has not been flushed may not survive a crash.
Removable FindRemovable(const CollectionCore& core, uint64_t flushed_timestamp) {
  const int64_t oldest_ms = core.NowMillis() - core.options().retention_ms;
  const uint64_t oldest = TimestampAt(oldest_ms);
  return {.oldest_as_of = oldest,
          .rows = {.deleted_until = std::min(flushed_timestamp, oldest),
                   .written_before = AliveFrom(core.options(), oldest_ms)}};
}

uint64_t CountDeleted(const segment::SealedSegment& segment, uint64_t deleted_until,
                      bool thorough) {
  const uint64_t deleted = segment.deletes()->count();
  if (deleted == 0 || (!thorough && deleted * kOneInMany < segment.num_rows())) return 0;
  uint64_t count = 0;
  segment.deletes()->ForEach(segment.num_rows(), deleted_until,
                             [&count](uint32_t, uint64_t) { ++count; });
  return count;
}

// Those that are deleted and expired, which are counted once, are as many as by chance.
uint64_t CountEither(uint64_t num_deleted, uint64_t num_expired, uint64_t num_rows) {
  if (num_expired == 0) return num_deleted;
  const double alive = 1 - static_cast<double>(num_expired) / static_cast<double>(num_rows);
  return num_expired + static_cast<uint64_t>(static_cast<double>(num_deleted) * alive);
}

bool CanBeRead(const query::SegmentView& segment) {
  return segment.sealed != nullptr && segment.growing == nullptr && segment.search_damage().ok();
}

// A collection, as a compaction finds it.
struct Found {
  std::shared_ptr<const View> view;
  uint64_t flushed_timestamp = 0;
};

absl::StatusOr<Found> FindState(CollectionCore* core, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
  return Found{.view = core->Read().view, .flushed_timestamp = core->manifest().flushed_timestamp};
}

uint64_t RowBytes(const SegmentInfo& info) {
  uint64_t bytes = 0;
  for (const ObjectRef& object : info.objects) bytes += object.size_bytes;
  return bytes;
}

// One compaction on its way.
class Compaction {
 public:
  Compaction(CollectionCore* core, const CompactionPlan& plan)
      : core_(core), plan_(plan), job_(core) {}

  absl::StatusOr<CompactionOutcome> Run(const Context& context);

 private:
  using Segment = segment::SealedSegment;

  absl::Status FindSources(const Context& context);
  absl::Status WriteTarget(const Context& context);
  absl::Status Replace(const Context& context);
  absl::StatusOr<bool> TryReplace(const Context& context);
  absl::Status BuildIndexes(const View& view, const Context& context);
  absl::Status BuildOne(const format::IndexDefinition& wanted, const Context& context);
  index::IndexSource LargestSource(size_t column) const;
  absl::Status LoadTarget(const View& view, const Context& context);
  bool SourcesAreThere() const;
  void CarryAllDeletes();
  uint64_t CountExpired() const;
  format::Manifest ManifestAfter() const;
  void Show();

  CollectionCore* const core_;
  const CompactionPlan& plan_;
  const CollectionCore::Job job_;
  std::shared_ptr<const View> pinned_{};
  std::vector<std::shared_ptr<const Segment>> sources_{};
  Removable removable_{};
  std::vector<segment::RowMap> maps_{};
  uint64_t num_expired_ = 0;  // rows left out for nothing else

  // The new segment; its parts are null when it has no row.
  std::shared_ptr<ObjectStore> store_{};
  format::ManifestSegment entry_{};
  std::shared_ptr<base::DeleteTimes> deletes_ = std::make_shared<base::DeleteTimes>();
  std::shared_ptr<const Segment> target_{};
  std::shared_ptr<const segment::Resident> resident_{};
  bool may_be_committed_ = false;
};

absl::StatusOr<CompactionOutcome> Compaction::Run(const Context& context) {
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  store_ = core_->store();
  if (base::Throttle* const throttle = core_->environment().compaction_throttle) {
    store_ = store::MakeThrottledStore(store_, throttle);
  }
  VECDB_RETURN_IF_ERROR(FindSources(context));
  absl::Status status = WriteTarget(context);
  if (status.ok()) status = Replace(context);
  if (!status.ok()) {
    if (!may_be_committed_) RemoveObjectsBelow(*core_->store(), entry_.info.folder);
    return status;
  }
  CompactionOutcome outcome{.target = entry_.id};
  for (const auto& source : sources_) outcome.bytes_read += RowBytes(source->info());
  if (target_ != nullptr) outcome.bytes_written = entry_.info.size_bytes();
  core_->Log(LogLevel::kInfo,
             base::StrFormat("compacted %d segments of shard %d to %d rows, manifest version %d",
                             sources_.size(), plan_.shard, entry_.info.num_rows,
                             core_->manifest_version()));
  return outcome;
}

absl::Status Compaction::FindSources(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const Found found, FindState(core_, context));
  pinned_ = found.view;
  removable_ = FindRemovable(*core_, found.flushed_timestamp);
  for (const std::string& folder : plan_.folders) {
    const query::SegmentView* segment = FindSegment(*pinned_, folder);
    if (segment == nullptr || !CanBeRead(*segment)) {
      return absl::AbortedError(
          base::StrFormat("segment %s is not there to be compacted any more", folder));
    }
    sources_.push_back(segment->sealed);
  }
  return absl::OkStatus();
}

absl::Status Compaction::WriteTarget(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(segment::GatheredRows gathered,
                         segment::GatherRows(sources_, removable_.rows, core_->host(), context));
  maps_ = std::move(gathered.maps);
  num_expired_ = gathered.num_expired;
  const uint32_t num_rows = gathered.rows->num_rows();
  if (num_rows == 0) return absl::OkStatus();
  entry_.shard = plan_.shard;
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, core_->NewSegmentFolder(&entry_.id));
  entry_.info.folder = folder.str();
  VECDB_ASSIGN_OR_RETURN(entry_.info, segment::WriteRows(*gathered.rows, num_rows, *store_, folder,
                                                         core_->host(), context));
  gathered.rows.reset();  // before indexes take their memory
  VECDB_ASSIGN_OR_RETURN(
      target_, Segment::Open(core_->store(), entry_.info, core_->host(), deletes_, context));
  return absl::OkStatus();
}

// An index that is defined or dropped, a load or a release while the new segment is made ready,
// lead to another look at what it needs.
absl::Status Compaction::Replace(const Context& context) {
  for (int i = 0; i < kTries; ++i) {
    VECDB_ASSIGN_OR_RETURN(const bool replaced, TryReplace(context));
    if (replaced) return absl::OkStatus();
  }
  return absl::AbortedError("indexes were defined or loaded faster than segments are compacted");
}

// False when what readers need has changed meanwhile.
absl::StatusOr<bool> Compaction::TryReplace(const Context& context) {
  const std::shared_ptr<const View> view = core_->Read().view;
  if (target_ != nullptr) {
    VECDB_RETURN_IF_ERROR(BuildIndexes(*view, context));
    VECDB_RETURN_IF_ERROR(LoadTarget(*view, context));
  }
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  const std::shared_ptr<const View> now = core_->Read().view;
  if (now->indexes != view->indexes || now->loaded != view->loaded || now->load != view->load) {
    return false;
  }
  if (!SourcesAreThere()) return absl::AbortedError("a segment went while it was compacted");
  CarryAllDeletes();
  if (target_ != nullptr) {
    // Later deletes are in the journal, or are not to survive.
    VECDB_ASSIGN_OR_RETURN(
        entry_.info, segment::WriteDeletes(entry_.info, *deletes_,
                                           core_->manifest().flushed_timestamp, *store_, context));
  }
  const absl::Status committed = core_->Commit(ManifestAfter(), context);
  may_be_committed_ = committed.ok() || !core_->WriteError().ok();
  VECDB_RETURN_IF_ERROR(committed);
  Show();
  return true;
}

absl::Status Compaction::BuildIndexes(const View& view, const Context& context) {
  KeepWantedIndexes(view, &entry_.info);
  for (const format::IndexDefinition& wanted : view.indexes) {
    const bool is_there = FindIndex(entry_.info, wanted.field) != nullptr;
    if (is_there || !NeedsBuild(wanted.spec, entry_.info.num_rows)) continue;
    VECDB_RETURN_IF_ERROR(BuildOne(wanted, context));
  }
  target_ = target_->WithInfo(entry_.info);
  return absl::OkStatus();
}

absl::Status Compaction::BuildOne(const format::IndexDefinition& wanted, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const BuildSlots::Slot slot,
                         TakeBuildSlot(*core_, wanted, entry_.info.num_rows, context));
  const size_t column = *core_->schema()->FindField(wanted.field);
  // The same segment, whose indexes are written through the throttle.
  VECDB_ASSIGN_OR_RETURN(const auto writes,
                         Segment::Open(store_, entry_.info, core_->host(), deletes_, context));
  if (wanted.spec.is_scalar()) {
    VECDB_ASSIGN_OR_RETURN(entry_.info.indexes.emplace_back(),
                           segment::BuildScalarIndex(*writes, column, wanted.spec, context));
    return absl::OkStatus();
  }
  VECDB_ASSIGN_OR_RETURN(const auto vectors,
                         segment::LoadVectorsToIndex(*writes, column, wanted.spec, context));
  VECDB_ASSIGN_OR_RETURN(segment::BuiltIndex built,
                         segment::BuildIndex(*writes, column, wanted.spec, *vectors, context,
                                             /*rows_done=*/nullptr, LargestSource(column)));
  entry_.info.indexes.push_back(std::move(built.info));
  return absl::OkStatus();
}

// The loaded index with the most rows.
index::IndexSource Compaction::LargestSource(size_t column) const {
  index::IndexSource largest;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const query::SegmentView* const segment = FindSegment(*pinned_, plan_.folders[i]);
    if (segment == nullptr || segment->resident == nullptr) continue;
    const auto& index = segment->resident->fields[column].index;
    if (index == nullptr || maps_[i].size() <= largest.rows.size()) continue;
    largest = {.index = index.get(), .rows = maps_[i]};
  }
  return largest;
}

absl::Status Compaction::LoadTarget(const View& view, const Context& context) {
  if (!view.loaded || !view.LoadsShard(plan_.shard)) {
    resident_ = nullptr;
    target_->DropColumns();
    return absl::OkStatus();
  }
  VECDB_ASSIGN_OR_RETURN(resident_, LoadSegment(*core_, *target_, view, resident_.get(), context));
  for (const SegmentIndexInfo& index : entry_.info.indexes) {
    const size_t column = *core_->schema()->FindField(index.field);
    if (index.spec.is_scalar() || !view.LoadsField(index.field)) continue;
    if (resident_->fields[column].index != nullptr) continue;
    return absl::DataLossError(base::StrFormat("index %s of segment %s cannot be read back",
                                               index.object.name, entry_.id));
  }
  return absl::OkStatus();
}

// Under the maintenance gate.
bool Compaction::SourcesAreThere() const {
  const std::shared_ptr<const View> view = core_->Read().view;
  return std::all_of(plan_.folders.begin(), plan_.folders.end(), [&](const std::string& folder) {
    return FindSegment(*view, folder) != nullptr && FindEntry(core_->manifest(), folder) != nullptr;
  });
}

void Compaction::CarryAllDeletes() {
  for (size_t i = 0; i < sources_.size(); ++i) {
    segment::CarryDeletes(*sources_[i]->deletes(), maps_[i], deletes_.get());
  }
}

// Puts `replacement` in the place of the first of `folders`, and removes the others.
template <typename T, typename FolderOf>
void ReplaceInPlace(std::vector<T>* all, const std::vector<std::string>& folders,
                    std::optional<T> replacement, FolderOf folder_of) {
  const auto is_source = [&](const T& one) {
    return std::find(folders.begin(), folders.end(), folder_of(one)) != folders.end();
  };
  const auto first = std::find_if(all->begin(), all->end(), is_source);
  if (first == all->end()) return;
  const auto behind = replacement.has_value() ? first + 1 : first;
  if (replacement.has_value()) *first = *std::move(replacement);
  all->erase(std::remove_if(behind, all->end(), is_source), all->end());
}

format::Manifest Compaction::ManifestAfter() const {
  format::Manifest manifest = core_->manifest();
  std::optional<format::ManifestSegment> target;
  if (target_ != nullptr) target = entry_;
  ReplaceInPlace(&manifest.segments, plan_.folders, std::move(target),
                 [](const format::ManifestSegment& entry) { return entry.info.folder; });
  manifest.history_from = std::max(manifest.history_from, removable_.rows.deleted_until);
  if (num_expired_ > 0) {
    manifest.expired_until = std::max(manifest.expired_until, removable_.oldest_as_of);
  }
  return manifest;
}

// Committed: from here on only the readers' view is left to follow, deadline or not.
void Compaction::Show() {
  // A writer that waits for its turn finds rows in the new view, one before has left its deletes.
  const auto pass = core_->write_gate().Enter({});
  std::optional<query::SegmentView> shown;
  const absl::Status ready = base::TryForMemory([&] {
    if (target_ != nullptr) {
      shown = query::SegmentView{
          .shard = plan_.shard, .sealed = target_->WithInfo(entry_.info), .resident = resident_};
    }
    CarryAllDeletes();
  });
  // The old view stays right, but the manifest is another by now.
  if (!ready.ok()) return core_->RefuseWrites(ready);
  if (num_expired_ > 0) core_->NoteExpired(CountExpired());
  core_->EditView([&](View* view) {
    view->history_from = format::HistoryFrom(core_->manifest());
    ReplaceInPlace(&view->segments, plan_.folders, shown, [](const query::SegmentView& segment) {
      return segment.sealed == nullptr ? std::string() : segment.sealed->info().folder;
    });
  });
}

// Rows left out that nobody has deleted to this moment.
uint64_t Compaction::CountExpired() const {
  uint64_t count = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    for (uint32_t row = 0; row < maps_[i].size(); ++row) {
      if (maps_[i][row] == segment::kNoRow && sources_[i]->deletes()->at(row) == 0) ++count;
    }
  }
  return count;
}

}  // namespace

absl::StatusOr<std::vector<CompactionCandidate>> FindCandidates(CollectionCore* core, bool thorough,
                                                                const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const Found found, FindState(core, context));
  const Removable removable = FindRemovable(*core, found.flushed_timestamp);
  std::vector<CompactionCandidate> candidates;
  for (const query::SegmentView& segment : found.view->segments) {
    if (!CanBeRead(segment)) continue;
    const SegmentInfo& info = segment.sealed->info();
    const auto num_expired = segment.sealed->CountBefore(removable.rows.written_before, context);
    if (absl::IsDataLoss(num_expired.status())) continue;  // it could not be read either
    VECDB_RETURN_IF_ERROR(num_expired.status());
    const uint64_t num_deleted =
        CountDeleted(*segment.sealed, removable.rows.deleted_until, thorough);
    candidates.push_back({.folder = info.folder,
                          .shard = segment.shard,
                          .num_rows = info.num_rows,
                          .num_removable = CountEither(num_deleted, *num_expired, info.num_rows),
                          .num_expired = *num_expired,
                          .row_bytes = RowBytes(info),
                          .delete_bytes = info.deletes.has_value() ? info.deletes->size_bytes : 0});
  }
  return candidates;
}

bool HasManySmall(const CollectionCore& core) {
  std::vector<size_t> counts(static_cast<size_t>(core.options().num_shards));
  const std::shared_ptr<const View> view = core.Read().view;
  for (const query::SegmentView& segment : view->segments) {
    if (!CanBeRead(segment)) continue;
    const uint64_t bytes = RowBytes(segment.sealed->info());
    if (IsSmall(bytes, core.options().segment_max_bytes)) {
      ++counts[static_cast<size_t>(segment.shard)];
    }
  }
  return *std::max_element(counts.begin(), counts.end()) >= kMaxSmallSegments;
}

CompactionLimits LimitsOf(const CollectionCore& core, bool thorough) {
  return {.max_bytes = core.options().segment_max_bytes,
          .max_rows = segment::GrowingSegment::kMaxRows,
          .space_amplification = core.options().space_amplification,
          .thorough = thorough};
}

absl::StatusOr<CompactionOutcome> RunCompaction(CollectionCore* core, const CompactionPlan& plan,
                                                const Context& context) {
  return Compaction(core, plan).Run(context);
}

}  // namespace vecdb::engine
