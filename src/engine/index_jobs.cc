#include "engine/index_jobs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/loader.h"
#include "index/index_estimate.h"
#include "schema/index_field.h"
#include "segment/attach_index.h"
#include "segment/scalar_index_builder.h"
#include "segment/segment_writer.h"

namespace vecdb::engine {
namespace {

void RemoveIndex(SegmentInfo* info, std::string_view field) {
  std::erase_if(info->indexes,
                [field](const SegmentIndexInfo& index) { return index.field == field; });
}

absl::Status NoIndex(std::string_view field) {
  return absl::NotFoundError(base::StrFormat("field \"%s\" has no index", field));
}

absl::Status NoField(std::string_view field) {
  return absl::NotFoundError(base::StrFormat("field \"%s\": the schema has no such field", field));
}

absl::Status HasOther(const format::IndexDefinition& defined) {
  return absl::AlreadyExistsError(base::StrFormat("field \"%s\" has an index: %s; drop it first",
                                                  defined.field, defined.spec.ToJson()));
}

// Null when the field has none.
format::IndexDefinition* FindDefinition(format::Manifest* manifest, std::string_view field) {
  for (format::IndexDefinition& index : manifest->indexes) {
    if (index.field == field) return &index;
  }
  return nullptr;
}

SegmentInfo* FindInfo(format::Manifest* manifest, std::string_view folder) {
  for (format::ManifestSegment& segment : manifest->segments) {
    if (segment.info.folder == folder) return &segment.info;
  }
  return nullptr;
}

// True when the segment has an index of the field, whatever its spec, that can be read.
bool HasIndex(const segment::SealedSegment& segment, size_t column) {
  const SegmentInfo& info = segment.info();
  return FindIndex(info, info.schema.fields[column].name) != nullptr &&
         !segment.index_damaged(column);
}

// The vectors of a segment, checked, for an index of `spec`: those that are in memory, or read, or
// mapped.
absl::StatusOr<std::shared_ptr<const segment::ResidentVectors>> VectorsOf(
    const query::SegmentView& segment, size_t column, const IndexSpec& spec,
    const Context& context) {
  if (segment.resident != nullptr) {
    const auto& vectors = segment.resident->fields[column].vectors;
    const bool is_checked = vectors != nullptr &&
                            (vectors->mapped == nullptr || vectors->mapped->unchecked_bytes() == 0);
    if (is_checked && vectors->view.rows != nullptr) return vectors;
  }
  return segment::LoadVectorsToIndex(*segment.sealed, column, spec, context);
}

// In the store; 0 when it has gone.
uint64_t BytesOfIndex(const View& view, std::string_view folder, std::string_view field) {
  const query::SegmentView* segment = FindSegment(view, folder);
  const SegmentIndexInfo* index =
      segment == nullptr ? nullptr : FindIndex(segment->sealed->info(), field);
  return index == nullptr ? 0 : index->object.size_bytes;
}

// Gives a segment of the view the info it has now, and what searches of a field read from now on.
void ShowIndex(const SegmentInfo& info, size_t column, const segment::ResidentField& field,
               View* view) {
  for (query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr || segment.sealed->info().folder != info.folder) continue;
    segment.sealed = segment.sealed->WithInfo(info);
    if (segment.resident == nullptr) continue;
    if (!view->LoadsField(info.schema.fields[column].name)) continue;
    auto resident = std::make_shared<segment::Resident>(*segment.resident);
    resident->fields[column] = field;
    segment.resident = std::move(resident);
  }
}

}  // namespace

absl::StatusOr<BuildSlots::Slot> TakeBuildSlot(const CollectionCore& core,
                                               const format::IndexDefinition& definition,
                                               uint64_t num_rows, const Context& context) {
  BuildSlots* const slots = core.environment().build_slots;
  uint64_t peak_bytes = 0;
  if (slots->most() > 1 && !definition.spec.is_scalar()) {
    const int32_t dim = core.schema()->fields[*core.schema()->FindField(definition.field)].dim;
    VECDB_ASSIGN_OR_RETURN(const IndexEstimate estimate,
                           index::Estimate(num_rows, dim, definition.spec,
                                           base::MaxStrands(core.host().executor), context));
    // The rows are read for it, as a rule.
    peak_bytes = estimate.build_peak_bytes + num_rows * static_cast<uint64_t>(dim) * sizeof(float);
  }
  return slots->Take(peak_bytes, core.host().budget, context);
}

absl::Status IndexJobs::CheckSpec(std::string_view field, const IndexSpec& spec) const {
  const Schema& schema = *core_->schema();
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) return NoField(field);
  return schema::CheckIndexField(schema.fields[*column], spec);
}

absl::Status IndexJobs::Create(std::string_view field, const IndexSpec& spec,
                               const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckSpec(field, spec));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  const format::IndexDefinition* defined = FindDefinition(&manifest, field);
  if (defined != nullptr) return HasOther(*defined);
  manifest.indexes.push_back({.field = std::string(field), .spec = spec});
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  bool was_loaded = false;
  core_->EditView([&](View* view) {
    was_loaded = view->loaded;
    view->indexes = manifest.indexes;
  });
  if (!spec.is_scalar()) LoadDefined(was_loaded, field, context);
  return absl::OkStatus();
}

absl::Status IndexJobs::Alter(std::string_view field, const IndexSpec& spec,
                              const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckSpec(field, spec));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  format::IndexDefinition* const defined = FindDefinition(&manifest, field);
  if (defined == nullptr) return NoIndex(field);
  if (defined->spec == spec) return absl::OkStatus();
  if (!spec.is_scalar() && defined->spec.metric != spec.metric) {
    return absl::InvalidArgumentError(base::StrFormat(
        "field \"%s\": its index is for %s and cannot become one for %s, whose results are others; "
        "drop it and create the other",
        field, MetricName(defined->spec.metric), MetricName(spec.metric)));
  }
  defined->spec = spec;
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  core_->EditView([&](View* view) { view->indexes = manifest.indexes; });
  builds_.Cancel(field);
  LoadWaiting(core_);
  return absl::OkStatus();
}

// Under the maintenance gate, once the index of a vector field has been committed.
void IndexJobs::LoadDefined(bool was_loaded, std::string_view field, const Context& context) {
  if (!was_loaded && core_->options().load != LoadPolicy::kKeepLoaded) return;
  LoadOptions options;
  if (was_loaded) {
    options = core_->Read().view->load;
    if (!IsNamed(options.fields, field)) return;
    if (!options.fields.empty()) options.fields = {std::string(field)};
  }
  if (absl::Status loaded = LoadAll(core_, options, context); !loaded.ok()) {
    // The index is defined all the same; searches say that they need Load, which says what is
    // wrong.
    core_->Log(LogLevel::kWarning,
               base::StrFormat("the index of field %s was created but not loaded: %s", field,
                               std::string(loaded.message())));
  }
}

absl::Status IndexJobs::Attach(std::string_view field, const Index& index, const Context& context) {
  const Schema& schema = *core_->schema();
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) return NoField(field);
  VECDB_RETURN_IF_ERROR(segment::CheckIndexFits(schema.fields[*column], index));
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  const CollectionCore::Job writes_objects(core_);
  const std::shared_ptr<const View> view = core_->Read().view;
  const format::IndexDefinition* defined = view->FindIndex(field);
  if (defined != nullptr && defined->spec != index.spec()) return HasOther(*defined);
  VECDB_ASSIGN_OR_RETURN(const Job job, ClaimRowsOf(index, *column, context));
  const auto attach = [&]() -> absl::Status {
    VECDB_ASSIGN_OR_RETURN(const SegmentIndexInfo info,
                           segment::AttachIndex(*job.segment.sealed, *column, index, context));
    return CommitAttached(job, info, context);
  };
  const absl::Status status = attach();
  // An error is that of this call, and says nothing of what is built.
  builds_.End(*job.build, status.ok() ? status : absl::CancelledError());
  return status;
}

// The same, with no build between, whose index would be another.
absl::StatusOr<IndexJobs::Job> IndexJobs::ClaimRowsOf(const Index& index, size_t column,
                                                      const Context& context) {
  while (true) {
    const uint64_t num_ended = builds_.num_ended();
    VECDB_ASSIGN_OR_RETURN(Job job, FindRowsOf(index, column, context));
    job.build = builds_.Begin(job.name());
    if (job.build == nullptr) {
      VECDB_RETURN_IF_ERROR(builds_.WaitForEnd(job.definition.field, num_ended, context).status());
      continue;
    }
    const std::shared_ptr<const View> view = core_->Read().view;
    const query::SegmentView* now = FindSegment(*view, job.segment.sealed->info().folder);
    if (now != nullptr && !HasIndex(*now->sealed, column)) {
      job.segment = *now;
      return job;
    }
    builds_.End(*job.build, absl::CancelledError());
  }
}

// The segment whose vectors are the rows of an index.
absl::StatusOr<IndexJobs::Job> IndexJobs::FindRowsOf(const Index& index, size_t column,
                                                     const Context& context) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  const std::string& field = core_->schema()->fields[column].name;
  std::string nearest =
      base::StrFormat("of %d flushed segments none has as many",
                      std::count_if(view->segments.begin(), view->segments.end(),
                                    [](const auto& segment) { return segment.sealed != nullptr; }));
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr || segment.sealed->num_rows() != index.num_rows()) continue;
    VECDB_ASSIGN_OR_RETURN(const auto vectors, VectorsOf(segment, column, index.spec(), context));
    const absl::Status same = segment::CheckSameRows(index, vectors->view, context);
    if (absl::IsInvalidArgument(same)) {
      nearest = base::StrFormat("in segment %s %s", segment.id(), std::string(same.message()));
      continue;
    }
    VECDB_RETURN_IF_ERROR(same);
    if (HasIndex(*segment.sealed, column)) {
      return absl::AlreadyExistsError(base::StrFormat(
          "segment %s, which has these rows, has an index of field \"%s\"", segment.id(), field));
    }
    return Job{
        .segment = segment, .column = column, .definition = {.field = field, .spec = index.spec()}};
  }
  return absl::FailedPreconditionError(base::StrFormat(
      "no flushed segment has the %d rows of the index in field \"%s\", in their order: %s",
      index.num_rows(), field, nearest));
}

absl::Status IndexJobs::CommitAttached(const Job& job, const SegmentIndexInfo& info,
                                       const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  const format::IndexDefinition* defined = FindDefinition(&manifest, info.field);
  if (defined == nullptr) {
    manifest.indexes.push_back(job.definition);
  } else if (*defined != job.definition) {
    return HasOther(*defined);
  }
  const std::string& folder = job.segment.sealed->info().folder;
  SegmentInfo* const entry = FindInfo(&manifest, folder);
  if (entry == nullptr) {
    return absl::FailedPreconditionError(
        base::StrFormat("segment %s went while its index was attached", folder));
  }
  RemoveIndex(entry, info.field);
  entry->indexes.push_back(info);
  segment::ResidentField field;  // of a collection that is not loaded, nothing
  if (job.segment.resident != nullptr) {
    VECDB_ASSIGN_OR_RETURN(field, LoadWith(job, &info, context));
  }
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  bool was_loaded = false;
  core_->EditView([&](View* view) {
    was_loaded = view->loaded;
    view->indexes = manifest.indexes;
    ShowIndex(*entry, job.column, field, view);
  });
  LoadDefined(was_loaded, info.field, context);
  LoadWaiting(core_);
  core_->Log(LogLevel::kInfo,
             base::StrFormat("attached an index of field %s to segment %s, %d rows", info.field,
                             folder, entry->num_rows));
  return absl::OkStatus();
}

absl::Status IndexJobs::Drop(std::string_view field, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  const size_t before = manifest.indexes.size();
  std::erase_if(manifest.indexes, [field](const auto& index) { return index.field == field; });
  if (manifest.indexes.size() == before) return NoIndex(field);
  for (format::ManifestSegment& entry : manifest.segments) RemoveIndex(&entry.info, field);
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  const size_t column = *core_->schema()->FindField(field);
  core_->EditView([&](View* view) {
    view->indexes = manifest.indexes;
    for (query::SegmentView& segment : view->segments) {
      if (segment.growing != nullptr) segment.growing->DropInterim(column);
      if (segment.sealed == nullptr) continue;
      const format::ManifestSegment* entry = FindEntry(manifest, segment.sealed->info().folder);
      if (entry != nullptr) segment.sealed = segment.sealed->WithInfo(entry->info);
      if (segment.resident == nullptr) continue;
      auto resident = std::make_shared<segment::Resident>(*segment.resident);
      resident->fields[column] = {};
      segment.resident = std::move(resident);
    }
  });
  builds_.Cancel(field);
  if (format::HasVectorIndex(manifest.indexes)) {
    LoadWaiting(core_);
  } else {
    ReleaseAll(core_);
  }
  return absl::OkStatus();
}

absl::StatusOr<IndexDescription> IndexJobs::Describe(std::string_view field) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  const format::IndexDefinition* definition = view->FindIndex(field);
  if (definition == nullptr) return NoIndex(field);
  IndexDescription description{.field = definition->field, .spec = definition->spec};
  bool is_building = false;
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr) continue;
    SegmentIndexProgress progress = DescribeBuild(segment, *definition);
    description.total_rows += progress.num_rows;
    if (progress.state == IndexState::kFinished) description.indexed_rows += progress.num_rows;
    is_building |= progress.state == IndexState::kBuilding;
    if (!progress.error.empty()) description.last_error = progress.error;
    description.segments.push_back(std::move(progress));
  }
  if (description.pending_rows() == 0) {
    description.state = IndexState::kFinished;
  } else if (is_building) {
    description.state = IndexState::kBuilding;
  } else {
    description.state = description.last_error.empty() ? IndexState::kWaiting : IndexState::kFailed;
  }
  return description;
}

SegmentIndexProgress IndexJobs::DescribeBuild(const query::SegmentView& segment,
                                              const format::IndexDefinition& definition) const {
  SegmentIndexProgress progress{.segment_id = segment.id(), .num_rows = segment.sealed->num_rows()};
  if (IsIndexed(*segment.sealed, definition)) {
    progress.state = IndexState::kFinished;
    progress.rows_done = progress.num_rows;
    return progress;
  }
  const BuildName name{definition.field, segment.sealed->info().folder};
  progress.error = builds_.LastError(name);
  if (builds_.IsRunning(name)) {
    progress.state = IndexState::kBuilding;
    progress.rows_done = std::min(builds_.RowsDone(name), progress.num_rows);
  } else if (!progress.error.empty()) {
    progress.state = IndexState::kFailed;
  }
  return progress;
}

// The next that is missing, but for those that are being built and those in `but`.
std::optional<IndexJobs::Job> IndexJobs::NextJob(std::string_view field,
                                                 const std::set<BuildName>& but) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  for (const format::IndexDefinition& definition : view->indexes) {
    if (!field.empty() && definition.field != field) continue;
    for (const query::SegmentView& segment : view->segments) {
      if (segment.sealed == nullptr || !segment.load_damage.ok()) continue;
      if (IsIndexed(*segment.sealed, definition)) continue;
      const size_t column = *core_->schema()->FindField(definition.field);
      Job job{.segment = segment, .column = column, .definition = definition};
      if (but.contains(job.name()) || builds_.IsRunning(job.name())) continue;
      return job;
    }
  }
  return std::nullopt;
}

// The same, to be built by the caller alone, who ends job.build.
std::optional<IndexJobs::Job> IndexJobs::ClaimNext(std::string_view field,
                                                   const std::set<BuildName>& but) {
  while (std::optional<Job> job = NextJob(field, but)) {
    job->build = builds_.Begin(job->name());
    if (job->build == nullptr) continue;  // somebody was quicker
    // Between the look and the claim another may have built it.
    const std::shared_ptr<const View> view = core_->Read().view;
    const query::SegmentView* now = FindSegment(*view, job->segment.sealed->info().folder);
    const format::IndexDefinition* wanted = view->FindIndex(job->definition.field);
    if (now != nullptr && wanted != nullptr && !IsIndexed(*now->sealed, *wanted)) {
      job->segment = *now;
      job->definition = *wanted;
      return job;
    }
    builds_.End(*job->build, absl::CancelledError());
  }
  return std::nullopt;
}

absl::Status IndexJobs::BuildMissing(std::string_view field, const Context& context) {
  return BuildAll(field, Others::kAwait, context);
}

void IndexJobs::BuildBehind(const Context& context) {
  BuildAll("", Others::kLeave, context).IgnoreError();  // logged, and kept for Describe
}

absl::Status IndexJobs::BuildAll(std::string_view field, Others others, const Context& context) {
  FailedBuilds failed;
  while (true) {
    VECDB_RETURN_IF_ERROR(context.Check());
    if (!field.empty() && core_->Read().view->FindIndex(field) == nullptr) return NoIndex(field);
    const uint64_t num_ended = builds_.num_ended();
    const std::optional<Job> job = ClaimNext(field, failed.names);
    if (!job.has_value()) {
      if (others == Others::kLeave) return failed.first_error;
      VECDB_ASSIGN_OR_RETURN(const bool one_ended, builds_.WaitForEnd(field, num_ended, context));
      if (!one_ended) return failed.first_error;
      continue;
    }
    const absl::Status status = RunNoted(*job, context);
    if (status.ok() || absl::IsCancelled(status)) continue;  // the index may be another by now
    failed.Add(job->name(), status);
  }
}

absl::StatusOr<bool> IndexJobs::BuildNext(FailedBuilds* failed, const Context& context) {
  while (true) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const std::optional<Job> job = ClaimNext("", failed->names);
    if (!job.has_value()) return false;
    const absl::Status status = RunNoted(*job, context);
    VECDB_RETURN_IF_ERROR(context.Check());
    if (status.ok() || absl::IsCancelled(status)) return true;  // the index may have been dropped
    failed->Add(job->name(), status);
  }
}

uint64_t IndexJobs::CountMissing() const {
  const std::shared_ptr<const View> view = core_->Read().view;
  uint64_t count = 0;
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr || !segment.load_damage.ok()) continue;
    for (const format::IndexDefinition& definition : view->indexes) {
      count += IsIndexed(*segment.sealed, definition) ? 0 : 1;
    }
  }
  return count;
}

absl::Status IndexJobs::RunWatched(const Job& job, const Context& context) {
  const Context both{.deadline = context.deadline,
                     .cancel = CancelToken::AnyOf(context.cancel, job.build->cancel)};
  const std::string& field = job.definition.field;
  return core_->events().Watch(BuildEvent{.collection = core_->name(),
                                          .segment = job.segment.id(),
                                          .field = field,
                                          .num_rows = job.segment.num_rows()},
                               [&](BuildEvent* event) {
                                 const absl::Status built = Run(job, both);
                                 if (built.ok()) {
                                   event->num_bytes =
                                       BytesOfIndex(*core_->Read().view,
                                                    job.segment.sealed->info().folder, field);
                                 }
                                 return built;
                               });
}

// Builds what was claimed. Stopped by `context`, and when the index is dropped or altered.
absl::Status IndexJobs::RunNoted(const Job& job, const Context& context) {
  const absl::Status status = base::OrOutOfMemory([&] { return RunWatched(job, context); });
  builds_.End(*job.build, status);
  if (!status.ok() && !absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status)) {
    core_->Log(LogLevel::kError,
               base::StrFormat("building the index of field %s failed: %s", job.definition.field,
                               std::string(status.message())));
    core_->events().Failed(
        {.collection = core_->name(), .source = ErrorSource::kBuild, .status = status});
  }
  return status;
}

absl::Status IndexJobs::Run(const Job& job, const Context& context) {
  const CollectionCore::Job writes_objects(core_);
  if (!NeedsBuild(job.definition.spec, job.segment.sealed->num_rows())) {
    return RemoveOther(job, context);
  }
  VECDB_ASSIGN_OR_RETURN(
      const BuildSlots::Slot slot,
      TakeBuildSlot(*core_, job.definition, job.segment.sealed->num_rows(), context));
  if (job.definition.spec.is_scalar()) {
    VECDB_ASSIGN_OR_RETURN(
        const SegmentIndexInfo info,
        segment::BuildScalarIndex(*job.segment.sealed, job.column, job.definition.spec, context));
    return CommitBuilt(job, &info, {}, context);
  }
  VECDB_ASSIGN_OR_RETURN(auto vectors,
                         VectorsOf(job.segment, job.column, job.definition.spec, context));
  VECDB_ASSIGN_OR_RETURN(segment::BuiltIndex built,
                         segment::BuildIndex(*job.segment.sealed, job.column, job.definition.spec,
                                             *vectors, context, &job.build->rows_done));
  segment::ResidentField field{.vectors = std::move(vectors), .index = std::move(built.index)};
  const bool is_mapped = core_->Read().view->load.mode == LoadMode::kMap;
  if (is_mapped || !index::NeedsRowsInMemory(job.definition.spec, field.vectors->view.dim)) {
    field = {};  // the rows that it was built from go, and it is read again without them
    VECDB_ASSIGN_OR_RETURN(field, LoadWith(job, &built.info, context));
  }
  return CommitBuilt(job, &built.info, field, context);
}

// Removes an index that an earlier definition asked for, where the present one asks for none.
absl::Status IndexJobs::RemoveOther(const Job& job, const Context& context) {
  segment::ResidentField field;
  if (job.segment.resident != nullptr && !job.definition.spec.is_scalar()) {
    VECDB_ASSIGN_OR_RETURN(field, LoadWith(job, nullptr, context));
  }
  return CommitBuilt(job, nullptr, field, context);
}

// What searches of the segment read once it has that index, or none.
absl::StatusOr<segment::ResidentField> IndexJobs::LoadWith(const Job& job,
                                                           const SegmentIndexInfo* info,
                                                           const Context& context) {
  SegmentInfo with = job.segment.sealed->info();
  RemoveIndex(&with, job.definition.field);
  if (info != nullptr) with.indexes.push_back(*info);
  VECDB_ASSIGN_OR_RETURN(
      segment::ResidentField field,
      job.segment.sealed->WithInfo(std::move(with))
          ->LoadField(job.column, {}, context, {.mode = core_->Read().view->load.mode}));
  if (info == nullptr || field.index != nullptr) return field;
  return absl::DataLossError(base::StrFormat("index %s of segment %s cannot be read back",
                                             info->object.name, job.segment.id()));
}

bool IndexJobs::IsResident(std::string_view folder) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  const query::SegmentView* segment = FindSegment(*view, folder);
  return segment != nullptr && segment->resident != nullptr;
}

absl::Status IndexJobs::CommitBuilt(const Job& job, const SegmentIndexInfo* info,
                                    const segment::ResidentField& field, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  VECDB_RETURN_IF_ERROR(context.Check());  // dropped or altered while it waited
  format::Manifest manifest = core_->manifest();
  const format::IndexDefinition* defined = FindDefinition(&manifest, job.definition.field);
  const std::string& folder = job.segment.sealed->info().folder;
  SegmentInfo* const entry = FindInfo(&manifest, folder);
  const bool still_wanted = defined != nullptr && *defined == job.definition;
  if (!still_wanted || entry == nullptr) return absl::OkStatus();  // dropped meanwhile
  RemoveIndex(entry, job.definition.field);
  if (info != nullptr) entry->indexes.push_back(*info);
  segment::ResidentField shown = field;
  if (shown.vectors == nullptr && !job.definition.spec.is_scalar() && IsResident(folder)) {
    VECDB_ASSIGN_OR_RETURN(shown, LoadWith(job, info, context));  // loaded since it was claimed
  }
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  core_->EditView([&](View* view) { ShowIndex(*entry, job.column, shown, view); });
  LoadWaiting(core_, {.folder = folder, .column = job.column, .field = &shown});
  core_->Log(LogLevel::kInfo,
             base::StrFormat("%s the index of field %s for segment %s, %d rows",
                             info == nullptr ? "removed" : "built", job.definition.field,
                             job.segment.id(), entry->num_rows));
  return absl::OkStatus();
}

}  // namespace vecdb::engine
