#include "engine/index_jobs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "engine/loader.h"
#include "schema/index_field.h"
#include "segment/scalar_index_builder.h"
#include "segment/segment_writer.h"

namespace vecdb::engine {
namespace {

bool IsBuilt(const IndexSpec& spec) { return !std::holds_alternative<FlatParams>(spec.params); }

// True when the segment needs no (further) build for `definition`.
bool IsIndexed(const segment::SealedSegment& segment, const format::IndexDefinition& definition) {
  if (!IsBuilt(definition.spec) || segment.num_rows() < kMinIndexedRows) return true;
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

}  // namespace

absl::Status IndexJobs::Create(std::string_view field, const IndexSpec& spec,
                               const Context& context) {
  const Schema& schema = *core_->schema();
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) {
    return absl::NotFoundError(
        absl::StrFormat("field \"%s\": the schema has no such field", field));
  }
  VECDB_RETURN_IF_ERROR(schema::CheckIndexField(schema.fields[*column], spec));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  format::Manifest manifest = core_->manifest();
  for (const format::IndexDefinition& index : manifest.indexes) {
    if (index.field == field) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "field \"%s\" has an index: %s; drop it first", field, index.spec.ToJson()));
    }
  }
  manifest.indexes.push_back({.field = std::string(field), .spec = spec});
  VECDB_RETURN_IF_ERROR(core_->Commit(manifest, context));
  bool was_loaded = false;
  core_->EditView([&](View* view) {
    was_loaded = view->loaded;
    view->indexes = manifest.indexes;
  });
  if (spec.is_scalar()) return absl::OkStatus();
  if (!was_loaded && core_->options().load != LoadPolicy::kKeepLoaded) return absl::OkStatus();
  if (absl::Status loaded = LoadAll(core_, context); !loaded.ok()) {
    // The index is defined all the same; searches say that they need Load, which says what is
    // wrong.
    core_->Log(LogLevel::kWarning,
               absl::StrFormat("the index of field %s was created but not loaded: %s", field,
                               std::string(loaded.message())));
  }
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
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->build_gate().Enter(context));
  while (const std::optional<Job> job = NextJob(field)) {
    const absl::Status status = Run(*job, context);
    const bool stopped = absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
    if (!stopped) {
      base::MutexLock lock(&mutex_);
      last_errors_[job->definition.field] = std::string(status.message());
    }
    if (!status.ok()) {
      if (!stopped) {
        core_->Log(LogLevel::kError,
                   absl::StrFormat("building the index of field %s failed: %s",
                                   job->definition.field, std::string(status.message())));
      }
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status IndexJobs::Run(const Job& job, const Context& context) {
  const CollectionCore::Job writes_objects(core_);
  if (job.definition.spec.is_scalar()) {
    VECDB_ASSIGN_OR_RETURN(
        const SegmentIndexInfo info,
        segment::BuildScalarIndex(*job.segment.sealed, job.column, job.definition.spec, context));
    return CommitBuilt(job, info, {}, context);
  }
  std::shared_ptr<const segment::ResidentVectors> vectors;
  if (job.segment.resident != nullptr) vectors = job.segment.resident->fields[job.column].vectors;
  if (vectors == nullptr || vectors->view.rows == nullptr) {
    VECDB_ASSIGN_OR_RETURN(vectors, job.segment.sealed->LoadVectors(job.column, context));
  }
  VECDB_ASSIGN_OR_RETURN(
      segment::BuiltIndex built,
      segment::BuildIndex(*job.segment.sealed, job.column, job.definition.spec, *vectors, context));
  segment::ResidentField field{.vectors = std::move(vectors), .index = std::move(built.index)};
  if (!index::NeedsRowsInMemory(job.definition.spec, field.vectors->view.dim)) {
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
  return job.segment.sealed->WithInfo(std::move(with))->LoadField(job.column, {}, context);
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
  core_->EditView([&](View* view) {
    for (query::SegmentView& segment : view->segments) {
      if (segment.sealed == nullptr || segment.sealed->info().folder != folder) continue;
      segment.sealed = segment.sealed->WithInfo(entry->info);
      if (segment.resident == nullptr) continue;
      auto resident = std::make_shared<segment::Resident>(*segment.resident);
      resident->fields[job.column] = field;
      segment.resident = std::move(resident);
    }
  });
  core_->Log(LogLevel::kInfo, absl::StrFormat("built the index of field %s for segment %s, %d rows",
                                              info.field, entry->id, entry->info.num_rows));
  return absl::OkStatus();
}

}  // namespace vecdb::engine
