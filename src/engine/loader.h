#ifndef VECDB_ENGINE_LOADER_H_
#define VECDB_ENGINE_LOADER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"
#include "vecdb/load.h"

namespace vecdb::engine {

/// The segment of a view, or the entry of a manifest, whose objects lie in `folder`; nullptr when
/// there is none.
const query::SegmentView* FindSegment(const View& view, std::string_view folder);
const format::ManifestSegment* FindEntry(const format::Manifest& manifest, std::string_view folder);

/// What an earlier state of a collection has in memory.
struct EarlierView {
  const View* view = nullptr;
  bool same_rows = false;  ///< the rows of its segments, with their deletes, serve as they are
};

/// Opens every segment of the manifest and shows them to readers, unloaded. One whose files are
/// damaged or gone is shown as damaged, and told to the log. For a collection that nobody uses yet;
/// what `before` has in memory is shared.
absl::Status OpenSegments(CollectionCore* core, const EarlierView& before, const Context& context);

/// Whether what is in memory for searches under one info serves under the other.
bool SameVectorIndexes(const SegmentInfo& a, const SegmentInfo& b);

/// Tells the log of a segment whose files are damaged or gone; the others serve. DataLoss.
absl::Status SegmentDamage(const CollectionCore& core, std::string_view segment_id,
                           const absl::Status& cause);

/// InvalidArgument, naming shard and limit, for one that the collection has not.
absl::Status CheckShard(const CollectionCore& core, int32_t shard);

/// The vector fields that a load with these options reads: those with an index.
std::vector<size_t> LoadedColumns(const Schema& schema, const View& view,
                                  const LoadOptions& options);

/// How to load what there is no memory for with `mode`; what it is for kMap already.
LoadMode ModeOfLessMemory(LoadMode mode);

/// Reads what searches of `columns` need from one segment; fields that `before` has are shared, not
/// read again. `before` may be null.
absl::StatusOr<std::shared_ptr<const segment::Resident>> LoadColumns(
    const segment::SealedSegment& segment, std::span<const size_t> columns,
    const segment::Resident* before, const segment::LoadHow& how, const Context& context);

/// The same for what is loaded of the other segments of `view`. Where there is no
/// memory for it more is mapped, where the options of the database say so.
absl::StatusOr<std::shared_ptr<const segment::Resident>> LoadSegment(
    const CollectionCore& core, const segment::SealedSegment& segment, const View& view,
    const segment::Resident* before, const Context& context);

/// What is in memory already of a segment that is to be loaded.
struct BuiltField {
  std::string_view folder{};
  size_t column = 0;
  const segment::ResidentField* field = nullptr;
};

/// Loads the segments of a loaded collection whose growing rows are searched still, under the
/// maintenance gate: those that there was no memory for when they were flushed, and those that
/// have interim indexes once all of their own are built. What cannot be loaded goes on as it is.
void LoadWaiting(CollectionCore* core, const BuiltField& built = {});

/// Loads what `options` ask for, all or nothing, under the maintenance gate. See FinishLoad.
absl::Status LoadAll(CollectionCore* core, const LoadOptions& options, const Context& context);

/// Gives everything that was loaded back, under the maintenance gate.
void ReleaseAll(CollectionCore* core);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOADER_H_
