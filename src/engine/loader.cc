#include "engine/loader.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "engine/load_estimate.h"

namespace vecdb::engine {

const query::SegmentView* FindSegment(const View& view, std::string_view folder) {
  for (const query::SegmentView& segment : view.segments) {
    if (segment.sealed != nullptr && segment.sealed->info().folder == folder) return &segment;
  }
  return nullptr;
}

const format::ManifestSegment* FindEntry(const format::Manifest& manifest,
                                         std::string_view folder) {
  for (const format::ManifestSegment& entry : manifest.segments) {
    if (entry.info.folder == folder) return &entry;
  }
  return nullptr;
}

namespace {

// Whether what is in memory for searches under one info serves under the other.
bool SameVectorIndexes(const SegmentInfo& a, const SegmentInfo& b) {
  const auto of_vectors = [](std::vector<SegmentIndexInfo> indexes) {
    std::erase_if(indexes, [](const auto& index) { return index.spec.is_scalar(); });
    return indexes;
  };
  return of_vectors(a.indexes) == of_vectors(b.indexes);
}

// A segment whose files are damaged or gone; the others serve.
absl::Status Damaged(const CollectionCore& core, std::string_view segment_id,
                     const absl::Status& cause) {
  const std::string message =
      absl::StrFormat("segment %s of collection %s cannot be read: %s", segment_id, core.name(),
                      std::string(cause.message()));
  core.Log(LogLevel::kError, message);
  return absl::DataLossError(message);
}

}  // namespace

absl::Status OpenSegments(CollectionCore* core, const View* before, const Context& context) {
  const auto& entries = core->manifest().segments;
  std::vector<query::SegmentView> segments(entries.size());
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      core->host().executor, Priority::kFlush, entries.size(), context,
      [&](size_t i, size_t) -> absl::Status {
        auto opened = segment::SealedSegment::Open(core->store(), entries[i].info, core->host(),
                                                   nullptr, context);
        segments[i].shard = entries[i].shard;
        if (opened.ok()) {
          segments[i].sealed = *std::move(opened);
          const query::SegmentView* same =
              before == nullptr ? nullptr : FindSegment(*before, entries[i].info.folder);
          if (same != nullptr && SameVectorIndexes(same->sealed->info(), entries[i].info)) {
            segments[i].resident = same->resident;
          }
          return absl::OkStatus();
        }
        if (!absl::IsNotFound(opened.status()) && !absl::IsDataLoss(opened.status())) {
          return opened.status();
        }
        segments[i].damage = Damaged(*core, entries[i].id, opened.status());
        segments[i].damaged_info = std::make_shared<const SegmentInfo>(entries[i].info);
        return absl::OkStatus();
      }));
  core->EditView([&segments](View* view) { view->segments = std::move(segments); });
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const segment::Resident>> LoadSegment(
    const segment::SealedSegment& segment, const View& view, const segment::Resident* before,
    const Context& context) {
  const Schema& schema = segment.info().schema;
  auto resident = std::make_shared<segment::Resident>();
  resident->fields.resize(schema.fields.size());
  for (const format::IndexDefinition& index : view.indexes) {
    if (index.spec.is_scalar()) continue;
    const size_t column = *schema.FindField(index.field);
    const segment::ResidentField known =
        before == nullptr ? segment::ResidentField{} : before->fields[column];
    VECDB_ASSIGN_OR_RETURN(resident->fields[column], segment.LoadField(column, known, context));
  }
  VECDB_ASSIGN_OR_RETURN(resident->keys, segment.GetColumn(schema.primary_key_index(), context));
  return resident;
}

absl::Status LoadAll(CollectionCore* core, const Context& context) {
  const std::shared_ptr<const View> view = core->Read().view;
  if (!format::HasVectorIndex(view->indexes)) {
    return absl::FailedPreconditionError(
        absl::StrFormat("collection %s: no vector field has an index; call CreateIndex first "
                        "(FLAT is one)",
                        core->name()));
  }
  VECDB_RETURN_IF_ERROR(CheckFits(*core, EstimateLoad(*core, *view)));
  core->SetUsed();
  std::vector<query::SegmentView> segments;
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed != nullptr) segments.push_back(segment);
  }
  const absl::Status status = base::ParallelFor(
      core->host().executor, Priority::kFlush, segments.size(), context,
      [&](size_t i, size_t) -> absl::Status {
        auto loaded = LoadSegment(*segments[i].sealed, *view, segments[i].resident.get(), context);
        if (!loaded.ok() && !absl::IsDataLoss(loaded.status())) return loaded.status();
        segments[i].load_damage = absl::OkStatus();
        if (loaded.ok()) {
          segments[i].resident = *std::move(loaded);
        } else {
          segments[i].load_damage =
              Damaged(*core, segments[i].sealed->info().folder, loaded.status());
        }
        return absl::OkStatus();
      });
  if (!status.ok()) {
    // The keys of segments that did load are kept by those; they are not to count either.
    if (!view->loaded) {
      for (const query::SegmentView& segment : segments) segment.sealed->DropColumns();
    }
    return status;
  }
  core->EditView([&segments](View* changed) {
    changed->loaded = true;
    for (query::SegmentView& segment : changed->segments) {
      for (const query::SegmentView& loaded : segments) {
        if (segment.sealed != loaded.sealed || segment.sealed == nullptr) continue;
        segment.resident = loaded.resident;
        segment.load_damage = loaded.load_damage;
        segment.growing = nullptr;
      }
    }
  });
  return absl::OkStatus();
}

void ReleaseAll(CollectionCore* core) {
  core->EditView([](View* view) {
    view->loaded = false;
    for (query::SegmentView& segment : view->segments) {
      if (segment.sealed == nullptr) continue;
      segment.resident = nullptr;
      segment.load_damage = absl::OkStatus();
      segment.growing = nullptr;
      segment.sealed->DropColumns();
    }
  });
}

}  // namespace vecdb::engine
