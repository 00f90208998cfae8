#include "engine/loader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/load_run.h"
#include "engine/load_task.h"
#include "engine/missing_index.h"

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

bool SameVectorIndexes(const SegmentInfo& a, const SegmentInfo& b) {
  const auto of_vectors = [](std::vector<SegmentIndexInfo> indexes) {
    std::erase_if(indexes, [](const auto& index) { return index.spec.is_scalar(); });
    return indexes;
  };
  return of_vectors(a.indexes) == of_vectors(b.indexes);
}

absl::Status SegmentDamage(const CollectionCore& core, std::string_view segment_id,
                           const absl::Status& cause) {
  const std::string message =
      base::StrFormat("segment %s of collection %s cannot be read: %s", segment_id, core.name(),
                      std::string(cause.message()));
  core.Log(LogLevel::kError, message);
  return absl::DataLossError(message);
}

absl::Status CheckShard(const CollectionCore& core, int32_t shard) {
  if (shard >= 0 && shard < core.options().num_shards) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat("shards: %d is none, collection %s has 0 to %d",
                                                    shard, core.name(),
                                                    core.options().num_shards - 1));
}

namespace {

// Whether the two differ in indexes at most.
bool SameRows(const SegmentInfo& a, SegmentInfo b) {
  b.indexes = a.indexes;
  return a == b;
}

absl::Status OpenSegment(const CollectionCore& core, const format::ManifestSegment& entry,
                         const EarlierView& before, query::SegmentView* segment,
                         const Context& context) {
  segment->shard = entry.shard;
  const query::SegmentView* known =
      before.view == nullptr ? nullptr : FindSegment(*before.view, entry.info.folder);
  const SegmentInfo* info = known == nullptr ? nullptr : &known->sealed->info();
  if (info != nullptr && SameVectorIndexes(*info, entry.info)) segment->resident = known->resident;
  if (info != nullptr && before.same_rows && SameRows(*info, entry.info)) {
    segment->sealed = *info == entry.info ? known->sealed : known->sealed->WithInfo(entry.info);
    return absl::OkStatus();
  }
  auto opened =
      segment::SealedSegment::Open(core.store(), entry.info, core.host(), nullptr, context);
  if (opened.ok()) {
    segment->sealed = *std::move(opened);
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(opened.status()) && !absl::IsDataLoss(opened.status())) {
    return opened.status();
  }
  segment->resident = nullptr;
  segment->damage = SegmentDamage(core, entry.id, opened.status());
  segment->damaged_info = std::make_shared<const SegmentInfo>(entry.info);
  return absl::OkStatus();
}

}  // namespace

absl::Status OpenSegments(CollectionCore* core, const EarlierView& before, const Context& context) {
  const auto& entries = core->manifest().segments;
  std::vector<query::SegmentView> segments(entries.size());
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      core->host().executor, Priority::kFlush, entries.size(), context, [&](size_t i, size_t) {
        return OpenSegment(*core, entries[i], before, &segments[i], context);
      }));
  core->EditView([&segments](View* view) { view->segments = std::move(segments); });
  return absl::OkStatus();
}

std::vector<size_t> LoadedColumns(const Schema& schema, const View& view,
                                  const LoadOptions& options) {
  std::vector<size_t> columns;
  for (const format::IndexDefinition& index : view.indexes) {
    if (index.spec.is_scalar() || !IsNamed(options.fields, index.field)) continue;
    columns.push_back(*schema.FindField(index.field));
  }
  std::sort(columns.begin(), columns.end());
  return columns;
}

LoadMode ModeOfLessMemory(LoadMode mode) {
  return mode == LoadMode::kRead ? LoadMode::kMapCopies : LoadMode::kMap;
}

absl::StatusOr<std::shared_ptr<const segment::Resident>> LoadColumns(
    const segment::SealedSegment& segment, std::span<const size_t> columns,
    const segment::Resident* before, const segment::LoadHow& how, const Context& context) {
  const Schema& schema = segment.info().schema;
  auto resident = std::make_shared<segment::Resident>();
  resident->fields.resize(schema.fields.size());
  for (const size_t column : columns) {
    const segment::ResidentField known =
        before == nullptr ? segment::ResidentField{} : before->fields[column];
    VECDB_ASSIGN_OR_RETURN(resident->fields[column],
                           segment.LoadField(column, known, context, how));
  }
  VECDB_ASSIGN_OR_RETURN(resident->keys, segment.GetColumn(schema.primary_key_index(), context));
  return resident;
}

absl::StatusOr<std::shared_ptr<const segment::Resident>> LoadSegment(
    const CollectionCore& core, const segment::SealedSegment& segment, const View& view,
    const segment::Resident* before, const Context& context) {
  const std::vector<size_t> columns = LoadedColumns(segment.info().schema, view, view.load);
  for (LoadMode mode = view.load.mode;; mode = ModeOfLessMemory(mode)) {
    auto resident = LoadColumns(segment, columns, before, {.mode = mode}, context);
    if (!absl::IsResourceExhausted(resident.status()) || !core.environment().map_when_full ||
        mode == LoadMode::kMap) {
      return resident;
    }
  }
}

namespace {

void LoadAllWaiting(CollectionCore* core, const BuiltField& built) {
  const std::shared_ptr<const View> view = core->Read().view;
  for (const query::SegmentView& segment : view->segments) {
    if (segment.sealed == nullptr || segment.reads_sealed()) continue;
    if (!view->loaded || !view->LoadsShard(segment.shard)) continue;
    const bool has_interim = segment.growing->interim_bytes() > 0;
    if (has_interim && !HasVectorIndexes(*segment.sealed, *view)) continue;
    const std::string& folder = segment.sealed->info().folder;
    segment::Resident before;
    before.fields.resize(core->schema()->fields.size());
    if (built.folder == folder) before.fields[built.column] = *built.field;
    auto resident = LoadSegment(*core, *segment.sealed, *view, &before, {});
    if (!resident.ok()) {
      core->Log(LogLevel::kWarning,
                base::StrFormat("segment %s is not loaded, its growing rows are kept: %s", folder,
                                std::string(resident.status().message())));
      continue;
    }
    core->EditView([&folder, &resident](View* changed) {
      for (query::SegmentView& one : changed->segments) {
        if (one.sealed == nullptr || one.sealed->info().folder != folder) continue;
        one.resident = *resident;
        one.growing = nullptr;
      }
    });
  }
}

}  // namespace

void LoadWaiting(CollectionCore* core, const BuiltField& built) {
  base::OrOutOfMemory([&] { LoadAllWaiting(core, built); }).IgnoreError();
}

absl::Status LoadAll(CollectionCore* core, const LoadOptions& options, const Context& context) {
  LoadTask task(options, *core->host().clock, core->environment().budget);
  const absl::Status status = FinishLoad(core, &task, context);
  if (!status.ok()) DropLoaded(*core, &task.loaded());
  return status;
}

namespace {

void DropInterims(const segment::GrowingSegment& growing) {
  for (size_t column = 0; column < growing.schema().fields.size(); ++column) {
    growing.DropInterim(column);
  }
}

}  // namespace

void ReleaseAll(CollectionCore* core) {
  core->EditView([](View* view) {
    view->loaded = false;
    view->load = {};
    for (query::SegmentView& segment : view->segments) {
      if (segment.growing != nullptr) DropInterims(*segment.growing);
      if (segment.sealed == nullptr) continue;
      segment.resident = nullptr;
      segment.load_damage = absl::OkStatus();
      segment.growing = nullptr;
      segment.sealed->DropColumns();
    }
  });
}

}  // namespace vecdb::engine
