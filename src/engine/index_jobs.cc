#include "engine/index_jobs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "engine/loader.h"
#include "schema/index_field.h"
#include "segment/attach_index.h"
#include "segment/scalar_index_builder.h"
#include "segment/segment_writer.h"

namespace vecdb::engine {
namespace {

// True when the segment needs no (further) build for `definition`.
bool IsIndexed(const segment::SealedSegment& segment, const format::IndexDefinition& definition) {
  if (!NeedsBuild(definition.spec, segment.num_rows())) return true;
  const SegmentInfo& info = segment.info();
  const bool has_index =
      std::any_of(info.indexes.begin(), info.indexes.end(), [&](const auto& index) {
        return index.field == definition.field && index.spec == definition.spec;
      });
  return has_index && !segment.index_damaged(*info.schema.FindField(definition.field));
}

void RemoveIndex(SegmentInfo* info, std::string_view field) {
  std::erase_if(info->indexes,
                [field](const SegmentIndexInfo& index) { return index.field == field; });
}

absl::Status NoIndex(std::string_view field) {
  return absl::NotFoundError(absl::StrFormat("field \"%s\" has no index", field));
}

absl::Status NoField(std::string_view field) {
  return absl::NotFoundError(absl::StrFormat("field \"%s\": the schema has no such field", field));
}

absl::Status HasOther(const format::IndexDefinition& defined) {
  return absl::AlreadyExistsError(absl::StrFormat("field \"%s\" has an index: %s; drop it first",
                                                  defined.field, defined.spec.ToJson()));
}

std::vector<format::IndexDefinition>::const_iterator FindDefinition(
    const format::Manifest& manifest, std::string_view field) {
  return std::find_if(manifest.indexes.begin(), manifest.indexes.end(),
                      [field](const auto& index) { return index.field == field; });
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
  const bool named = std::any_of(info.indexes.begin(), info.indexes.end(), [&](const auto& index) {
    return index.field == info.schema.fields[column].name;
  });
  return named && !segment.index_damaged(column);
}

// The vectors of a segment, read unless they are in memory and have been checked.
absl::StatusOr<std::shared_ptr<const segment::ResidentVectors>> VectorsOf(
    const query::SegmentView& segment, size_t column, const Context& context) {
  if (segment.resident != nullptr) {
    const auto& vectors = segment.resident->fields[column].vectors;
    const bool is_checked = vectors != nullptr &&
                            (vectors->mapped == nullptr || vectors->mapped->unchecked_bytes() == 0);
    if (is_checked && vectors->view.rows != nullptr) return vectors;
  }
  return segment.sealed->LoadVectors(column, context);
}

// In the store; 0 when it has gone.
uint64_t BytesOfIndex(const View& view, std::string_view folder, std::string_view field) {
  const query::SegmentView* segment = FindSegment(view, folder);
  if (segment == nullptr) return 0;
  for (const SegmentIndexInfo& index : segment->sealed->info().indexes) {
    if (index.field == field) return index.object.size_bytes;
  }
  return 0;
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

bool NeedsBuild(const IndexSpec& spec, uint64_t num_rows) {
  return !std::holds_alternative<FlatParams>(spec.params) && num_rows >= kMinIndexedRows;
}

absl::Status IndexJobs::Create(std::string_view field, const IndexSpec& spec,
                               const Context& context) {
  const Schema& schema = *core_->schema();
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) return NoField(field);
  VECDB_RETURN_IF_ERROR(schema::CheckIndexField(schema.fields[*column], spec));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  const auto defined = FindDefinition(manifest, field);
  if (defined != manifest.indexes.end()) return HasOther(*defined);
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
               absl::StrFormat("the index of field %s was created but not loaded: %s", field,
                               std::string(loaded.message())));
  }
}

absl::Status IndexJobs::Attach(std::string_view field, const Index& index, const Context& context) {
  const Schema& schema = *core_->schema();
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) return NoField(field);
  VECDB_RETURN_IF_ERROR(segment::CheckIndexFits(schema.fields[*column], index));
  // No build may come between, whose index would be another.
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->build_gate().Enter(context));
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  const CollectionCore::Job writes_objects(core_);
  const std::shared_ptr<const View> view = core_->Read().view;
  const format::IndexDefinition* defined = view->FindIndex(field);
  if (defined != nullptr && defined->spec != index.spec()) return HasOther(*defined);
  VECDB_ASSIGN_OR_RETURN(const Job job, FindRowsOf(index, *column, context));
  VECDB_ASSIGN_OR_RETURN(const SegmentIndexInfo info,
                         segment::AttachIndex(*job.segment.sealed, *column, index, context));
  return CommitAttached(job, info, context);
}

// The segment whose vectors are the rows of an index.
absl::StatusOr<IndexJobs::Job> IndexJobs::FindRowsOf(const Index& index, size_t column,
                                                     const Context& context) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  const std::string& field = core_->schema()->fields[column].name;
  std::string nearest =
      absl::StrFormat("of %d flushed segments none has as many",
                      std::count_if(view->segments.begin(), view->segments.end(),
                                    [](const auto& segment) { return segment.sealed != nullptr; }));
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr || segment.sealed->num_rows() != index.num_rows()) continue;
    VECDB_ASSIGN_OR_RETURN(const auto vectors, VectorsOf(segment, column, context));
    const absl::Status same = segment::CheckSameRows(index, vectors->view, context);
    if (absl::IsInvalidArgument(same)) {
      nearest = absl::StrFormat("in segment %s %s", segment.id(), std::string(same.message()));
      continue;
    }
    VECDB_RETURN_IF_ERROR(same);
    if (HasIndex(*segment.sealed, column)) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "segment %s, which has these rows, has an index of field \"%s\"", segment.id(), field));
    }
    return Job{
        .segment = segment, .column = column, .definition = {.field = field, .spec = index.spec()}};
  }
  return absl::FailedPreconditionError(absl::StrFormat(
      "no flushed segment has the %d rows of the index in field \"%s\", in their order: %s",
      index.num_rows(), field, nearest));
}

absl::Status IndexJobs::CommitAttached(const Job& job, const SegmentIndexInfo& info,
                                       const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  const auto defined = FindDefinition(manifest, info.field);
  if (defined == manifest.indexes.end()) {
    manifest.indexes.push_back(job.definition);
  } else if (*defined != job.definition) {
    return HasOther(*defined);
  }
  const std::string& folder = job.segment.sealed->info().folder;
  SegmentInfo* const entry = FindInfo(&manifest, folder);
  if (entry == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrFormat("segment %s went while its index was attached", folder));
  }
  RemoveIndex(entry, info.field);
  entry->indexes.push_back(info);
  segment::ResidentField field;  // of a collection that is not loaded, nothing
  if (job.segment.resident != nullptr) {
    VECDB_ASSIGN_OR_RETURN(field, LoadBuilt(job, info, context));
  }
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  bool was_loaded = false;
  core_->EditView([&](View* view) {
    was_loaded = view->loaded;
    view->indexes = manifest.indexes;
    ShowIndex(*entry, job.column, field, view);
  });
  LoadDefined(was_loaded, info.field, context);
  core_->Log(LogLevel::kInfo,
             absl::StrFormat("attached an index of field %s to segment %s, %d rows", info.field,
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
      if (segment.sealed == nullptr) continue;
      const format::ManifestSegment* entry = FindEntry(manifest, segment.sealed->info().folder);
      if (entry != nullptr) segment.sealed = segment.sealed->WithInfo(entry->info);
      if (segment.resident == nullptr) continue;
      auto resident = std::make_shared<segment::Resident>(*segment.resident);
      resident->fields[column] = {};
      segment.resident = std::move(resident);
    }
  });
  if (!format::HasVectorIndex(manifest.indexes)) ReleaseAll(core_);
  base::MutexLock lock(&mutex_);
  last_errors_.erase(std::string(field));
  return absl::OkStatus();
}

absl::StatusOr<IndexDescription> IndexJobs::Describe(std::string_view field) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  const format::IndexDefinition* definition = view->FindIndex(field);
  if (definition == nullptr) return NoIndex(field);
  IndexDescription description{.field = definition->field, .spec = definition->spec};
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr) continue;
    description.total_rows += segment.num_rows();
    if (IsIndexed(*segment.sealed, *definition)) description.indexed_rows += segment.num_rows();
  }
  base::MutexLock lock(&mutex_);
  if (const auto error = last_errors_.find(field); error != last_errors_.end()) {
    description.last_error = error->second;
  }
  return description;
}

std::optional<IndexJobs::Job> IndexJobs::NextJob(std::string_view field) const {
  const std::shared_ptr<const View> view = core_->Read().view;
  for (const format::IndexDefinition& definition : view->indexes) {
    if (!field.empty() && definition.field != field) continue;
    for (const query::SegmentView& segment : view->segments) {
      if (segment.sealed == nullptr || !segment.load_damage.ok()) continue;
      if (IsIndexed(*segment.sealed, definition)) continue;
      const size_t column = *core_->schema()->FindField(definition.field);
      return Job{.segment = segment, .column = column, .definition = definition};
    }
  }
  return std::nullopt;
}

absl::Status IndexJobs::BuildMissing(std::string_view field, const Context& context) {
  if (!field.empty() && core_->Read().view->FindIndex(field) == nullptr) return NoIndex(field);
  while (true) {
    // Entered for each: a compaction that has something to build comes in between.
    VECDB_ASSIGN_OR_RETURN(const auto pass, core_->build_gate().Enter(context));
    const std::optional<Job> job = NextJob(field);
    if (!job.has_value()) return absl::OkStatus();
    VECDB_RETURN_IF_ERROR(RunNoted(*job, context));
  }
}

absl::StatusOr<bool> IndexJobs::BuildNext(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->build_gate().Enter(context));
  const std::optional<Job> job = NextJob("");
  if (!job.has_value()) return false;
  VECDB_RETURN_IF_ERROR(RunNoted(*job, context));
  return true;
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

absl::Status IndexJobs::RunNoted(const Job& job, const Context& context) {
  const std::string& field = job.definition.field;
  const absl::Status status =
      core_->events().Watch(BuildEvent{.collection = core_->name(),
                                       .segment = job.segment.id(),
                                       .field = field,
                                       .num_rows = job.segment.num_rows()},
                            [&](BuildEvent* event) {
                              const absl::Status built = Run(job, context);
                              if (built.ok()) {
                                event->num_bytes = BytesOfIndex(
                                    *core_->Read().view, job.segment.sealed->info().folder, field);
                              }
                              return built;
                            });
  if (absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) return status;
  {
    base::MutexLock lock(&mutex_);
    last_errors_[field] = std::string(status.message());
  }
  if (!status.ok()) {
    core_->Log(LogLevel::kError, absl::StrFormat("building the index of field %s failed: %s", field,
                                                 std::string(status.message())));
    core_->events().Failed(
        {.collection = core_->name(), .source = ErrorSource::kBuild, .status = status});
  }
  return status;
}

absl::Status IndexJobs::Run(const Job& job, const Context& context) {
  const CollectionCore::Job writes_objects(core_);
  if (job.definition.spec.is_scalar()) {
    VECDB_ASSIGN_OR_RETURN(
        const SegmentIndexInfo info,
        segment::BuildScalarIndex(*job.segment.sealed, job.column, job.definition.spec, context));
    return CommitBuilt(job, info, {}, context);
  }
  VECDB_ASSIGN_OR_RETURN(auto vectors, VectorsOf(job.segment, job.column, context));
  VECDB_ASSIGN_OR_RETURN(
      segment::BuiltIndex built,
      segment::BuildIndex(*job.segment.sealed, job.column, job.definition.spec, *vectors, context));
  segment::ResidentField field{.vectors = std::move(vectors), .index = std::move(built.index)};
  const bool is_mapped = core_->Read().view->load.mode == LoadMode::kMap;
  if (is_mapped || !index::NeedsRowsInMemory(job.definition.spec, field.vectors->view.dim)) {
    field = {};  // the rows that it was built from go, and it is read again without them
    VECDB_ASSIGN_OR_RETURN(field, LoadBuilt(job, built.info, context));
  }
  return CommitBuilt(job, built.info, field, context);
}

absl::StatusOr<segment::ResidentField> IndexJobs::LoadBuilt(const Job& job,
                                                            const SegmentIndexInfo& info,
                                                            const Context& context) {
  SegmentInfo with = job.segment.sealed->info();
  RemoveIndex(&with, info.field);
  with.indexes.push_back(info);
  VECDB_ASSIGN_OR_RETURN(
      segment::ResidentField field,
      job.segment.sealed->WithInfo(std::move(with))
          ->LoadField(job.column, {}, context, {.mode = core_->Read().view->load.mode}));
  if (field.index != nullptr) return field;
  return absl::DataLossError(absl::StrFormat("index %s of segment %s cannot be read back",
                                             info.object.name, job.segment.id()));
}

absl::Status IndexJobs::CommitBuilt(const Job& job, const SegmentIndexInfo& info,
                                    const segment::ResidentField& field, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  const bool still_wanted = std::find(manifest.indexes.begin(), manifest.indexes.end(),
                                      job.definition) != manifest.indexes.end();
  const std::string& folder = job.segment.sealed->info().folder;
  const auto entry =
      std::find_if(manifest.segments.begin(), manifest.segments.end(),
                   [&](const auto& segment) { return segment.info.folder == folder; });
  if (!still_wanted || entry == manifest.segments.end())
    return absl::OkStatus();  // dropped meanwhile
  RemoveIndex(&entry->info, info.field);
  entry->info.indexes.push_back(info);
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  core_->EditView([&](View* view) { ShowIndex(entry->info, job.column, field, view); });
  core_->Log(LogLevel::kInfo, absl::StrFormat("built the index of field %s for segment %s, %d rows",
                                              info.field, entry->id, entry->info.num_rows));
  return absl::OkStatus();
}

}  // namespace vecdb::engine
