#include "engine/ingest.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/large_buffer.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/flush.h"
#include "engine/loader.h"
#include "engine/missing_index.h"
#include "engine/segment_objects.h"
#include "schema/key.h"
#include "segment/segment_writer.h"
#include "store/copy_object.h"

namespace vecdb::engine {
namespace {

// What the first schema has and the second has not.
std::string FirstDifference(const Schema& schema, const Schema& other) {
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (i < other.fields.size() && schema.fields[i] == other.fields[i]) continue;
    return base::StrFormat("field %d \"%s\" of type %s", i, schema.fields[i].name,
                           DataTypeName(schema.fields[i].type));
  }
  return base::StrFormat("%d fields and %s dynamic ones", schema.fields.size(),
                         schema.enable_dynamic_field ? "may have" : "no");
}

absl::Status CheckSource(const CollectionCore& core, const SegmentInfo& info) {
  if (info.schema != *core.schema()) {
    return absl::InvalidArgumentError(
        base::StrFormat("segment %s: another schema than that of collection %s, which has %s",
                        info.folder, core.name(), FirstDifference(*core.schema(), info.schema)));
  }
  if (info.num_rows == 0) {
    return absl::InvalidArgumentError(base::StrFormat("segment %s: has no rows", info.folder));
  }
  if (info.num_deletes == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("segment %s: %d rows are deleted; MergeSegments writes it without them",
                      info.folder, info.num_deletes));
}

// A segment on its way into a collection.
class Ingestion {
 public:
  Ingestion(CollectionCore* core, Writer* writer) : core_(core), writer_(writer), job_(core) {}

  absl::StatusOr<WriteResult> Run(ObjectStore& source, const SegmentInfo& info,
                                  const Context& context);

 private:
  absl::StatusOr<WriteResult> Take(ObjectStore& source, const SegmentInfo& info,
                                   const Context& context);
  absl::Status Copy(ObjectStore& source, const SegmentInfo& info, const Context& context);
  absl::Status CheckOwnKeys(const Context& context);
  absl::Status CheckKeysAreNew(const View& view, uint64_t as_of, const Context& context) const;
  View SegmentsSince(const View& before, const View& now) const;
  absl::StatusOr<WriteResult> Commit(const Context& context);
  absl::Status CommitAt(uint64_t timestamp, const View& checked, const Context& context);

  CollectionCore* const core_;
  Writer* const writer_;
  const CollectionCore::Job job_;
  format::ManifestSegment entry_{};
  std::shared_ptr<segment::SealedSegment> segment_{};
  std::shared_ptr<const segment::Resident> resident_{};
  bool may_be_committed_ = false;
};

absl::StatusOr<WriteResult> Ingestion::Run(ObjectStore& source, const SegmentInfo& info,
                                           const Context& context) {
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  VECDB_RETURN_IF_ERROR(CheckSource(*core_, info));
  auto result = Take(source, info, context);
  if (!result.ok() && !may_be_committed_) RemoveObjectsBelow(*core_->store(), entry_.info.folder);
  return result;
}

absl::StatusOr<WriteResult> Ingestion::Take(ObjectStore& source, const SegmentInfo& info,
                                            const Context& context) {
  VECDB_RETURN_IF_ERROR(Copy(source, info, context));
  VECDB_RETURN_IF_ERROR(CheckOwnKeys(context));
  return Commit(context);
}

absl::Status Ingestion::Copy(ObjectStore& source, const SegmentInfo& info, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath from, ObjectPath::Parse(info.folder));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath to, core_->NewSegmentFolder(&entry_.id));
  entry_.info = info;
  entry_.info.folder = to.str();
  KeepWantedIndexes(*core_->Read().view, &entry_.info);
  VECDB_ASSIGN_OR_RETURN(
      auto buffer, base::LargeBuffer::Make(store::kCopyBytes, core_->host(), "copying a segment",
                                           MemoryUse::kBuilds));
  const auto copy = [&](const ObjectRef& object) -> absl::Status {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, from.Join(object.name));
    VECDB_ASSIGN_OR_RETURN(const ObjectPath new_path, to.Join(object.name));
    return store::CopyObject(source, path, *core_->store(), new_path, buffer.bytes(), context);
  };
  for (const ObjectRef& object : entry_.info.objects) VECDB_RETURN_IF_ERROR(copy(object));
  for (const SegmentIndexInfo& index : entry_.info.indexes) {
    VECDB_RETURN_IF_ERROR(copy(index.object));
  }
  VECDB_ASSIGN_OR_RETURN(segment_, segment::SealedSegment::Open(core_->store(), entry_.info,
                                                                core_->host(), nullptr, context));
  VECDB_RETURN_IF_ERROR(segment_->Verify(context));
  return segment::WriteSegmentJson(entry_.info, *core_->store(), context);
}

absl::Status Ingestion::CheckOwnKeys(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto order, segment_->GetKeyOrder(context));
  const schema::KeyColumn keys(order.keys->column);
  const int32_t num_shards = core_->options().num_shards;
  entry_.shard = keys[0].Shard(num_shards);
  for (size_t i = 0; i < order.rows->size(); ++i) {
    if (i % 4096 == 0) VECDB_RETURN_IF_ERROR(context.Check());
    const schema::Key key = keys[(*order.rows)[i]];
    if (i > 0 && key == keys[(*order.rows)[i - 1]]) {
      return absl::InvalidArgumentError(
          base::StrFormat("segment %s: key %s comes twice", entry_.info.folder, key.ToString()));
    }
    if (const int32_t shard = key.Shard(num_shards); shard != entry_.shard) {
      return absl::InvalidArgumentError(
          base::StrFormat("the segment has keys of several shards: %s of shard %d, %s of shard "
                          "%d; build one for each, see Collection::ShardsOf",
                          keys[0].ToString(), entry_.shard, key.ToString(), shard));
    }
  }
  return absl::OkStatus();
}

absl::Status Ingestion::CheckKeysAreNew(const View& view, uint64_t as_of,
                                        const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto order, segment_->GetKeyOrder(context));
  const schema::KeyColumn keys(order.keys->column);
  VECDB_ASSIGN_OR_RETURN(const KeyPlaces places, FindLiveRows(*core_, view, as_of, keys, context));
  const auto found = std::find_if(places.begin(), places.end(),
                                  [](const auto& place) { return place.has_value(); });
  if (found == places.end()) return absl::OkStatus();
  const auto row = static_cast<size_t>(found - places.begin());
  return absl::AlreadyExistsError(base::StrFormat(
      "row %d of the segment: key %s is in the collection", row, keys[row].ToString()));
}

// Where a key may be that was in none of the segments of `before`: rows that are growing, and what
// has become of others.
View Ingestion::SegmentsSince(const View& before, const View& now) const {
  View since;
  for (const query::SegmentView& segment : now.segments) {
    const bool is_old = segment.sealed != nullptr && segment.growing == nullptr &&
                        FindSegment(before, segment.sealed->info().folder) != nullptr;
    if (!is_old) since.segments.push_back(segment);
  }
  return since;
}

absl::StatusOr<WriteResult> Ingestion::Commit(const Context& context) {
  const Snapshot before = core_->Read();
  VECDB_RETURN_IF_ERROR(CheckKeysAreNew(*before.view, core_->last_applied(), context));
  VECDB_RETURN_IF_ERROR(Flush(core_, writer_, context));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  const std::shared_ptr<const View> view = core_->Read().view;
  KeepWantedIndexes(*view, &entry_.info);
  segment_ = segment_->WithInfo(entry_.info);
  if (view->loaded && view->LoadsShard(entry_.shard)) {
    VECDB_ASSIGN_OR_RETURN(resident_, LoadSegment(*core_, *segment_, *view, nullptr, context));
  }
  return writer_->WriteAlone(
      entry_.info.num_rows,
      [&](uint64_t timestamp) { return CommitAt(timestamp, *before.view, context); }, context);
}

// Under both gates.
absl::Status Ingestion::CommitAt(uint64_t timestamp, const View& checked, const Context& context) {
  const View since = SegmentsSince(checked, *core_->Read().view);
  VECDB_RETURN_IF_ERROR(CheckKeysAreNew(since, timestamp, context));
  entry_.info.min_timestamp = timestamp;
  entry_.info.max_timestamp = timestamp;
  format::Manifest manifest = core_->manifest();
  manifest.segments.push_back(entry_);
  const absl::Status committed = core_->Commit(std::move(manifest), context);
  may_be_committed_ = committed.ok() || !core_->WriteError().ok();
  VECDB_RETURN_IF_ERROR(committed);
  core_->AddSegment(
      {.shard = entry_.shard, .sealed = segment_->WithInfo(entry_.info), .resident = resident_});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WriteResult> Ingest(CollectionCore* core, Writer* writer, ObjectStore& source,
                                   const SegmentInfo& info, const Context& context) {
  Ingestion ingestion(core, writer);
  VECDB_ASSIGN_OR_RETURN(WriteResult result, ingestion.Run(source, info, context));
  core->Log(LogLevel::kInfo, base::StrFormat("took segment %s of %d rows in, manifest version %d",
                                             info.folder, info.num_rows, core->manifest_version()));
  return result;
}

}  // namespace vecdb::engine
