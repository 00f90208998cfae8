#ifndef VECDB_ENGINE_LOADER_H_
#define VECDB_ENGINE_LOADER_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// The segment of a view, or the entry of a manifest, whose objects lie in `folder`; nullptr when
/// there is none.
const query::SegmentView* FindSegment(const View& view, std::string_view folder);
const format::ManifestSegment* FindEntry(const format::Manifest& manifest, std::string_view folder);

/// Opens every segment of the manifest and shows them to readers, unloaded. One whose files are
/// damaged or gone is shown as damaged, and told to the log. For a collection that nobody uses yet;
/// what `before`, an earlier view of it or null, has in memory is shared.
absl::Status OpenSegments(CollectionCore* core, const View* before, const Context& context);

/// Reads what searches of the indexed vector fields of `view` need from one segment; fields that
/// `before` has are shared, not read again. `before` may be null.
absl::StatusOr<std::shared_ptr<const segment::Resident>> LoadSegment(
    const segment::SealedSegment& segment, const View& view, const segment::Resident* before,
    const Context& context);

/// Loads every sealed segment, all or none, under the maintenance gate. One that turns out to be
/// damaged is told to the log, and searches of it are DataLoss.
absl::Status LoadAll(CollectionCore* core, const Context& context);

/// Gives everything that was loaded back, under the maintenance gate.
void ReleaseAll(CollectionCore* core);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOADER_H_
