#include "engine/flush.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/interim_indexes.h"
#include "engine/loader.h"
#include "segment/segment_writer.h"

namespace vecdb::engine {
namespace {

// A segment that enters the manifest with this flush.
struct NewSegment {
  query::SegmentView view;
  format::ManifestSegment entry;
};

absl::StatusOr<std::vector<NewSegment>> WriteGrowing(const CollectionCore& core, const View& view,
                                                     const Context& context) {
  std::vector<NewSegment> fresh;
  for (const query::SegmentView& segment : view.segments) {
    if (segment.growing == nullptr || segment.sealed != nullptr) continue;
    if (segment.growing->num_rows() == 0) continue;
    fresh.push_back({.view = segment, .entry = {.shard = segment.shard}});
  }
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      core.host().executor, Priority::kFlush, fresh.size(), context,
      [&](size_t i, size_t) -> absl::Status {
        VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, core.NewSegmentFolder(&fresh[i].entry.id));
        const segment::GrowingSegment& rows = *fresh[i].view.growing;
        VECDB_ASSIGN_OR_RETURN(
            fresh[i].entry.info,
            segment::WriteRows(rows, rows.num_rows(), *core.store(), folder, core.host(), context));
        return absl::OkStatus();
      }));
  return fresh;
}

bool IsDamaged(const View& view, std::string_view folder) {
  return std::any_of(view.segments.begin(), view.segments.end(), [&](const auto& segment) {
    return segment.damaged_info != nullptr && segment.damaged_info->folder == folder;
  });
}

// Writes the deletes of every segment of the manifest and of the new ones.
absl::Status WriteAllDeletes(const CollectionCore& core, const View& view, uint64_t as_of,
                             const Context& context, format::Manifest* manifest,
                             std::vector<NewSegment>* fresh) {
  if (base::Sabotaged(14)) as_of = core.Read().as_of - 1;
  for (format::ManifestSegment& entry : manifest->segments) {
    const query::SegmentView* segment = FindSegment(view, entry.info.folder);
    if (segment == nullptr && IsDamaged(view, entry.info.folder)) continue;
    if (segment == nullptr)
      return absl::InternalError("a segment of the manifest is not in the view");
    VECDB_ASSIGN_OR_RETURN(entry.info, segment::WriteDeletes(entry.info, *segment->deletes(), as_of,
                                                             *core.store(), context));
  }
  for (NewSegment& segment : *fresh) {
    VECDB_ASSIGN_OR_RETURN(segment.entry.info,
                           segment::WriteDeletes(segment.entry.info, *segment.view.deletes(), as_of,
                                                 *core.store(), context));
  }
  return absl::OkStatus();
}

// Opens a committed segment for readers. When its rows cannot be loaded now, the growing ones go on
// serving.
absl::StatusOr<query::SegmentView> OpenCommitted(const CollectionCore& core, const View& view,
                                                 const NewSegment& fresh, const Context& context) {
  query::SegmentView opened = fresh.view;
  VECDB_ASSIGN_OR_RETURN(opened.sealed,
                         segment::SealedSegment::Open(core.store(), fresh.entry.info, core.host(),
                                                      fresh.view.growing->deletes(), context));
  if (view.loaded && view.LoadsShard(opened.shard)) {
    if (ServesUntilBuilt(core, view, opened)) return opened;
    auto resident = LoadSegment(core, *opened.sealed, view, nullptr, context);
    if (!resident.ok()) {
      core.Log(
          LogLevel::kWarning,
          base::StrFormat("segment %s was flushed but not loaded, its growing rows are kept: %s",
                          fresh.entry.id, std::string(resident.status().message())));
      return opened;
    }
    opened.resident = *std::move(resident);
  }
  opened.growing = nullptr;
  return opened;
}

void ShowCommitted(CollectionCore* core, const format::Manifest& manifest,
                   const std::vector<NewSegment>& fresh,
                   const std::vector<query::SegmentView>& opened) {
  core->EditView([&](View* view) {
    std::vector<query::SegmentView> segments;
    for (query::SegmentView& segment : view->segments) {
      for (size_t i = 0; i < fresh.size(); ++i) {
        if (segment.growing != nullptr && segment.growing == fresh[i].view.growing)
          segment = opened[i];
      }
      if (segment.sealed != nullptr) {
        const format::ManifestSegment* entry = FindEntry(manifest, segment.sealed->info().folder);
        if (entry != nullptr) segment.sealed = segment.sealed->WithInfo(entry->info);
      }
      segments.push_back(std::move(segment));
    }
    view->segments = std::move(segments);
  });
}

// What the manifest says of the journal once everything up to `watermark` is in segments.
format::JournalState JournalAfter(const CollectionCore& core, uint64_t watermark, bool end) {
  const std::shared_ptr<journal::Journal> log = core.journal();
  if (end) return {};
  if (log == nullptr) return core.manifest().journal;  // none, or one that is being replayed
  return {.id = log->log_id(),
          .first_file = log->FirstNeeded(watermark),
          .last_file = log->last_number()};
}

absl::Status OpenAndShow(CollectionCore* core, const View& view,
                         const std::vector<NewSegment>& fresh) {
  std::vector<query::SegmentView> opened;
  for (const NewSegment& segment : fresh) {
    VECDB_ASSIGN_OR_RETURN(opened.emplace_back(), OpenCommitted(*core, view, segment, {}));
  }
  ShowCommitted(core, core->manifest(), fresh, opened);
  return absl::OkStatus();
}

// Committed: from here on only the readers' view is left to follow, deadline or not.
absl::Status Show(CollectionCore* core, const View& view, const std::vector<NewSegment>& fresh) {
  const absl::Status shown = base::TryForMemory([&] { return OpenAndShow(core, view, fresh); });
  // The manifest has the rows, the view does not know it: a further flush would write them twice.
  if (!shown.ok()) core->RefuseWrites(shown);
  return shown;
}

// What a committed manifest does not need may go, and nothing else. What is left behind for want of
// memory goes another time.
void TrimJournal(CollectionCore* core, bool end_journal) {
  const std::shared_ptr<journal::Journal> log = core->journal();
  if (log == nullptr) return;
  if (end_journal)
    core->SetJournal(nullptr);  // no manifest names it: nothing is to be written there
  base::OrOutOfMemory([&] {
    if (end_journal) {
      log->DeleteAll();
    } else {
      log->DeleteBelow(core->manifest().journal.first_file);
    }
  }).IgnoreError();
}

// What is in `after` and not in `before`, of a segment whose deletes are all that may change.
uint64_t NewDeleteBytes(const format::Manifest& before, const format::ManifestSegment& after) {
  const auto& deletes = after.info.deletes;
  const format::ManifestSegment* old = FindEntry(before, after.info.folder);
  const bool is_old = old != nullptr && old->info.deletes == deletes;
  return is_old || !deletes.has_value() ? 0 : deletes->size_bytes;
}

void DescribeFlush(const format::Manifest& before, const format::Manifest& after,
                   const std::vector<NewSegment>& fresh, FlushEvent* event) {
  for (const format::ManifestSegment& segment : after.segments) {
    event->num_bytes += NewDeleteBytes(before, segment);
  }
  for (const NewSegment& segment : fresh) {
    const SegmentInfo& info = segment.entry.info;
    event->segments.push_back(segment.entry.id);
    event->num_rows += info.num_rows;
    // Its deletes have been counted.
    event->num_bytes += info.size_bytes() - (info.deletes ? info.deletes->size_bytes : 0);
  }
}

absl::Status FlushSealed(CollectionCore* core, const Writer::Sealed& sealed, bool end_journal,
                         const Context& context, FlushEvent* event) {
  const View& view = *sealed.snapshot.view;
  const uint64_t as_of = sealed.snapshot.as_of;
  format::Manifest manifest = core->manifest();
  VECDB_ASSIGN_OR_RETURN(std::vector<NewSegment> fresh, WriteGrowing(*core, view, context));
  VECDB_RETURN_IF_ERROR(WriteAllDeletes(*core, view, as_of, context, &manifest, &fresh));
  for (const NewSegment& segment : fresh) manifest.segments.push_back(segment.entry);
  const format::Manifest& before = core->manifest();
  manifest.journal = JournalAfter(*core, as_of, end_journal);
  if (!base::Sabotaged(16)) manifest.host_sequence = sealed.host_sequence;
  if (manifest == before) return absl::OkStatus();
  FlushEvent done = *event;
  DescribeFlush(before, manifest, fresh, &done);
  manifest.flushed_timestamp = as_of;
  if (base::Sabotaged(2) && core->journal() != nullptr)
    core->journal()->DeleteBelow(manifest.journal.first_file);
  VECDB_RETURN_IF_ERROR(core->Commit(std::move(manifest), context));
  *event = std::move(done);
  TrimJournal(core, end_journal);
  LoadWaiting(core);  // of earlier flushes
  VECDB_RETURN_IF_ERROR(Show(core, view, fresh));
  base::OrOutOfMemory([&] {
    core->Log(LogLevel::kInfo,
              base::StrFormat("flushed %d rows in %d segments, manifest version %d",
                              event->num_rows, fresh.size(), core->manifest_version()));
  }).IgnoreError();
  return absl::OkStatus();
}

absl::Status FlushOnce(CollectionCore* core, Writer* writer, bool end_journal,
                       const Context& context, SealEvent* seal, FlushEvent* event) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
  VECDB_RETURN_IF_ERROR(core->WriteError());
  const CollectionCore::Job job(core);
  VECDB_ASSIGN_OR_RETURN(const Writer::Sealed sealed, writer->Seal(context));
  seal->num_segments = sealed.num_segments;
  seal->num_rows = sealed.num_rows;
  seal->num_bytes = sealed.num_bytes;
  return FlushSealed(core, sealed, end_journal, context, event);
}

// What was sealed is told once the gates are left.
absl::Status FlushWatched(CollectionCore* core, Writer* writer, bool end_journal,
                          const Context& context) {
  return core->events().Watch(FlushEvent{.collection = core->name()}, [&](FlushEvent* event) {
    SealEvent seal{.collection = event->collection};
    absl::Status status = FlushOnce(core, writer, end_journal, context, &seal, event);
    if (seal.num_segments > 0) core->events().Sealed(seal);
    return status;
  });
}

}  // namespace

absl::Status Flush(CollectionCore* core, Writer* writer, const Context& context) {
  return FlushWatched(core, writer, /*end_journal=*/false, context);
}

absl::Status FlushAndEndJournal(CollectionCore* core, Writer* writer, const Context& context) {
  return FlushWatched(core, writer, /*end_journal=*/true, context);
}

}  // namespace vecdb::engine
